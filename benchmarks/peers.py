"""Our transformer and our decoder against other open ones, in one run: the same tokens, width and depth; the same pixels.

    python benchmarks/peers.py [--size 416x256] [--frames 17] [--runs 3] [--threads N] [--only transformer|decoder]

Speed does not depend on what weights hold, so the peers are built with random ones: diffusers' LTX and Wan transformers at the width, depth
and heads of our shipped one, fed one token a latent cell; diffusers' LTX and Wan autoencoders as published; a decoder after TAEHV's widths
(taehv_like.py). Needs `pip install 'misora[peers]'`. Seconds are processor time, so that one thread on a busy machine is measured fairly.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from machine import facts, markdown, spread
from standins import weights_folder
from taehv_like import TaehvLikeDecoder
from torch import Tensor, nn

from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, parse_size
from misora.pipelines.native import NativePipeline, draw_noise, load_pipeline

TEXT_TOKENS = 34
FPS = 24.0
ENOUGH_SECONDS = 60.0
"""A contender that took this long is not run again."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something to time; ``parts`` are the networks whose parameters count."""

    name: str
    network: nn.Module
    run: Callable[[], object]


def processor_seconds(work: Callable[[], object], runs: int) -> list[float]:
    """Processor seconds of each of up to ``runs`` calls, after one that is not counted unless it alone takes ``ENOUGH_SECONDS``."""
    taken: list[float] = []
    for _ in range(runs + 1):
        started = time.process_time()
        with torch.inference_mode():
            work()
        taken.append(time.process_time() - started)
        if sum(taken) > ENOUGH_SECONDS:
            break
    return taken[1:] or taken


def transformers(pipeline: NativePipeline, shape: VideoShape) -> Iterator[Contender]:
    """One evaluation of each on ``shape``, a batch of one."""
    from diffusers import LTXVideoTransformer3DModel, WanTransformer3DModel

    ours, latent, dtype = pipeline.transformer, shape.latent, pipeline.codec.dtype
    config = ours.config
    x = draw_noise(0, config.latent_channels, latent)
    text = torch.randn(1, TEXT_TOKENS, config.text_dim, generator=torch.Generator().manual_seed(0))
    sigma, fps = torch.full((1, latent.num_frames), 0.5), torch.full((1,), FPS)
    yield Contender("ours", ours, lambda: ours(x, sigma, text, None, text[:, 0], fps))
    heads = {"num_attention_heads": config.heads, "attention_head_dim": config.head_dim, "num_layers": config.layers}
    channels = {"in_channels": config.latent_channels, "out_channels": config.latent_channels}
    low_x, low_text, level = x.to(dtype), text.to(dtype), torch.tensor([500.0])
    tokens = low_x.flatten(2).transpose(1, 2)
    ltx = LTXVideoTransformer3DModel(**channels, **heads, cross_attention_dim=config.dim, caption_channels=config.text_dim).to(dtype).eval()
    mask, size = torch.ones(1, TEXT_TOKENS), (latent.num_frames, latent.height, latent.width)
    scale = (8 / FPS, 32, 32)
    yield Contender("LTX (diffusers)", ltx, lambda: ltx(tokens, low_text, level, mask, *size, rope_interpolation_scale=scale))
    # As wide a hidden layer as the LTX transformer has, and as many multiplications as our gated one.
    wan = WanTransformer3DModel(
        (1, 1, 1), **channels, **heads, text_dim=config.text_dim, freq_dim=config.dim, ffn_dim=4 * config.dim, rope_max_seq_len=1024
    )
    wan = wan.to(dtype).eval()
    yield Contender("Wan (diffusers)", wan, lambda: wan(low_x, level, low_text))


def decoders(pipeline: NativePipeline, shape: VideoShape) -> Iterator[Contender]:
    """Latents to all frames of ``shape``; each from latents of its own shape."""
    from diffusers import AutoencoderKLLTXVideo, AutoencoderKLWan

    vae, dtype = pipeline.codec.vae, pipeline.codec.dtype
    generator = torch.Generator().manual_seed(0)

    def latents(channels: int, time_stride: int, space_stride: int) -> Tensor:
        frames = 1 + (shape.num_frames - 1) // time_stride
        return torch.randn(1, channels, frames, shape.height // space_stride, shape.width // space_stride, generator=generator).to(dtype)

    own = latents(vae.config.latent_channels, 8, 32).float()
    yield Contender("ours", vae.decoder, lambda: list(pipeline.codec.decode([own])))
    taehv, small = TaehvLikeDecoder().to(dtype).eval(), latents(16, 4, 8)
    yield Contender("TAEHV-like", taehv, lambda: taehv(small))
    ltx, wide = AutoencoderKLLTXVideo().to(dtype).eval(), latents(128, 8, 32)
    yield Contender("LTX 0.9 (diffusers)", ltx.decoder, lambda: ltx.decode(wide))
    wan, deep = AutoencoderKLWan().to(dtype).eval(), latents(16, 4, 8)
    yield Contender("Wan 2.1 (diffusers)", wan.decoder, lambda: wan.decode(deep))


def rows(contenders: Iterator[Contender], runs: int) -> list[list[str]]:
    """A table whose first contender is ours; the others' ratios say how many times as long they take."""
    table, ours = [["", "parameters", "processor seconds: median (least to most)", "times ours", "N"]], 0.0
    for contender in contenders:
        taken = processor_seconds(contender.run, runs)
        median = statistics.median(taken)
        ours = ours or median
        parameters = sum(parameter.numel() for parameter in contender.network.parameters()) / 1e6
        table.append([contender.name, f"{parameters:,.1f} M", spread(taken, 3), f"{median / ours:.2f}", str(len(taken))])
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="416x256")
    parser.add_argument("--frames", type=int, default=17, help="of the decoders, 1 more than a multiple of 8; transformers see 49")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=load_settings().threads)
    parser.add_argument("--only", choices=("transformer", "decoder"))
    options = parser.parse_args()
    try:
        import diffusers
    except ImportError:
        print("peers.py compares with diffusers, which is not installed: pip install 'misora[peers]'")
        return
    torch.manual_seed(0)
    height, width = parse_size(options.size)
    with tempfile.TemporaryDirectory() as folder:
        weights, kind = weights_folder(Path(folder))
        pipeline = load_pipeline(weights, "cpu", options.threads)
    setting = (
        f"{options.threads} threads, {pipeline.dtype_name}, {kind} weights, diffusers {diffusers.__version__}, torch {torch.__version__}"
    )
    print(f"{facts()}; {setting}; `{' '.join(['python', *sys.argv])}`\n")
    if options.only != "decoder":
        shape = VideoShape(49, height, width, FPS)
        print(f"Transformers, {shape.latent.num_tokens:,} tokens ({options.size}, 2 s), one evaluation:\n")
        print(markdown(rows(transformers(pipeline, shape), options.runs)) + "\n", flush=True)
    if options.only != "transformer":
        shape = VideoShape(options.frames, height, width, FPS)
        print(f"Decoders, {shape.num_frames} frames of {options.size}:\n")
        print(markdown(rows(decoders(pipeline, shape), options.runs)))


if __name__ == "__main__":
    main()

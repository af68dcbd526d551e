"""Rates of the networks as a share of the machine's matrix rate, and the stage's frames a second.

python benchmarks/models.py [--size 832x480] [--runs N] [--threads N]

With one thread, seconds are processor time, which other jobs on the machine hardly change; with more, they are the clock's.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from machine import facts, markdown, seconds_of, spread
from standins import weights_folder

from misora.base.errors import AssetsError
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, parse_size
from misora.models.transformer.config import flops_per_token
from misora.pipelines.native import NativePipeline, draw_noise, load_pipeline
from misora.world.assets import load_atlas, toy_atlas
from misora.world.casting import Casting, sample_scene
from misora.world.render import Renderer

FPS = 24.0


def seconds(work: Callable[[], object], runs: int) -> list[float]:
    """Seconds of ``runs`` calls by the clock that suits the number of threads."""
    return seconds_of(work, runs, time.process_time if torch.get_num_threads() == 1 else time.perf_counter)


def matrix_rate(dtype: torch.dtype, runs: int, side: int = 2048) -> float:
    """GFLOP/s of a square product: what the machine gives at best."""
    a, b = torch.randn(side, side).to(dtype), torch.randn(side, side).to(dtype)
    return 2 * side**3 / min(seconds(lambda: a @ b, max(runs, 5))) / 1e9


def rate_row(what: str, work: Callable[[], object], gflop: float, peak: float, runs: int) -> list[str]:
    taken = seconds(work, runs)
    rate = gflop / statistics.median(taken)
    return [what, spread(taken), f"{gflop:,.0f}", f"{rate:,.0f}", f"{rate / peak:.0%}"]


def network_rows(pipeline: NativePipeline, shape: VideoShape, peak: float, runs: int) -> list[list[str]]:
    """Decoding and one evaluation of the transformer, alone and for guidance, of ``shape``."""
    latent, config = shape.latent, pipeline.transformer.config
    x = draw_noise(0, config.latent_channels, latent)
    pixels = latent.pixel_size[0] * latent.pixel_size[1] * latent.pixel_size[2]
    decode_gflop = pipeline.codec.vae.config.flops_per_pixel()["decoder"] * pixels / 1e9
    forward_gflop = flops_per_token(config, latent.num_tokens) * latent.num_tokens / 1e9
    text = pipeline.text_encoder.encode(["a dog runs along the beach"])

    def forward(batch: int) -> None:
        with torch.no_grad():
            pipeline.transformer(
                x.expand(batch, -1, -1, -1, -1),
                torch.full((batch, latent.num_frames), 0.5),
                text.tokens.expand(batch, -1, -1),
                None,
                text.pooled.expand(batch, -1),
                torch.full((batch,), shape.fps),
            )

    return [
        rate_row("autoencoder, decode", lambda: list(pipeline.codec.decode([x])), decode_gflop, peak, runs),
        rate_row("transformer, one evaluation", lambda: forward(1), forward_gflop, peak, runs),
        rate_row("transformer, guided (batch of 2)", lambda: forward(2), 2 * forward_gflop, peak, runs),
    ]


def render_rate(runs: int) -> str:
    """Frames a second of 16-frame clips of 256 x 256, by which training is fed."""
    try:
        atlas, which = load_atlas(), "the stage's sprites"
    except AssetsError:
        atlas, which = toy_atlas(), "toy sprites"
    renderer, shape, rng = Renderer(atlas), VideoShape(16, 256, 256, 12.0), random.Random(0)
    scenes = [sample_scene(Casting(atlas.ids), rng) for _ in range(8)]
    taken = seconds(lambda: [renderer.render(scene, shape) for scene in scenes], runs)
    rates = [len(scenes) * shape.num_frames / taken_seconds for taken_seconds in taken]
    return f"stage: {spread(rates, 0)} frames of 256x256 a second, {which}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="832x480")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=load_settings().threads)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights, kind = weights_folder(Path(folder))
        pipeline = load_pipeline(weights, "cpu", options.threads)
    peak = matrix_rate(pipeline.codec.dtype, options.runs)
    shape = VideoShape(49, *parse_size(options.size), FPS)
    rows = [[f"2 s at {options.size}", "seconds: median (least to most)", "GFLOP", "GFLOP/s", "share of matrix rate"]]
    rows += network_rows(pipeline, shape, peak, options.runs)
    command = " ".join(["python", *sys.argv])
    print(f"{facts()}; {options.threads} threads, {pipeline.dtype_name}, {kind} weights; N {options.runs}; `{command}`\n")
    print(f"matrix rate: {peak:,.0f} GFLOP/s (2048 x 2048 product, best)\n\n{markdown(rows)}\n\n{render_rate(options.runs)}")


if __name__ == "__main__":
    main()

"""How much better the shipped upsampler is than interpolation: PSNR on held-out scenes, whole and inside players, and its cost.

    python benchmarks/upsampling.py [--clips 16] [--frames 17] [--sheet FILE.png] [--weights FOLDER]

The small side is 416x240, as the shipped autoencoder gives it back ("model"), encoded as H.264 ("file"), or as rendered ("clean"). The
large side is the renderer's at 832x480 with the finer atlas (docs/upsampling.md says how it is built). Differences are paired by clip.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from machine import facts, markdown

from misora.base.canvas import Frames, Mask
from misora.base.sampled_size import sampled_size
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, latent_frames, pixel_frames
from misora.media.contact_sheet import write_contact_sheet
from misora.media.fit import fit_frames
from misora.models.registry import load_upsampler, load_video_vae
from misora.models.upsampler.config import UpsamplerConfig
from misora.models.upsampler.model import Upsampler
from misora.pipelines.grid import grid_of
from misora.pipelines.runtime import choose_dtype
from misora.pipelines.streaming import VideoCodec
from misora.pipelines.upsampling import Enlarger
from misora.training.degrade import through_h264
from misora.training.upsampler_pairs import FPS, PairConfig, load_fine_atlas, twice
from misora.world.assets import load_atlas
from misora.world.casting import Casting, sample_scene
from misora.world.render import Renderer

SMALL = (240, 416)
SIZES = ((480, 832), (720, 1280), (1080, 1920))


@dataclass(frozen=True, slots=True)
class Pair:
    """A clip at both sizes and where its players are in the large one."""

    small: Frames
    large: Frames
    players: Mask


def held_out(count: int, frames: int) -> Iterator[Pair]:
    settings, shape, rng = load_settings(), VideoShape(frames, *SMALL, FPS), random.Random("held-out clips")
    coarse, fine = Renderer(load_atlas(settings.assets)), Renderer(load_fine_atlas(Path(PairConfig().fine)))
    casting = Casting(coarse.atlas.ids, SMALL[1] / SMALL[0], SMALL[0], shape.seconds, held_out=True)
    for _ in range(count):
        scene = sample_scene(casting, rng)
        large = fine.render(scene, twice(shape))
        yield Pair(coarse.render(scene, shape).frames.numpy(), large.frames.numpy(), (large.instance > 0).numpy())


def through_model(codec: VideoCodec, frames: Frames) -> Frames:
    grid = grid_of(VideoShape(len(frames), *SMALL, FPS))
    return grid.crop(np.concatenate(list(codec.decode([codec.encode(grid.pad(frames))]))))


def psnr(made: Frames, truth: Frames, mask: Mask | None = None) -> float:
    error = (made.astype(np.float64) - truth) ** 2
    return float(10 * np.log10(255**2 / (error if mask is None else error[mask]).mean()))


def interval(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.2f} ± {1.96 * statistics.stdev(values) / len(values) ** 0.5:.2f}"


def seconds_a_frame(enlarger: Enlarger, height: int, width: int) -> float:
    """Processor seconds from a picture of the size that is sampled to one of this size, the least of five."""
    picture, taken = np.zeros((1, *(sampled_size(height, width) or SMALL), 3), np.uint8), []
    for _ in range(5):
        started = time.process_time()
        next(enlarger.enlarge([picture], height, width))
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--weights", type=Path, default=load_settings().weights, help="folder of the upsampler")
    options = parser.parse_args()
    if options.frames != pixel_frames(latent_frames(options.frames)):
        parser.error(f"--frames {options.frames} is not 8k + 1; nearest: {pixel_frames(latent_frames(options.frames))}")
    torch.set_num_threads(load_settings().threads)
    dtype = choose_dtype(torch.device("cpu"))
    codec, ours = VideoCodec(load_video_vae(load_settings().weights, dtype)), Enlarger(load_upsampler(options.weights, dtype))
    bicubic = Enlarger(Upsampler(UpsamplerConfig(width=8, blocks=1)).eval())  # untrained, it is exactly that
    ways = {
        "bicubic": bicubic.enlarge,
        "Lanczos": lambda pieces, *size: (fit_frames(piece, *size) for piece in pieces),
        "upsampler": ours.enlarge,
    }
    scores: dict[tuple[str, str, str], list[float]] = {}
    shown: list[Frames] = []
    for pair in held_out(options.clips, options.frames):
        seen = {
            "model": through_model(codec, pair.small),
            "file": through_h264(torch.from_numpy(pair.small), FPS, 23).numpy(),
            "clean": pair.small,
        }
        for source, small in seen.items():
            for way, enlarge in ways.items():
                made = np.concatenate(list(enlarge([small], *pair.large.shape[1:3])))
                scores.setdefault((source, way, "all"), []).append(psnr(made, pair.large))
                if pair.players.any():
                    scores.setdefault((source, way, "players"), []).append(psnr(made, pair.large, pair.players))
                if source == "model" and way != "Lanczos" and len(shown) < 18:
                    shown.append(made)
        if len(shown) % 3 == 2 and len(shown) < 18:
            shown.append(pair.large)
    rows = [["small side", "where", *ways, "upsampler over bicubic", "N"]]
    for source in ("model", "file", "clean"):
        for where in ("all", "players"):
            columns = {way: scores[source, way, where] for way in ways}
            gains = [mine - theirs for mine, theirs in zip(columns["upsampler"], columns["bicubic"], strict=True)]
            rows.append([source, where, *(interval(values) for values in columns.values()), f"**{interval(gains)}**", str(len(gains))])
    print(
        f"{facts()}; `{' '.join(['python', *sys.argv])}`\n\nPSNR in dB, mean ± 95 %, {options.frames} frames a clip\n\n{markdown(rows)}\n"
    )
    costs = [[f"{width}x{height}", f"{seconds_a_frame(ours, height, width):.3f}"] for height, width in SIZES]
    print(markdown([["from its sampled size to", "processor s a frame"], *costs]))
    if options.sheet:
        labels = [("bicubic", "upsampled", "truth")[index % 3] for index in range(len(shown))]
        write_contact_sheet(options.sheet, shown, columns=3, cell_height=320, labels=labels)


if __name__ == "__main__":
    main()

"""How near pictures that raise a frame rate come to those that the stage shows: PSNR against holding and fading, and their cost.

    python benchmarks/frame_rates.py [--clips 16] [--sheet FILE.png] [--weights FOLDER]

Held-out scenes at 416x240 are rendered at the higher rate and every second picture is taken out, once as rendered and once after H.264
("file"). What is compared are the pictures that were taken out, where anything of them moved. Differences are paired by clip.
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
from upsampling import interval, psnr

from misora.base.canvas import Frames, Mask
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape
from misora.media.contact_sheet import write_contact_sheet
from misora.models.interpolator.config import InterpolatorConfig
from misora.models.interpolator.model import Interpolator
from misora.models.registry import load_interpolator
from misora.pipelines.raising import RateRaiser
from misora.pipelines.runtime import choose_dtype
from misora.training.degrade import through_h264
from misora.world.assets import load_atlas
from misora.world.casting import Casting, sample_scene
from misora.world.render import Renderer

SIZE = (240, 416)
RATES = (12.0, 24.0, 30.0)
"""That are doubled."""
PICTURES = 9
"""Of a clip at the lower rate."""
LARGE = ((240, 416), (480, 832))


@dataclass(frozen=True, slots=True)
class Clip:
    """Pictures at twice ``rate``, and where players are in them."""

    rate: float
    frames: Frames
    players: Mask


def held_out(count: int, rate: float) -> Iterator[Clip]:
    """Clips of one rate in which something moves from each picture to the next."""
    renderer, rng = Renderer(load_atlas(load_settings().assets)), random.Random(f"held-out rates/{rate:g}")
    shape = VideoShape(2 * PICTURES - 1, *SIZE, 2 * rate)
    casting = Casting(renderer.atlas.ids, SIZE[1] / SIZE[0], SIZE[0], max(shape.seconds, 1.0), held_out=True)
    found = 0
    while found < count:
        made = renderer.render(sample_scene(casting, rng), shape)
        frames = made.frames.numpy()
        if all((one != other).any() for one, other in zip(frames[::2], frames[2::2], strict=False)):
            found += 1
            yield Clip(rate, frames, (made.instance > 0).numpy())


def ways(model: Interpolator) -> dict[str, RateRaiser | None]:
    """Who makes the pictures between; an untrained interpolator fades, exactly, and None holds."""
    return {"held": None, "faded": RateRaiser(Interpolator(InterpolatorConfig()).eval()), "interpolator": RateRaiser(model)}


def between(raiser: RateRaiser | None, frames: Frames, rate: float) -> Frames:
    """The pictures that are missing of ``frames`` at ``rate`` to twice that."""
    if raiser is None:
        return frames[:-1]
    return np.concatenate(list(raiser.raised([frames], rate, 2 * rate)))[1:-1:2]


def seconds_a_picture(raiser: RateRaiser, height: int, width: int) -> float:
    """Processor seconds for one picture, the least of five."""
    pair, taken = np.zeros((2, height, width, 3), np.uint8), []
    for _ in range(5):
        started = time.process_time()
        raiser.mixed(pair[0], pair[1], 0.5)
        taken.append(time.process_time() - started)
    return min(taken)


def row(source: str, rate: float, where: str, scores: dict[str, list[float]]) -> list[str]:
    """A row of the table."""
    gains = [mine - theirs for mine, theirs in zip(scores["interpolator"], scores["faded"], strict=True)]
    better = statistics.mean(gain > 0 for gain in gains)
    columns = [interval(values) for values in scores.values()]
    return [f"{rate:g} to {2 * rate:g}", source, where, *columns, f"**{interval(gains)}**", f"{better:.0%}", str(len(gains))]


def measured(clips: Sequence[Clip], model: Interpolator) -> tuple[list[list[str]], list[Frames]]:
    """Rows of one rate, and pictures of the first clip."""
    rows, shown = [], []
    for source in ("rendered", "file"):
        scores: dict[str, dict[str, list[float]]] = {"all": {}, "players": {}}
        for clip in clips:
            seen = clip.frames[::2] if source == "rendered" else through_h264(torch.from_numpy(clip.frames[::2]), clip.rate, 23).numpy()
            truth, players = clip.frames[1::2], clip.players[1::2]
            for name, raiser in ways(model).items():
                made = between(raiser, seen, clip.rate)
                scores["all"].setdefault(name, []).append(psnr(made, truth))
                if players.any():
                    scores["players"].setdefault(name, []).append(psnr(made, truth, players))
                if clip is clips[0] and source == "rendered" and name != "held":
                    shown.append(made)
        rows += [row(source, clips[0].rate, where, columns) for where, columns in scores.items()]
    return rows, [*shown, clips[0].frames[1::2]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--weights", type=Path, default=load_settings().weights, help="folder of the interpolator")
    options = parser.parse_args()
    torch.set_num_threads(load_settings().threads)
    model = load_interpolator(options.weights, choose_dtype(torch.device("cpu")))
    rows = [["frames a second", "pictures", "where", "held", "faded", "interpolator", "over fading", "clips that gain", "N"]]
    sheet: list[Frames] = []
    for rate in RATES:
        more, shown = measured(list(held_out(options.clips, rate)), model)
        rows, sheet = rows + more, sheet + shown
    print(f"{facts()}; `{' '.join(['python', *sys.argv])}`\n\nPSNR in dB of the pictures between, mean ± 95 %\n\n{markdown(rows)}\n")
    costs = [[f"{width}x{height}", f"{seconds_a_picture(RateRaiser(model), height, width):.3f}"] for height, width in LARGE]
    print(markdown([["size", "processor s a picture"], *costs]))
    if options.sheet:
        labels = [f"{rate:g} to {2 * rate:g}: {name}" for rate in RATES for name in ("faded", "interpolator", "truth")]
        write_contact_sheet(options.sheet, sheet, columns=4, cell_height=160, labels=labels)


if __name__ == "__main__":
    main()

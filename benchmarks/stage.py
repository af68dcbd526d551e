"""Seconds of processor time to draw, render and caption clips of the stage, both tiers, on one thread.

python benchmarks/stage.py [--clips N]

Rendering uses the built atlas of a tier where there is one, else drawn sprites, which cost the same. Processor time, so
that a busy machine changes little; memory traffic of neighbours still shows.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

import torch
from machine import facts, markdown

from misora.base.errors import AssetsError
from misora.base.shapes import VideoShape
from misora.world.assets import Atlas, atlas_folder, load_atlas, toy_atlas
from misora.world.captions import sample_caption
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.directing import Directing, sample_film
from misora.world.program import Film
from misora.world.render import Renderer
from misora.world.telling import sample_telling

SMALL_CLIP = VideoShape(57, 256, 256, 24.0)
FULL_CLIP = VideoShape(57, 256, 416, 24.0)


def atlas_of(tier: str) -> Atlas:
    try:
        return load_atlas(atlas_folder(tier))
    except AssetsError:
        return toy_atlas(tuple(load_cast(tier)))


def row(what: str, work: Callable[[int], object], clips: int) -> list[str]:
    """Mean and spread of processor milliseconds a clip; the first is not counted."""
    work(0)
    taken = []
    for number in range(1, clips + 1):
        started = time.process_time()
        work(number)
        taken.append(1000 * (time.process_time() - started))
    return [what, str(clips), f"{statistics.mean(taken):.1f}", f"{statistics.median(taken):.1f}", f"{max(taken):.1f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=40)
    clips = parser.parse_args().clips
    torch.set_num_threads(1)
    rng = random.Random(0)
    casting = Casting(tuple(load_cast()), seconds=SMALL_CLIP.seconds)
    directing = Directing(tuple(load_cast("full").values()), aspect=FULL_CLIP.width / FULL_CLIP.height, seconds=FULL_CLIP.seconds)
    scenes = [sample_scene(casting, rng) for _ in range(clips + 1)]
    films: list[Film] = [sample_film(directing, rng) for _ in range(clips + 1)]
    small, full = Renderer(atlas_of("small")), Renderer(atlas_of("full"))
    rows = [
        row("small: render 57 frames of 256x256", lambda number: small.render(scenes[number], SMALL_CLIP), clips),
        row("small: draw a scene and its caption", lambda _: sample_caption(sample_scene(casting, rng), rng), clips),
        row("full: render 57 frames of 416x256", lambda number: full.render_film(films[number], FULL_CLIP), clips),
        row("full: draw a film and its caption", lambda _: sample_telling(sample_film(directing, rng), rng), clips),
    ]
    print(facts())
    print(markdown([["what, one thread", "N", "mean ms", "median ms", "slowest ms"], *rows]))


if __name__ == "__main__":
    main()

"""The small tier never changes: shipped weights and cached latents were made with these scenes, captions and pictures.

``small_tier.json`` holds what the stage gave when the first weights were trained. Scenes and captions are compared
exactly; frames as means over a coarse grid, within one grey level, because processors may round differently. Captions
have changed once: "city bus" and "snow sculpture" are no longer names, since "a bus in the city" was read as a name and no place.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from misora.base.shapes import VideoShape
from misora.world.assets import toy_atlas
from misora.world.captions import canonical_caption, caption
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.program import Scene
from misora.world.render import Renderer

GOLDEN = json.loads(Path(__file__).with_name("small_tier.json").read_text())
CLIPS = 12


def draw(seed: int, count: int, **changes: object) -> list[Scene]:
    casting, rng = Casting(tuple(load_cast()), **changes), random.Random(seed)  # type: ignore[arg-type]
    return [sample_scene(casting, rng) for _ in range(count)]


def digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def captions_of(scenes: list[Scene]) -> list[str]:
    rng = random.Random(11)
    told = [
        caption(scene, rng, language, detail) for scene in scenes for language in ("en", "zh") for detail in ("short", "medium", "full")
    ]
    return [*told, *(canonical_caption(scene, language) for scene in scenes for language in ("en", "zh"))]


def thumbnails() -> list[list[int]]:
    """Grey means of a 4 x 6 grid for the first and last frame of each clip."""
    renderer = Renderer(toy_atlas(tuple(load_cast())))
    shape = VideoShape(9, 96, 144, 8)
    scenes = draw(3, CLIPS, aspect=1.5, seconds=1.2, second_player=0.5)
    clips = [renderer.render(scene, shape).frames[::8].float().mean(-1) for scene in scenes]
    return [F.avg_pool2d(clip.unsqueeze(1), 24).flatten().round().int().tolist() for clip in clips]


PARTS = {
    "scenes": lambda: digest(scene.to_json() for scene in draw(1, 400, second_player=0.4)),
    "held_out": lambda: digest(scene.to_json() for scene in draw(2, 100, held_out=True, height=480, aspect=16 / 9)),
    "captions": lambda: digest(captions_of(draw(1, 120, second_player=0.4))),
}


@pytest.mark.parametrize("part", list(PARTS))
def test_scenes_and_captions_are_the_same(part: str) -> None:
    assert PARTS[part]() == GOLDEN[part]


def test_frames_are_the_same() -> None:
    made, kept = torch.tensor(thumbnails()), torch.tensor(GOLDEN["frames"])
    assert (made - kept).abs().max() <= 1

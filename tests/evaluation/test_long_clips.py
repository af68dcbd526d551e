"""Stretches of long clips: which frames they are, what changes in them, and the story of somebody who leaves and comes back."""

from __future__ import annotations

import numpy as np
import pytest

from misora.base.shapes import VideoShape
from misora.evaluation.long_clips import (
    IN_PLACE,
    STEADY_MEASURES,
    change_at,
    colour_off,
    followed,
    lasting,
    measure_long,
    measure_return,
    returning,
    staying,
    steadiness,
    take_stretches,
)
from misora.evaluation.prompts import held_out_prompts
from misora.world.cast import load_cast
from misora.world.program import Action, Direction
from tiny import tiny_parser, tiny_pipeline

SHAPE = VideoShape(17, 64, 64, 8.0)
PROMPTS = held_out_prompts(60, SHAPE, tuple(load_cast()))


@pytest.mark.parametrize("lengths", [[40], [1, 8, 8, 8, 8, 7], [16, 24]])
def test_stretches_are_those_of_the_whole_clip_however_it_comes(lengths: list[int]) -> None:
    clip = np.arange(40, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    pieces = iter(np.split(clip, np.cumsum(lengths)[:-1]))
    first, last = take_stretches(pieces, [(0, 2), (3, 5)], 8.0)
    assert first[:, 0, 0, 0].tolist() == list(range(16)) and last[:, 0, 0, 0].tolist() == list(range(24, 40))


def test_the_largest_change_is_found_in_either_direction() -> None:
    record = {f"{name}@{moment}": 1.0 for name in STEADY_MEASURES for moment in (2, 20)}
    assert change_at(record, 20.0) == 0
    assert change_at(record | {"contrast@20": 0.7, "flicker@20": 1.2}, 20.0) == pytest.approx(0.3)


def test_blur_and_tint_are_measured(rng: np.random.Generator) -> None:
    noise = rng.integers(60, 190, (8, 32, 32, 3), dtype=np.uint8)
    flat = np.full_like(noise, 128)
    assert steadiness(noise, 8.0)["sharpness"] > 10 > steadiness(flat, 8.0)["sharpness"] == 0
    assert colour_off(flat + 12, flat) == pytest.approx(12)


def test_only_those_who_can_stay_a_minute_are_asked_to() -> None:
    some = staying(PROMPTS, 3)
    assert len(some) == 3 and all(prompt.story.actors[0].action in IN_PLACE for prompt in some)


def test_whoever_is_followed_walks_alone_for_as_long_as_is_asked_in_picture_and_caption() -> None:
    prompt = next(prompt for prompt in PROMPTS if len(prompt.story.actors) == 2 and prompt.language == "en")
    walk = followed(prompt, 20.0)
    assert [(actor.action, actor.direction) for actor in walk.story.actors] == [(Action.WALK, Direction.RIGHT)]
    assert walk.scene.seconds == 20 and (walk.scene.place, walk.scene.seed) == (prompt.scene.place, prompt.scene.seed)
    assert "to the right" in walk.caption and "camera follows" in walk.caption
    assert lasting(SHAPE, 20.0).seconds >= 20


def test_who_leaves_comes_back_from_where_it_went() -> None:
    leaves, enters = returning(PROMPTS[0])
    assert leaves.actors[0].character == enters.actors[0].character == PROMPTS[0].story.actors[0].character
    assert (leaves.actors[0].action, leaves.actors[0].direction) == (Action.LEAVE, Direction.RIGHT)
    assert (enters.actors[0].action, enters.actors[0].direction) == (Action.ENTER, Direction.LEFT)


def test_both_measure_clips_of_many_windows() -> None:
    pipeline, judge, prompt = tiny_pipeline(max_window=4), tiny_parser(), staying(PROMPTS, 1)[0]
    found = measure_long(pipeline, judge, prompt, SHAPE, (3.0, 4.0), "base")
    assert set(found) == {f"{name}@{moment}" for name in (*STEADY_MEASURES, "colour", "right") for moment in (2, 3, 4)}
    assert found["colour@2"] == 0
    back = measure_return(pipeline, judge, prompt, SHAPE, "base")
    assert set(back) == {"same", "as_asked", "gone"} and set(back.values()) <= {0.0, 1.0}

from __future__ import annotations

import random
from collections import Counter

from misora.base.shapes import VideoShape
from misora.evaluation.prompts import all_held_out, held_out_prompts
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.program import CameraMove
from misora.world.tier import SMALL

SHAPE = VideoShape(48, 256, 256, 24.0)
CAST = tuple(load_cast())


def test_prompts_are_what_training_refuses_to_draw() -> None:
    prompts = held_out_prompts(40, SHAPE, CAST)
    assert all(all_held_out(prompt.scene) for prompt in prompts)
    rng = random.Random(0)
    assert not any(all_held_out(sample_scene(Casting(CAST), rng)) for _ in range(400))


def test_the_list_is_the_same_everywhere_and_grows_at_its_end() -> None:
    few, many = held_out_prompts(4, SHAPE, CAST), held_out_prompts(8, SHAPE, CAST)
    assert [prompt.caption for prompt in few] == [prompt.caption for prompt in many[:4]]
    assert len({prompt.caption for prompt in many}) == 8


def test_prompts_alternate_languages_and_cover_actions_and_cameras() -> None:
    prompts = held_out_prompts(120, SHAPE, CAST)
    assert Counter(prompt.language for prompt in prompts) == {"en": 60, "zh": 60}
    assert {prompt.scene.players[0].action for prompt in prompts} == set(SMALL.actions)
    moving = sum(prompt.scene.camera.move is not CameraMove.STATIC for prompt in prompts)
    assert 15 < moving < 45
    assert 15 < sum(len(prompt.scene.players) == 2 for prompt in prompts) < 60

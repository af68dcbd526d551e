"""Every tool as a record: what its plan keeps and makes, what it refuses, and that a recipe's data gives it back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.editing.connect import Connect
from misora.editing.extend import Extend
from misora.editing.fill import Fill
from misora.editing.footage import Footage
from misora.editing.loop import Loop
from misora.editing.plan import Kept, Made, Part, Plan, assemble
from misora.editing.scene import Scene
from misora.editing.tool import Tool, from_data, to_data
from misora.editing.tools import TOOLS

SCENE = Scene("a dog runs", seed=5)
CLIP = Footage(np.broadcast_to(np.arange(48, dtype=np.uint8)[:, None, None, None], (48, 64, 96, 3)), 24.0)
OTHER = Footage(np.full((10, 128, 128, 3), 200, np.uint8), 12.0)


def outline(plan: Plan) -> str:
    """K for kept and M for made, with how many frames."""
    return " ".join(f"{'K' if isinstance(part, Kept) else 'M'}{part.num_frames}" for part in plan.parts)


PLANS = {
    "extend": (Extend(1.0), [CLIP], "K48 M24"),
    "extend backward": (Extend(1.0, backward=True), [CLIP], "M24 K48"),
    "fill": (Fill(0.5, 1.0), [CLIP], "K12 M12 K24"),
    "fill the start": (Fill(0.0, 0.5), [CLIP], "M12 K36"),
    "fill the end": (Fill(1.5, 2.0), [CLIP], "K36 M12"),
    "connect": (Connect(0.5), [CLIP, OTHER], "K48 M12 K20"),
    "loop": (Loop("normal"), [CLIP], "K48 M24"),
    "loop by seconds": (Loop(0.5), [CLIP], "K48 M12"),
}


@pytest.mark.parametrize("case", PLANS)
def test_what_is_kept_and_what_is_made(case: str) -> None:
    tool, clips, expected = PLANS[case]
    plan = tool.compile(clips, SCENE)
    assert outline(plan) == expected
    assert (plan.shape.height, plan.shape.width, plan.shape.fps) == (64, 96, 24.0)
    assert plan.shape.num_frames == sum(part.num_frames for part in plan.parts)


@pytest.mark.parametrize("case", PLANS)
def test_a_tool_survives_the_recipe(case: str) -> None:
    tool = PLANS[case][0]
    assert from_data(json.loads(json.dumps(to_data(tool))), TOOLS) == tool


def test_kept_frames_are_the_clips_own_memory() -> None:
    kept = [part for part in Fill(0.5, 1.0).compile([CLIP], SCENE).parts if isinstance(part, Kept)]
    assert all(np.shares_memory(part.frames, CLIP.frames) for part in kept)


def test_joints_are_where_parts_meet() -> None:
    assert Fill(0.5, 1.0).compile([CLIP], SCENE).joints() == (12, 24)


def test_a_plan_is_assembled_in_order_with_only_the_frames_that_are_new() -> None:
    plan = Fill(0.5, 1.0).compile([CLIP], SCENE)
    (canvas,) = plan.canvases

    def make(asked: object) -> object:
        assert asked is canvas
        yield from np.full((canvas.shape.num_frames, 1, 64, 96, 3), 250, np.uint8)

    frames = np.concatenate(list(assemble(plan, make)))  # type: ignore[arg-type]
    assert np.array_equal(frames[:12], CLIP.frames[:12]) and np.array_equal(frames[24:], CLIP.frames[24:])
    assert len(frames) == 48 and (frames[12:24] != CLIP.frames[12:24]).all()


def test_the_loops_context_is_its_own_two_ends() -> None:
    made: Part = Loop().compile([CLIP], SCENE).parts[1]
    assert isinstance(made, Made)
    before, after = made.canvas.pins
    assert before.frames[-1, 0, 0, 0] == 47 and after.frames[0, 0, 0, 0] == 0


def test_what_had_to_be_fitted_is_said() -> None:
    (note,) = Connect().compile([CLIP, OTHER], SCENE).notes
    assert note == "the second clip became 96x64 at 24, like the first; it was 128x128 at 12"
    slow = Footage(np.zeros((4, 65, 101, 3), np.uint8), 2.0)
    plan = Extend().compile([slow], SCENE)
    assert len(plan.notes) == 2 and (plan.shape.height, plan.shape.width, plan.fps) == (64, 100, 8.0)
    assert plan.parts[0].num_frames == 16


MISTAKES = {
    "zero seconds": (lambda: Extend(0.0), "seconds", "seconds=0 must be above 0 and at most 60; nearest: 1"),
    "too long": (lambda: Connect(61.0), "seconds", "nearest: 60"),
    "not a number": (lambda: Extend(math.nan), "seconds", "seconds=nan must be"),
    "a hole turned round": (lambda: Fill(2.0, 1.0), "end", "end=1 must be after start=2 s"),
    "a hole beyond the end": (lambda: Fill(1.0, 3.0).compile([CLIP], SCENE), "end", "end=3 is outside the clip, 0 to 2 s; nearest: 2"),
    "a hole before the start": (lambda: Fill(-1.0, 1.0).compile([CLIP], SCENE), "start", "start=-1 is outside the clip"),
    "a hole without frames": (lambda: Fill(1.0, 1.001).compile([CLIP], SCENE), "end", "holds no frame; one lasts 0.0417 s"),
    "a hole of everything": (lambda: Fill(0.0, 2.0).compile([CLIP], SCENE), "end", "the hole is the whole clip of 2 s"),
    "unknown length": (lambda: Loop("huge"), "length", "length='huge' is not known; choose one of short, normal, long, or seconds"),
    "no frames": (lambda: Footage(np.zeros((0, 64, 64, 3), np.uint8), 24.0), "clip", "T >= 1"),
    "no rate": (lambda: Footage(CLIP.frames, 0.0), "clip.fps", "fps=0 cannot be played"),
    "unknown tool": (lambda: from_data({"tool": "melt"}, TOOLS), "recipe.edit", "the recipe's tool is 'melt'"),
    "damaged tool": (lambda: from_data({"tool": "extend", "minutes": 1}, TOOLS), "recipe.edit", "the recipe's extend is damaged"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_names_its_field_and_the_nearest_choice(case: str) -> None:
    make, field, says = MISTAKES[case]
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.field == field and says in str(caught.value)


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_is_known_by_its_name(name: str) -> None:
    kind: type[Tool] = TOOLS[name]
    assert kind.name == name and kind.num_clips[0] <= kind.num_clips[1] <= len(kind.roles)

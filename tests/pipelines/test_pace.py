"""Who comes in stops, who goes out waits, and who stands stays: as on the stage."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from misora.base.layout import MOMENTS, X, moments_of
from misora.base.shapes import LatentShape
from misora.models.planner import NUMBERS, from_values
from misora.pipelines.draft import Draft
from misora.pipelines.pace import PACES
from misora.pipelines.windows import Window
from misora.world.physics import player_track
from misora.world.program import Action, Camera, CameraMove, Direction, Place, Player, Scene, Time
from tiny import tiny_planner

FRAMES = 7
PICTURES = np.array([moments_of(number) for number in range(FRAMES)])
TIMES = PICTURES / 24


def way_of(action: Action) -> np.ndarray:
    """How far across the stage a player of ``action`` has gone at each moment of a clip, as shares of the way, (t, 3)."""
    player = Player("dog", action, Direction.RIGHT, size=0.3, x=-0.5, ground=0.1, speed=0.4, phase=0.0)
    scene = Scene(0, Place.BEACH, Time.DAY, 0.5, 0.0, float(TIMES[-1, -1]), (player,), Camera(CameraMove.STATIC, 0.0))
    x = player_track(player, TIMES.flatten(), scene).x.reshape(TIMES.shape)
    gone: np.ndarray = (x - x[0, 0]) / max(x[-1, -1] - x[0, 0], 1e-9)
    return gone


@pytest.mark.parametrize("action", PACES)
def test_whoever_does_something_goes_as_on_the_stage(action: Action) -> None:
    draft = Draft(tiny_planner(), LatentShape(FRAMES, 8, 8), 24.0, False, seed=1)
    here = Window(0, FRAMES, 0, FRAMES)
    draft.cast(here, torch.tensor([1, 2]))
    draft.values[:, :NUMBERS, :, :, -1] = 0
    before = from_values(draft.values).boxes[0]
    draft.pace(here, 1, PACES[action])
    after = from_values(draft.values).boxes[0]
    begin, end = before[0, 1, 0, X], before[-1, 1, -1, X]
    expected = begin + (end - begin) * torch.tensor(way_of(action), dtype=torch.float32)
    torch.testing.assert_close(after[:, 1, :, X], expected, atol=1e-4, rtol=0)
    assert torch.equal(after[:, 0], before[:, 0]) and torch.equal(after[:, 1, :, X + 1 :], before[:, 1, :, X + 1 :])


def test_under_a_camera_that_moves_nobody_is_paced() -> None:
    draft = Draft(tiny_planner(), LatentShape(FRAMES, 8, 8), 24.0, False, seed=1)
    here = Window(0, FRAMES, 0, FRAMES)
    draft.cast(here, torch.tensor([1, 2]))
    assert from_values(draft.values).camera.abs().max() > 0.3, "noise"
    before = draft.values.clone()
    draft.pace(here, 1, PACES[Action.STAND])
    assert torch.equal(draft.values, before)


def test_later_parts_of_a_clip_are_counted_from_their_own_beginning() -> None:
    draft = Draft(tiny_planner(), LatentShape(FRAMES, 8, 8), 24.0, False, seed=1)
    draft.values[:, :NUMBERS, :, :, -1] = 0
    before = from_values(draft.values).boxes[0, ..., X]
    draft.pace(Window(3, FRAMES, 3, FRAMES), 0, PACES[Action.WALK])
    after = from_values(draft.values).boxes[0, ..., X]
    assert torch.equal(after[:3], before[:3]) and after[3, 0, 0] == before[3, 0, 0]
    steps = after[3:, 0].flatten().diff()
    assert len(steps) == MOMENTS * (FRAMES - 3) - 1 and float(steps.sign().unique().numel()) == 1

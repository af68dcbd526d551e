"""Every law has residual zero on its own motion and more on others; steadiness is measured on pictures made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from misora.evaluation.motion import drift, flicker, motion_size, permanence, residual
from misora.models.parser.tracks import Track
from misora.world.physics import ballistic_bounces, jump
from misora.world.program import Action, Camera, CameraMove, Direction, Place, Player, Scene, Time

RATE, FRAMES = 8.0, 24
TIMES = np.arange(FRAMES) / RATE
STILL = np.zeros(FRAMES)


def track(x: np.ndarray | float = 0.0, y: np.ndarray | float = 0.2, seen: np.ndarray | None = None) -> Track:
    def over_time(value: np.ndarray | float) -> torch.Tensor:
        return torch.from_numpy(np.broadcast_to(np.asarray(value, dtype=np.float64), FRAMES).copy())

    seen = np.ones(FRAMES, bool) if seen is None else seen
    return Track(over_time(4), over_time(x), over_time(y), over_time(0.3), over_time(0.2), torch.from_numpy(seen))


def test_a_steady_walk_has_no_residual_and_a_halting_one_has() -> None:
    assert residual(Action.WALK, track(0.2 * TIMES), STILL, RATE) == pytest.approx(0, abs=1e-9)
    assert residual(Action.WALK, track(0.2 * np.floor(TIMES)), STILL, RATE) > 0.1


def test_a_following_camera_does_not_hide_the_walk() -> None:
    halting = 0.4 * np.floor(TIMES)
    moved = np.diff(halting, n=1, prepend=halting[0]) + np.diff(halting, n=1, prepend=halting[0])  # in a quarter second: two frames
    assert residual(Action.RUN, track(0.0), STILL, RATE) == pytest.approx(0, abs=1e-9)
    assert residual(Action.RUN, track(0.0), moved, RATE) > 0.1


def test_jumps_of_the_stage_are_ballistic_and_a_swing_is_not() -> None:
    player = Player("dog", Action.JUMP, Direction.NONE, 0.3, 0.0, 0.2, 1.2, 0.3)
    scene = Scene(0, Place.BEACH, Time.DAY, 0.5, 0.0, 3.0, (player,), Camera(CameraMove.STATIC))
    motion = jump(player, TIMES, scene)
    assert residual(Action.JUMP, track(y=motion.ground + motion.lift), STILL, RATE) < 0.03
    assert residual(Action.JUMP, track(y=0.2 + 0.1 * (TIMES * 1.2 % 1)), STILL, RATE) > 0.05


def test_a_bounce_that_loses_height_fits_and_one_that_gains_does_not() -> None:
    heights = 0.27 * ballistic_bounces(TIMES, 1.0, 8.0)
    assert residual(Action.BOUNCE, track(y=0.1 + heights), STILL, RATE) < 0.02
    assert residual(Action.BOUNCE, track(y=0.1 + heights[::-1]), STILL, RATE) > 0.1


def test_actions_without_a_law_and_players_unseen_have_no_residual() -> None:
    assert math.isnan(residual(Action.SPIN, track(), STILL, RATE))
    assert math.isnan(residual(Action.WALK, track(seen=np.zeros(FRAMES, bool)), STILL, RATE))


def test_permanence_counts_gaps_and_not_entrances() -> None:
    seen = np.zeros(FRAMES, bool)
    seen[8:18] = True
    assert permanence(track(seen=seen)) == 1
    seen[10:15] = False
    assert permanence(track(seen=seen)) == 0.5
    assert math.isnan(permanence(track(seen=np.zeros(FRAMES, bool))))


def clip(levels: np.ndarray) -> np.ndarray:
    return np.broadcast_to(levels[:, None, None, None], (len(levels), 16, 16, 3)).astype(np.uint8)


def test_steadiness_of_pictures() -> None:
    still, fading = clip(np.full(16, 100.0)), clip(np.linspace(100, 175, 16))
    blinking = clip(100 + 10.0 * (np.arange(16) % 2))
    assert (flicker(still), drift(still), motion_size(still, 24)) == (0, 0, 0)
    assert flicker(fading) == 0 and drift(fading) == pytest.approx(60)
    assert flicker(blinking) == pytest.approx(20) and drift(blinking) == 0
    assert motion_size(fading, 24) == pytest.approx(10)


def test_a_passing_player_is_not_flicker() -> None:
    frames = np.full((12, 32, 32, 3), 90, np.uint8)
    for index in range(12):
        frames[index, :8, 2 * index : 2 * index + 8] = 250
    assert flicker(frames) == 0

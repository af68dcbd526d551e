"""Motion follows gravity, restitution and the directions that captions state."""

import dataclasses

import numpy as np
import pytest

from misora.world.physics import RESTITUTION, ballistic_bounces, player_track
from misora.world.program import TRAVELLING, Action, Camera, CameraMove, Direction, Place, Player, Scene, Time
from misora.world.tier import SMALL

TIMES = np.arange(48) / 24


def scene(action: Action, direction: Direction = Direction.NONE, speed: float = 0.3, camera: CameraMove = CameraMove.STATIC) -> Scene:
    player = Player("dog", action, direction, size=0.3, x=0.1, ground=0.2, speed=speed, phase=0.0)
    return Scene(1, Place.BEACH, Time.DAY, 0.5, 0.0, 2.0, (player,), Camera(camera, 0.2))


def track(program: Scene):
    return player_track(program.players[0], TIMES, program)


@pytest.mark.parametrize("action", sorted(set(SMALL.actions) & TRAVELLING))
@pytest.mark.parametrize(("direction", "sign"), [(Direction.LEFT, -1), (Direction.RIGHT, 1)])
def test_travelling_players_go_the_way_that_is_said(action: Action, direction: Direction, sign: int) -> None:
    moved = track(scene(action, direction)).x
    assert sign * (moved[-1] - moved[0]) > 0.2


@pytest.mark.parametrize("action", sorted(set(SMALL.actions) - TRAVELLING))
def test_other_players_keep_their_line_of_sight(action: Action) -> None:
    moving = track(scene(action))
    assert np.allclose(moving.x / moving.scale, 0.1)


def test_free_fall_has_the_acceleration_of_gravity() -> None:
    times = np.linspace(0, 0.3, 50)
    lift = ballistic_bounces(times, height=1.0, gravity=9.8)
    second_difference = np.diff(lift, 2) / (times[1] - times[0]) ** 2
    assert np.allclose(second_difference, -9.8)


def test_each_bounce_keeps_the_share_of_height_that_restitution_says() -> None:
    times = np.linspace(0, 3, 200_001)
    lift = ballistic_bounces(times, height=1.0, gravity=9.8)
    inner = (lift[1:-1] > lift[:-2]) & (lift[1:-1] >= lift[2:])
    peaks = lift[1:-1][inner][:3]
    assert peaks / np.array([1.0, *peaks[:-1]]) == pytest.approx(RESTITUTION**2, rel=1e-3)


def test_a_jump_leaves_the_ground_and_returns_to_it() -> None:
    lift = player_track(scene(Action.JUMP, speed=1.25).players[0], np.linspace(0, 1.6, 161), scene(Action.JUMP, speed=1.25)).lift
    assert lift.min() == pytest.approx(0, abs=1e-9)
    assert lift.max() == pytest.approx(0.55 * 0.3, rel=0.01)


def test_approaching_grows_and_comes_down_the_ground_plane() -> None:
    moving = track(scene(Action.APPROACH, speed=0.25))
    assert np.all(np.diff(moving.scale) > 0)
    assert np.all(np.diff(moving.ground) < 0)


def test_retreating_shrinks_towards_the_horizon() -> None:
    moving = track(scene(Action.RETREAT, speed=0.4))
    assert moving.scale[-1] < 0.7
    assert moving.ground[-1] < 0.5


def test_programs_survive_json() -> None:
    program = scene(Action.FLY, Direction.LEFT)
    twice = dataclasses.replace(program, players=program.players * 2)
    assert Scene.from_json(twice.to_json()) == twice

"""Motion of the full tier: each place's own gravity and ground, and sequences that hang together."""

import dataclasses

import numpy as np
import pytest

from misora.world.motions import FALL_GRAVITY, MOTIONS, coasted, solo_track
from misora.world.program import TOGETHER, Action, Beat, Camera, CameraMove, Direction, Place, Player, Scene, Time
from misora.world.terrain import TERRAINS, terrain_of
from misora.world.tier import FULL

TIMES = np.arange(0, 4, 1 / 240)


def scene(action: Action, place: Place = Place.MEADOW, direction: Direction = Direction.NONE, speed: float = 0.4, **more: object) -> Scene:
    player = Player("dog", action, direction, size=0.25, x=-0.3, ground=0.15, speed=speed, phase=0.0, **more)  # type: ignore[arg-type]
    return Scene(1, place, Time.DAY, 0.5, 0.0, 4.0, (player,), Camera(CameraMove.STATIC), tier="full")


def track_of(program: Scene):
    return solo_track(program.players[0], TIMES, program)


def test_every_action_that_needs_no_partner_has_a_motion() -> None:
    assert set(MOTIONS) == set(FULL.actions) - TOGETHER


@pytest.mark.parametrize("action", sorted(MOTIONS))
def test_every_motion_is_continuous_and_finite(action: Action) -> None:
    direction = Direction.RIGHT
    track = track_of(scene(action, direction=direction))
    for values in (track.x, track.ground, track.lift, track.scale):
        assert np.isfinite(values).all()
        assert np.abs(np.diff(values)).max() < 0.05, action


def test_falling_has_the_gravity_of_the_place() -> None:
    for place in Place:
        lift = track_of(scene(Action.FALL, place, speed=1.0)).lift[:40]
        acceleration = np.diff(lift, 2) * 240**2
        assert acceleration == pytest.approx(-FALL_GRAVITY * terrain_of(place).gravity, abs=1e-6)


def test_a_jump_on_the_moon_is_higher_and_longer() -> None:
    earth, moon = (track_of(scene(Action.JUMP, place, speed=1.2)).lift for place in (Place.MEADOW, Place.MOON))
    assert moon.max() > 2 * earth.max()
    first = TIMES < 1.3
    assert np.argmax(moon[first]) > 2 * np.argmax(earth[first])


def test_bounces_die_sooner_on_sand_than_on_a_floor() -> None:
    sand, floor = (track_of(scene(Action.BOUNCE, place, speed=1.2)).lift for place in (Place.BEACH, Place.ROOM))
    second = TIMES > 0.75
    assert sand[second].max() < 0.5 * floor[second].max()


def test_what_rolls_does_not_slip_and_comes_to_rest() -> None:
    track = track_of(scene(Action.ROLL, direction=Direction.RIGHT, speed=0.4))
    assert track.angle is not None
    assert np.allclose(np.diff(track.x), np.diff(track.angle) * 0.125)
    assert np.diff(track.x)[-1] == pytest.approx(0)
    assert track.x[-1] + 0.3 == pytest.approx(0.4**2 / (2 * terrain_of(Place.MEADOW).friction))


def test_it_slides_farther_on_snow() -> None:
    assert terrain_of(Place.SNOW).friction < min(TERRAINS[Place.BEACH].friction, terrain_of(Place.MEADOW).friction)
    assert coasted(0.3, 0.05, TIMES)[-1] > coasted(0.3, 0.26, TIMES)[-1]


def test_who_leaves_comes_back_to_where_it_was() -> None:
    track = track_of(scene(Action.RETURN, direction=Direction.LEFT, speed=0.8))
    assert track.x.min() < -1.0
    assert track.x[-1] == pytest.approx(-0.3, abs=0.15)
    assert (track.heading[0], track.heading[-1]) == (-1, 1)


def test_a_circle_passes_before_and_behind_its_middle() -> None:
    track = track_of(scene(Action.CIRCLE, speed=0.5))
    assert track.ground.max() - 0.15 == pytest.approx(0.15 - track.ground.min(), abs=1e-3)
    assert np.all((track.scale > 1) == (track.ground < 0.15))


def test_a_sequence_begins_each_action_where_the_last_one_ended() -> None:
    beats = (Beat(Action.JUMP, Direction.NONE, 1.25, 1.0), Beat(Action.RUN, Direction.LEFT, 0.5, 2.6))
    program = scene(Action.WALK, direction=Direction.RIGHT, speed=0.2, then=beats)
    track = track_of(program)
    assert np.abs(np.diff(track.x)).max() < 0.5 / 240 + 1e-9
    assert track.x[TIMES >= 1.0][0] == pytest.approx(-0.1)
    assert np.allclose(track.x[(TIMES > 1.0) & (TIMES < 2.6)], -0.1, atol=2e-3)
    assert track.x[-1] < -0.7
    assert set(np.unique(track.heading)) == {-1.0, 1.0}
    assert track.heading[TIMES < 2.6].min() == 1.0, "keeps looking ahead while it jumps"


def test_growing_is_kept_by_what_comes_after() -> None:
    program = scene(Action.GROW, speed=1.0, then=(Beat(Action.SWAY, Direction.NONE, 1.0, 2.0),))
    track = track_of(program)
    assert track.scale[-1] == pytest.approx(np.exp(0.45 * 2.0), rel=1e-6)
    assert track.angle is not None
    assert np.abs(track.angle[TIMES < 2.0]).max() == 0


def test_sequences_survive_json() -> None:
    program = scene(Action.WALK, direction=Direction.RIGHT, then=(Beat(Action.JUMP, Direction.NONE, 1.0, 1.0),), colour="blue")
    assert Scene.from_json(program.to_json()) == program
    plain = dataclasses.replace(program, tier="small", players=(dataclasses.replace(program.players[0], then=(), colour=""),))
    assert "tier" not in plain.to_json()
    assert "colour" not in plain.to_json()

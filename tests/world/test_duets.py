"""Two players move because of each other, and physics holds between them."""

import numpy as np
import pytest

from misora.world.duets import DUETS, TOUCH, rebound, scene_tracks, touching
from misora.world.physics import Track
from misora.world.program import TOGETHER, Action, Camera, CameraMove, Direction, Place, Player, Scene, Time
from misora.world.terrain import terrain_of

TIMES = np.arange(0, 3, 1 / 120)
L, R, N = Direction.LEFT, Direction.RIGHT, Direction.NONE


def player(action: Action, direction: Direction, x: float, speed: float, partner: int = -1, size: float = 0.2, **more: object) -> Player:
    fields = {"character": "dog", "ground": 0.15, "phase": 0.0, **more}
    return Player(action=action, direction=direction, size=size, x=x, speed=speed, partner=partner, **fields)  # type: ignore[arg-type]


def tracks(*players: Player, place: Place = Place.ROOM) -> list[Track]:
    return scene_tracks(Scene(1, place, Time.DAY, 0.5, 0.0, 3.0, players, Camera(CameraMove.STATIC), tier="full"), TIMES)


def test_every_action_with_a_partner_has_a_motion() -> None:
    assert set(DUETS) == TOGETHER


def test_who_chases_gains_but_does_not_reach() -> None:
    runner, chaser = tracks(player(Action.RUN, R, 0.0, 0.4), player(Action.CHASE, R, -0.5, 0.4, partner=0))
    gap = runner.x - chaser.x
    assert np.all(np.diff(gap) < 0)
    assert gap[-1] > 0.2


def test_who_follows_keeps_its_distance() -> None:
    leader, follower = tracks(player(Action.WALK, L, 0.0, 0.2), player(Action.FOLLOW, L, 0.4, 0.2, partner=0))
    assert np.allclose(follower.x - leader.x, 0.4)


def test_what_is_pushed_rests_until_touched_and_then_goes_before_the_pusher() -> None:
    pusher, ball = tracks(
        player(Action.PUSH, R, -0.5, 0.3, partner=1), player(Action.PUSHED, R, 0.0, 0.3, partner=0, character="ball", size=0.15)
    )
    gap = ball.x - pusher.x
    touched = gap <= TOUCH * 0.35 + 1e-9
    assert np.all(ball.x[~touched] == 0.0)
    assert touched.any()
    assert np.allclose(gap[touched], gap[-1])
    assert ball.angle is not None
    assert ball.angle[-1] == pytest.approx(ball.x[-1] / 0.075)


@pytest.mark.parametrize(("first_size", "second_size"), [(0.2, 0.2), (0.3, 0.15)])
def test_a_collision_conserves_momentum_and_loses_what_restitution_says(first_size: float, second_size: float) -> None:
    first, second = player(Action.COLLIDE, R, -0.4, 0.3, 1, first_size), player(Action.COLLIDE, L, 0.4, 0.2, 0, second_size)
    masses = first_size**3, second_size**3
    after = rebound(first, second, 0.8), rebound(second, first, 0.8)
    assert masses[0] * after[0] + masses[1] * after[1] == pytest.approx(masses[0] * 0.3 - masses[1] * 0.2)
    assert after[1] - after[0] == pytest.approx(0.8 * (0.3 + 0.2))


def test_what_collides_touches_once_and_parts_again() -> None:
    first, second = player(Action.COLLIDE, R, -0.4, 0.3, 1), player(Action.COLLIDE, L, 0.4, 0.3, 0)
    one, other = tracks(first, second)
    gap = other.x - one.x
    assert gap.min() == pytest.approx(touching(first, second), abs=0.01)
    assert gap[-1] > gap.min() + 0.05
    speed = np.diff(gap) * 120
    hit = int(np.argmin(gap))
    assert speed[hit + 2] == pytest.approx(terrain_of(Place.ROOM).restitution * 0.6, rel=0.05)


def test_who_meet_stop_before_each_other() -> None:
    one, other = tracks(player(Action.MEET, R, -0.5, 0.3, 1), player(Action.MEET, L, 0.5, 0.25, 0))
    assert other.x[-1] - one.x[-1] == pytest.approx(1.3 * TOUCH * 0.4)
    assert np.diff(one.x)[-1] == 0


def test_who_orbits_goes_before_and_behind() -> None:
    middle, moon = tracks(player(Action.STAND, N, 0.1, 0.0), player(Action.ORBIT, N, 0.3, 0.5, partner=0))
    assert moon.x.min() < middle.x[0] < moon.x.max()
    assert moon.ground.min() < 0.15 < moon.ground.max()


def test_who_hides_waits_behind_and_comes_out_on_the_other_side() -> None:
    tree, fox = tracks(player(Action.STAND, N, 0.0, 0.0, size=0.4), player(Action.HIDE, R, -0.5, 0.5, 0, ground=0.2))
    assert fox.x[0] < -0.4
    assert np.sum(np.abs(fox.x - tree.x) < 1e-9) > 60
    assert fox.x[-1] > 0.3


def test_who_vaults_is_above_its_partner_in_the_middle() -> None:
    box, fox = tracks(player(Action.STAND, N, 0.0, 0.0), player(Action.VAULT, R, -0.6, 0.5, 0))
    middle = int(np.argmin(np.abs(fox.x - box.x)))
    assert fox.lift[middle] == pytest.approx(1.25 * 0.2, rel=0.01)
    assert fox.lift[0] < 0.02

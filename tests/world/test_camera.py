"""The camera goes where its move says, and near things pass faster when it is the camera itself that moves."""

import numpy as np
import pytest
import torch

from misora.base.shapes import VideoShape
from misora.world.camera import DEEP_MOVES, CameraTrack, camera_track
from misora.world.compositing import Window
from misora.world.physics import player_track
from misora.world.program import Action, Camera, CameraMove, Direction, Place, Player, Scene, Time
from misora.world.view import View

TIMES = np.arange(48) / 24
SHAPE = VideoShape(48, 90, 160, 24)


def scene(move: CameraMove, action: Action = Action.STAND, direction: Direction = Direction.NONE) -> Scene:
    player = Player("dog", action, direction, size=0.3, x=0.1, ground=0.2, speed=0.3, phase=0.0)
    return Scene(1, Place.BEACH, Time.DAY, 0.5, 0.0, 2.0, (player,), Camera(move, 0.2))


def camera_of(program: Scene) -> CameraTrack:
    return camera_track(program, TIMES, player_track(program.players[0], TIMES, program))


def view_of(move: CameraMove) -> View:
    return View(SHAPE, camera_of(scene(move)), 0.5, torch.device("cpu"))


@pytest.mark.parametrize(
    ("move", "check"),
    [
        (CameraMove.STATIC, lambda camera: camera.is_still),
        (CameraMove.PAN_LEFT, lambda camera: camera.x[-1] < 0),
        (CameraMove.PAN_RIGHT, lambda camera: camera.x[-1] > 0),
        (CameraMove.TRUCK_LEFT, lambda camera: camera.x[-1] < 0),
        (CameraMove.TRUCK_RIGHT, lambda camera: camera.x[-1] > 0),
        (CameraMove.ZOOM_IN, lambda camera: camera.zoom[-1] > camera.zoom[0]),
        (CameraMove.ZOOM_OUT, lambda camera: camera.zoom[-1] < camera.zoom[0]),
        (CameraMove.DOLLY_IN, lambda camera: camera.zoom[-1] > camera.zoom[0]),
        (CameraMove.DOLLY_OUT, lambda camera: camera.zoom[-1] < camera.zoom[0]),
        (CameraMove.TILT_UP, lambda camera: camera.y[-1] > camera.y[0]),
        (CameraMove.TILT_DOWN, lambda camera: camera.y[-1] < camera.y[0]),
        (CameraMove.CRANE_UP, lambda camera: camera.rise[-1] > camera.rise[0]),
        (CameraMove.SHAKE, lambda camera: np.abs(camera.x).max() < 0.3 and np.ptp(camera.y) > 0.1),
    ],
)
def test_camera_moves(move: CameraMove, check) -> None:
    assert check(camera_of(scene(move)))


def test_a_following_camera_keeps_the_player_where_it_was_on_screen() -> None:
    program = scene(CameraMove.FOLLOW, Action.RUN, Direction.RIGHT)
    on_screen = player_track(program.players[0], TIMES, program).x - camera_of(program).x
    assert np.allclose(on_screen, on_screen[0])


@pytest.mark.parametrize("move", [CameraMove.TRUCK_LEFT, CameraMove.DOLLY_IN])
def test_near_things_move_more_than_far_ones_when_the_camera_itself_moves(move: CameraMove) -> None:
    view = view_of(move)
    assert move in DEEP_MOVES
    near, far = (view.screen(np.full(48, 0.3), np.full(48, ground), np.zeros(48))[0] for ground in (0.08, 0.4))
    assert abs(float(near[-1] - near[0])) > 2 * abs(float(far[-1] - far[0]))


def test_what_stands_on_the_ground_sinks_as_the_crane_goes_up_and_the_horizon_stays() -> None:
    view = view_of(CameraMove.CRANE_UP)
    _, feet = view.screen(np.zeros(48), np.full(48, 0.2), np.zeros(48))
    _, horizon = view.screen(np.zeros(48), np.full(48, 0.5), np.zeros(48))
    assert feet[-1] > feet[0]
    assert torch.allclose(horizon, horizon[:1])


def test_a_point_is_seen_by_the_pixel_that_it_falls_on() -> None:
    """``View.layer`` undoes ``View.screen``, for every move at every time."""
    window = Window(0, 0, SHAPE.height, SHAPE.width)
    for move in CameraMove:
        view = view_of(move)
        x, y = view.layer(1.0, window, slice(47, 48))
        x, y = (value.expand(1, SHAPE.height, SHAPE.width)[0] for value in (x, y))
        row, column = 70, 50
        ground = np.full(48, float(y[row, column]))
        right, down = view.screen(np.full(48, float(x[row, column])), ground, np.zeros(48))
        assert float(right[47]) == pytest.approx(column + 0.5, abs=0.02), move
        assert float(down[47]) == pytest.approx(row + 0.5, abs=0.02), move

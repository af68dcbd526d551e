"""A layout says where players and camera really are: it agrees with what is rendered."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from misora.base.layout import GROUND, HEIGHT, PAN, TURN, ZOOM, X, Y, moments_of
from misora.base.shapes import VideoShape
from misora.world.assets import toy_atlas
from misora.world.layout import film_layout
from misora.world.program import Action, Camera, CameraMove, Direction, Film, Place, Player, Scene, Time
from misora.world.render import Renderer

IDS = ("cat", "dog")
SHAPE = VideoShape(17, 256, 320, 8.0)
DOG = Player("dog", Action.RUN, Direction.RIGHT, size=0.4, x=-0.4, ground=0.15, speed=0.3, phase=0.0)
CAT = Player("cat", Action.JUMP, Direction.NONE, size=0.3, x=0.3, ground=0.1, speed=1.0, phase=0.3)


def scene(*players: Player, move: CameraMove = CameraMove.STATIC, amount: float = 0.0, seconds: float = 17 / 8) -> Scene:
    return Scene(3, Place.MEADOW, Time.DAY, 0.5, 0.1, seconds, players or (DOG,), Camera(move, amount))


def test_latent_frames_are_measured_at_their_first_middle_and_last_picture() -> None:
    assert [moments_of(index) for index in (0, 1, 2)] == [(0, 0, 0), (1, 4, 8), (9, 12, 16)]


@pytest.mark.parametrize("move", [CameraMove.STATIC, CameraMove.PAN_LEFT, CameraMove.ZOOM_IN])
def test_boxes_stand_where_players_are_drawn(move: CameraMove) -> None:
    film = scene(move=move, amount=0.1)
    masks = Renderer(toy_atlas(IDS)).render(film, SHAPE).instance
    layout = film_layout(Film((film,)), SHAPE, IDS, 2)
    for index in range(3):
        for moment, picture in enumerate(moments_of(index)):
            rows, columns = np.nonzero(masks[picture].numpy() == 1)
            box = layout.boxes[index, 0, moment] * 32
            assert box[X] + 160 == pytest.approx((columns.min() + columns.max() + 1) / 2, abs=0.15 * float(box[HEIGHT]))
            assert box[Y] + 128 == pytest.approx((rows.min() + rows.max() + 1) / 2, abs=0.08 * float(box[HEIGHT]))
            assert box[HEIGHT] == pytest.approx(rows.max() + 1 - rows.min(), rel=0.12)


def test_slots_are_ordered_by_class_and_the_rest_is_empty() -> None:
    layout = film_layout(Film((scene(DOG, CAT),)), SHAPE, IDS, 3)
    assert layout.who.tolist() == [[1, 2, 0]] * 3
    assert not layout.boxes[:, 2].any()
    alone = film_layout(Film((scene(CAT),)), SHAPE, IDS, 3)
    assert np.array_equal(alone.boxes[:, 0], layout.boxes[:, 0])


def test_the_ground_stays_below_who_jumps() -> None:
    box = film_layout(Film((scene(CAT),)), SHAPE, IDS, 1).boxes[:, 0].reshape(-1, 5)
    feet = box[:, Y] + box[:, HEIGHT] / 2
    assert np.ptp(box[:, GROUND]) == pytest.approx(0, abs=1e-5)
    assert (box[:, GROUND] - feet).max() > 0.3 * box[:, HEIGHT].mean()


def test_who_spins_turns_its_back() -> None:
    spinning = dataclasses.replace(CAT, action=Action.SPIN, speed=0.5)
    assert film_layout(Film((scene(spinning),)), SHAPE, IDS, 1).boxes[..., TURN].min() < -0.9


@pytest.mark.parametrize(
    ("move", "column", "expected"),
    [
        (CameraMove.PAN_RIGHT, PAN, 0.2 * 8),
        (CameraMove.PAN_LEFT, PAN, -0.2 * 8),
        (CameraMove.ZOOM_IN, ZOOM, 0.2),
        (CameraMove.STATIC, PAN, 0),
    ],
)
def test_the_camera_goes_as_fast_as_its_program_says(move: CameraMove, column: int, expected: float) -> None:
    camera = film_layout(Film((scene(move=move, amount=0.2),)), SHAPE, IDS, 1).camera
    assert camera[1:, column] == pytest.approx(expected, abs=1e-4)
    assert camera[1:, 1 - column] == pytest.approx(0, abs=1e-4)


def test_a_latent_frame_with_a_cut_shows_what_comes_after() -> None:
    film = Film((scene(DOG, seconds=1.0), scene(CAT, seconds=17 / 8 - 1)))
    layout = film_layout(film, SHAPE, IDS, 1)
    assert layout.who[:, 0].tolist() == [2, 1, 1]
    start = film_layout(Film((scene(CAT, seconds=17 / 8 - 1),)), VideoShape(9, 256, 320, 8.0), IDS, 1)
    torch.testing.assert_close(torch.tensor(layout.boxes[1, 0, 2]), torch.tensor(start.boxes[0, 0, 0]))


def test_parts_are_those_of_a_longer_layout() -> None:
    layout = film_layout(Film((scene(),)), SHAPE, IDS, 1)
    assert len(layout.part(1, 3)) == 2
    assert np.array_equal(layout.part(1, 3).boxes, layout.boxes[1:])

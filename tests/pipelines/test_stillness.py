"""What nobody comes near stays as it was, as far as the camera and the caption do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from misora.base.canvas import Canvas, Span
from misora.base.layout import BOX, GROUND, HEIGHT, MOMENTS, PAN, ZOOM, X, Y
from misora.base.shapes import VideoShape
from misora.diffusion.flow import add_noise
from misora.models.transformer.layouts import Layouts
from misora.pipelines.pinning import Known
from misora.pipelines.stillness import Still, agreeing, alike, busy_cells, camera_stays, sources, what_stays
from misora.pipelines.tail import TailKeeper
from tiny import tiny_planning_pipeline


def layouts(frames: int, columns: Sequence[float] = (), *, height: float = 1.0, ground: float = 0.5) -> Layouts:
    """One player a cell high in the middle of 5 x 5 cells, at ``columns`` from the middle in each latent frame; without any, nobody."""
    boxes = torch.zeros(1, frames, 2, MOMENTS, BOX)
    boxes[..., 0, :, HEIGHT], boxes[..., 0, :, GROUND] = height, ground
    who = torch.zeros(1, frames, 2, dtype=torch.int64)
    if columns:
        who[..., 0] = 1
        boxes[:, :, 0, :, X] = torch.tensor(columns)[None, :, None]
    return Layouts(who, boxes, torch.zeros(1, frames, 2), torch.ones(1, frames, dtype=torch.bool))


def known(frames: int, firm: Sequence[int]) -> Known:
    """5 x 5 cells; latent frame n is n + 1 all over where it is known."""
    strength = torch.zeros(1, 1, frames, 5, 5)
    strength[:, :, list(firm)] = 1
    return Known(torch.arange(1.0, frames + 1)[None, None, :, None, None] * strength, strength)


def picture(cells: torch.Tensor) -> str:
    return "/".join("".join("#" if cell else "." for cell in row) for row in cells.tolist())


def test_busy_is_who_is_there_a_little_around_and_the_ground_beneath() -> None:
    assert picture(busy_cells(layouts(1, [0.0]), 5, 5)[0]) == "...../.###./.###./.###./....."
    assert picture(busy_cells(layouts(1, [2.0]), 5, 5)[0]) == "...../...##/...##/...##/....."
    flying = layouts(1, [0.0], ground=2.0)
    assert picture(busy_cells(flying, 5, 5)[0]) == "...../.###./.###./.###./.###.", "its shadow may be anywhere down to the ground"
    moving = layouts(1, [0.0])
    moving.boxes[:, :, 0, 2, X], moving.boxes[:, :, 0, :, Y] = 1.0, 1.0
    assert picture(busy_cells(moving, 5, 5)[0]) == "...../...../.####/.####/.####", "at any of its pictures"
    assert not busy_cells(layouts(1), 5, 5).any(), "nobody is nowhere"


def test_a_camera_stays_that_is_planned_to_stay() -> None:
    one = layouts(4)
    one.camera[0, 1, PAN], one.camera[0, 2, ZOOM], one.camera[0, 3, PAN] = 2.0, -0.2, -0.02
    assert camera_stays(one).tolist() == [True, False, False, True]


def test_the_nearest_is_taken_as_far_as_camera_and_caption_stay() -> None:
    firm, always, alike = [True, True, False, False, True], [True] * 5, [0] * 5
    assert sources(2, firm, always, alike) == [1, 0, 4] and sources(3, firm, always, alike) == [4, 1, 0]
    assert sources(3, firm, [True, False, True, True, True], alike) == [4]
    assert sources(3, firm, always, [0, 0, 1, 1, 1]) == [4]
    assert sources(3, firm, [True, True, True, False, True], alike) == []


def test_a_cell_is_held_where_nobody_was_and_nobody_comes() -> None:
    layout = layouts(3, [-2.0, 2.0, 2.0])  # known: on the left, then on the right; then still on the right
    still = what_stays(known(3, (0, 1)), layout, [0, 0, 0], 2, 3)
    assert picture(still.cells[0, 0, 0]) == "#####/###../###../###../#####"
    assert still.latents[0, 0, 0][still.cells[0, 0, 0]].unique().tolist() == [2.0], "of the nearer one"
    left = what_stays(known(3, (0, 1)), layouts(3, [2.0, 2.0, -2.0]), [0, 0, 0], 2, 3)
    assert picture(left.cells[0, 0, 0]) == "#####/..#../..#../..#../#####", "what they have left was never seen"
    uncovered = what_stays(known(3, (0, 1)), layouts(3, [-2.0, 2.0, -2.0]), [0, 0, 0], 2, 3)
    assert uncovered.latents[0, 0, 0, 2, 3:].tolist() == [1.0, 1.0] and uncovered.latents[0, 0, 0, 0, 0] == 2.0, "or seen before they came"


def test_what_is_known_in_part_is_left_alone() -> None:
    some = known(3, (0,))
    some.strength[:, :, 1, 0] = 1
    still = what_stays(some, layouts(3), [0, 0, 0], 0, 3)
    assert [bool(still.cells[0, 0, index].any()) for index in range(3)] == [False, False, True]


def test_held_cells_are_firm_and_come_back() -> None:
    some = known(2, (0,))
    still = Still(torch.full((1, 1, 2, 5, 5), 7.0), torch.zeros(1, 1, 2, 5, 5, dtype=torch.bool))
    still.cells[:, :, 1, 0] = True
    held = still.held(some)
    assert (
        held.strength[0, 0, 1].sum() == 5
        and held.latents[0, 0, 1, 0].tolist() == [7.0] * 5
        and held.frame_strength.tolist() == [[1.0, 0.0]]
    )
    assert still.put_back(torch.zeros(1, 1, 2, 5, 5)).sum() == 35


def test_frames_agree_on_what_stays_in_them_and_keep_the_rest_to_themselves() -> None:
    clean = torch.tensor([1.0, 3.0, 8.0])[None, None, :, None, None].expand(1, 1, 3, 1, 2)
    cells = torch.tensor([[[True, True]], [[True, False]], [[True, True]]])
    noise, sigma = torch.randn(1, 1, 3, 1, 2), torch.tensor([[0.5, 0.8, 0.5]])
    x = add_noise(clean, noise, sigma)
    velocity = agreeing(lambda x, sigma: noise - clean, [([0, 1, 2], cells)])(x, sigma)
    guess = x - sigma[:, None, :, None, None] * velocity
    torch.testing.assert_close(guess[0, 0, :, 0], torch.tensor([[4.0, 4.5], [4.0, 3.0], [4.0, 4.5]]))


def test_what_is_known_is_asked_but_not_told() -> None:
    clean = torch.tensor([1.0, 3.0])[None, None, :, None, None]
    sigma, cells = torch.tensor([[0.0, 0.5]]), torch.ones(2, 1, 1, dtype=torch.bool)
    velocity = agreeing(lambda x, sigma: -clean, [([0, 1], cells)])(clean.clone(), sigma)
    assert velocity[0, 0, 0, 0, 0] == -1, "a frame without noise stays as it is"


def test_frames_are_alike_that_are_free_under_one_caption_and_a_camera_that_stays() -> None:
    layout = layouts(6, [0.0] * 6)
    layout.camera[0, 5, PAN] = 2.0
    groups = alike(known(6, (0,)), layout, [0, 0, 0, 1, 1, 1])
    assert [frames for frames, _ in groups] == [[1, 2], [3, 4]]
    assert picture(groups[0][1][0]) == "#####/#...#/#...#/#...#/#####", "where nobody is"


@pytest.mark.parametrize("camera", [0.0, 2.0])
def test_a_place_without_anybody_stays_through_all_windows_unless_the_camera_moves(camera: float) -> None:
    pipeline, frames = tiny_planning_pipeline(), 12
    pipeline.max_window = 7
    canvas = Canvas(VideoShape(8 * (frames - 1) + 1, 64, 64, 24.0), (Span("a dog runs"),), seed=1, steps=2)
    empty = layouts(frames)
    empty.camera[..., PAN] = camera
    pipeline.layout_of = lambda canvas, known: empty  # type: ignore[method-assign]
    keeper = TailKeeper()
    list(pipeline.iter_frames(canvas, tail=keeper))
    assert keeper.latents is not None
    first, *others = keeper.latents.transpose(1, 0, 2, 3)
    assert all((other == first).all() for other in others) == (camera == 0)

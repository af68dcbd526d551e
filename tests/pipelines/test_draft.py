"""A plan in the making: who is away, and how they come back."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from misora.base.layout import BOX, CAMERA, GROUND, HEIGHT, MOMENTS, X, Y
from misora.base.shapes import LatentShape
from misora.models.planner import NUMBERS, from_values, to_values
from misora.models.transformer.layouts import Layouts
from misora.pipelines.draft import Draft, as_tall
from misora.pipelines.windows import Window
from tiny import tiny_planner

SIZE = LatentShape(4, 8, 8)
HERE = Window(2, 4, 2, 4)


def box(x: float, y: float = 1.0, height: float = 2.0, ground: float = 2.0) -> Tensor:
    """A player at one place in all pictures of one latent frame, (1, 1, 1, M, 5)."""
    values = torch.zeros(1, 1, 1, MOMENTS, BOX)
    for column, value in ((X, x), (Y, y), (HEIGHT, height), (GROUND, ground)):
        values[..., column] = value
    return values


def placed(*boxes: Tensor) -> Layouts:
    """One latent frame with players 1, 2, ... in ``boxes``."""
    who = torch.arange(1, len(boxes) + 1)[None, None]
    return Layouts(who, torch.cat(boxes, dim=2), torch.zeros(1, 1, CAMERA), torch.ones(1, 1, dtype=torch.bool))


def draft_with(*boxes: Tensor) -> Draft:
    """Two of four latent frames known, with players in ``boxes`` at the end of them."""
    draft = Draft(tiny_planner(), SIZE, 24.0, False, seed=1)
    draft.cast(Window(0, 4, 0, 4), torch.tensor([1, 2]))
    draft.values[:, :NUMBERS, :2] = to_values(placed(*boxes), draft.planner.config.classes)[:, :NUMBERS]
    draft.known[:2] = 1
    return draft


@pytest.mark.parametrize(("x", "y", "is_away"), [(0, 0, False), (4.5, 0, False), (5.5, 0, True), (-5.5, 0, True), (0, -5.5, True)])
def test_who_is_out_of_the_picture_is_away(x: float, y: float, is_away: bool) -> None:
    assert draft_with(box(0), box(x, y)).away(2) == ([1] if is_away else [])


def test_an_empty_slot_is_not_away() -> None:
    draft = draft_with(box(0), box(9))
    draft.cast(Window(0, 4, 0, 4), torch.tensor([1, 0]))
    assert draft.away(2) == []


def test_who_is_away_is_planned_anew_and_the_other_goes_on() -> None:
    text = tiny_planner().text_encoder.encode(["a dog comes back"])
    going_on, coming_back = (draft_with(box(0), box(9, height=3.0)) for _ in range(2))
    with torch.no_grad():
        going_on.fill(text, HERE, 0)
        coming_back.fill(text, HERE, 0, away=[1])
    first, second = (from_values(draft.values) for draft in (going_on, coming_back))
    assert torch.equal(first.boxes[:, :, 0], second.boxes[:, :, 0]) and torch.equal(first.camera, second.camera)
    assert torch.equal(first.boxes[:, :2, 1], second.boxes[:, :2, 1])
    assert not torch.allclose(first.boxes[:, 2:, 1, :, X], second.boxes[:, 2:, 1, :, X])
    assert second.boxes[0, 2, 1, 0, HEIGHT].item() == pytest.approx(3.0, abs=1e-4)
    assert second.boxes[0, 2, 1, 0, GROUND].item() == pytest.approx(2.0, abs=1e-4)


def test_coming_back_as_tall_keeps_how_high_one_jumps_for_ones_size() -> None:
    classes = 3
    lower, higher = placed(box(5, y=1.0, height=2.0, ground=2.0)), placed(box(5, y=0.0, height=2.0, ground=2.0))
    values = torch.cat([to_values(each, classes)[:, :NUMBERS, :, :, 0] for each in (lower, higher)], dim=2)
    last = to_values(placed(box(9, y=2.0, height=4.0, ground=3.0)), classes)[:, :NUMBERS, 0, :, 0]
    moved = as_tall(values, last)
    y, ground, height = (moved[0, column, :, 0].tolist() for column in (Y, GROUND, HEIGHT))
    assert ground == pytest.approx([1.5, 1.5]) and height[0] == height[1]
    assert [2 * (g - v) for g, v in zip(ground, y, strict=True)] == pytest.approx([2.0, 4.0])


@pytest.mark.parametrize(
    ("heights", "ground", "moved"),
    [
        ([-4.0, -4.0], 3.5, 1.0),  # the head one cell above the picture
        ([-4.0, -6.0], 3.5, 1.0),  # seen when it is lowest
        ([-2.0, -6.0], 3.5, 0.0),
        ([-4.0, -4.0], -2.0, 0.6),  # 0.2 of its height stay beneath
        ([-4.0, -4.0], -3.0, 0.0),  # stands on a far hill
    ],
)
def test_whoever_flies_out_of_the_picture_flies_lower_as_far_as_there_is_room(heights: list[float], ground: float, moved: float) -> None:
    draft = draft_with(box(0), box(0))
    flying = [placed(box(3, y=-1.0), box(0, y=y, height=2.0, ground=ground)) for y in heights]
    draft.values[:, :NUMBERS, 2:] = torch.cat([to_values(each, draft.planner.config.classes)[:, :NUMBERS] for each in flying], dim=2)
    before = from_values(draft.values).boxes
    draft.lower(HERE)
    after = from_values(draft.values).boxes
    expected = before.clone()
    expected[:, 2:, 1, :, Y] += moved
    torch.testing.assert_close(after, expected)


@pytest.mark.parametrize(("begun", "known", "stays_at"), [(2, 0, 3.0), (0, 0, 2.0), (2, 1, 3.0)])
def test_whoever_is_followed_stays_across_the_picture_and_the_other_goes_on(begun: int, known: int, stays_at: float) -> None:
    draft = draft_with(box(0), box(0))
    left_behind = [placed(box(x), box(y)) for x, y in ((-4.0, 1.0), (-2.0, 2.0), (2.0, 3.0), (6.0, 2.5))]
    draft.values[:, :NUMBERS] = torch.cat([to_values(each, draft.planner.config.classes)[:, :NUMBERS] for each in left_behind], dim=2)
    expected = from_values(draft.values).boxes
    draft.follow(HERE, begun, known)
    expected[:, HERE.start + known :, 1, :, X] = stays_at
    torch.testing.assert_close(from_values(draft.values).boxes, expected)


def test_an_empty_slot_is_not_followed() -> None:
    draft = draft_with(box(0), box(0))
    draft.cast(Window(0, 4, 0, 4), torch.tensor([1, 0]))
    draft.follow(HERE, 2, 0)
    across = from_values(draft.values).boxes[0, 2:, 0, :, X]
    assert torch.equal(across, across[:1, -1:].expand_as(across))


@pytest.mark.parametrize(("x", "moved"), [(0, 0.0), (4.5, -1.5), (-4.5, 1.5)])
def test_everybody_is_moved_no_further_than_it_takes_to_be_seen(x: float, moved: float) -> None:
    """The player in the first slot is seen up to three cells from the middle; the other goes along."""
    draft = draft_with(box(0), box(0))
    draft.values[:, :NUMBERS, 2:] = to_values(placed(box(x), box(0)), draft.planner.config.classes)[:, :NUMBERS]
    before = from_values(draft.values).boxes
    draft.shift(HERE, lambda boxes: -float((boxes[:, 0, :, X].abs() - 3).clamp(min=0).amax()))
    after = from_values(draft.values).boxes
    assert (after[:, 2:, :, :, X] - before[:, 2:, :, :, X]).flatten().tolist() == pytest.approx([moved] * 2 * 2 * MOMENTS, abs=1e-4)
    assert torch.equal(after[:, :2], before[:, :2]), "what came before stays"

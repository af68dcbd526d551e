"""Whoever a caption names is planned where they are seen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from misora.base.layout import BOX, HEIGHT, MOMENTS, X, Y
from misora.base.shapes import LatentShape
from misora.pipelines.in_view import ENOUGH, Act, acts_told, in_view, share_in_view
from misora.pipelines.planning import plan
from misora.world.cast import load_cast
from misora.world.program import Action
from tiny import tiny_planner

ROWS = COLUMNS = 8
CLASSES = list(load_cast())
DOG, CAT = (1 + CLASSES.index(name) for name in ("dog", "cat"))


def going(*across: float, height: float = 2.0, y: float = 0.0) -> Tensor:
    """One player who is at each of ``across`` for one latent frame, (t, 1, 3, 5)."""
    values = torch.zeros(len(across), 1, MOMENTS, BOX)
    values[..., X] = torch.tensor(across)[:, None, None]
    values[..., Y], values[..., HEIGHT] = y, height
    return values


def test_what_is_told_of_slots_is_who_is_there_and_what_they_do() -> None:
    assert acts_told("A cat enters from the left.", [DOG, CAT]) == [Act(1, Action.ENTER)]
    assert acts_told("一只小狗在草地上奔跑。", [DOG, 0]) == [Act(0, Action.RUN)]
    assert acts_told("the sea at night", [DOG, CAT]) == []


@pytest.mark.parametrize(
    ("x", "y", "height", "share"),
    [(0, 0, 2, 1.0), (4, 0, 2, 0.5), (-4, 4, 2, 0.25), (5, 0, 2, 0.0), (0, 0, 16, 1.0), (8, 0, 16, 0.5)],
    ids=["inside", "half", "corner", "outside", "fills the picture", "fills half of it"],
)
def test_how_much_of_a_player_is_in_the_picture(x: float, y: float, height: float, share: float) -> None:
    assert share_in_view(going(x, height=height, y=y), ROWS, COLUMNS).unique().item() == pytest.approx(share)


def test_in_view_is_everybody_who_is_told_of_and_whoever_comes_or_goes_only_in_between() -> None:
    there, coming = going(0, 0, 0, 0), going(-6, 0, 0, 0)

    def seen(action: Action | None, boxes: Tensor) -> float:
        return in_view([Act(0, action)], boxes, ROWS, COLUMNS)

    assert seen(Action.WALK, there) == seen(None, there) == 1 and seen(Action.WALK, coming) == pytest.approx(0.75 / ENOUGH)
    assert seen(Action.ENTER, coming) == seen(Action.LEAVE, coming.flip(0)) == 1
    assert seen(Action.ENTER, there) == seen(Action.LEAVE, there) == 0, "they would not be seen to come or go"
    assert seen(Action.ENTER, going(-6, -6, 0, 0)) < 1
    both = torch.cat([there, going(9, 9, 9, 9)], dim=1)
    assert in_view([Act(0, None), Act(1, None)], both, ROWS, COLUMNS) == 0 and in_view([Act(0, None)], both, ROWS, COLUMNS) == 1
    assert in_view([], both, ROWS, COLUMNS) == 1


def test_a_plan_shows_more_of_whom_it_is_about_than_where_nobody_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misora.pipelines.in_view.load_cast", lambda: dict.fromkeys(("dog", "cat")))
    monkeypatch.setattr("misora.pipelines.planning.choose_cast", lambda *_: torch.tensor([1, 0]))

    def seen(seed: int) -> float:
        layouts = plan(tiny_planner(), ["A dog walks."] * 3, LatentShape(3, ROWS, 2), 24.0, seed)
        assert not layouts.boxes[:, :, 1].any(), "an empty slot stays empty"
        return in_view([Act(0, Action.WALK)], layouts.boxes[0], ROWS, 2)

    moved = [seen(seed) for seed in range(6)]
    monkeypatch.setattr("misora.pipelines.planning.acts_told", lambda *_: [])
    free = [seen(seed) for seed in range(6)]
    assert all(one >= other - 1e-6 for one, other in zip(moved, free, strict=True)) and sum(moved) > sum(free) + 0.1

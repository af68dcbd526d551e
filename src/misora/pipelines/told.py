"""What a caption tells of where two players are to each other, and how clearly a plan shows it.

Plans are cheap and relations are exact, so of several plans one is chosen that shows what is told (``draft``). Who stands nearer is told
in few captions, and a planner learns it late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from misora.base.layout import GROUND, HEIGHT, X
from misora.pipelines.wanted import wanted
from misora.world.captions import MIN_APART, MIN_DEPTH
from misora.world.cast import load_cast
from misora.world.program import CameraMove

HIDDEN = 0.6
"""Of their mean height, how far apart two players stand if neither hides most of the other."""


class Relation(NamedTuple):
    """What is told of the players in two slots."""

    kind: str
    first: int
    second: int


def relations_told(caption: str, who: Sequence[int]) -> list[Relation]:
    """What ``caption`` tells of the players whose classes are ``who``, slot by slot; of others nothing."""
    story, classes = wanted(caption), list(load_cast())
    numbers = [1 + classes.index(actor.character.id) for actor in story.actors]
    told = [(kind, numbers[first], numbers[second]) for kind, first, second in story.relations]
    return [Relation(kind, who.index(first), who.index(second)) for kind, first, second in told if first in who and second in who]


def is_followed(caption: str) -> bool:
    """Whether ``caption`` tells of a camera that follows somebody."""
    return wanted(caption).camera is CameraMove.FOLLOW


def bigger(relations: Sequence[Relation]) -> list[tuple[int, int]]:
    """The slots of those of whom ``relations`` tell that the first is bigger."""
    return [(first, second) for kind, first, second in relations if kind == "bigger_than"]


def sides(relations: Sequence[Relation]) -> list[Relation]:
    """Those of ``relations`` that tell who is to the left of whom, at first or throughout."""
    return [relation for relation in relations if relation.kind in ("left_of", "starts_left_of")]


def clearness(relations: Sequence[Relation], boxes: Tensor, rows: int) -> float:
    """How clearly ``boxes`` (t, P, 3, 5) show where all of ``relations`` have players be: 1 as the stage tells of, below 0 another way.

    Args:
        rows: Of the picture, in cells.
    """
    shown = [(SHOWN[kind], boxes[:, first].float(), boxes[:, second].float()) for kind, first, second in relations if kind in SHOWN]
    return min((show(one, other, rows) for show, one, other in shown), default=1.0)


def _apart(one: Tensor, other: Tensor, rows: int) -> float:
    """How far ``one`` stays left of ``other``."""
    return float(_beside(one, other, rows).amin())


def _apart_at_first(one: Tensor, other: Tensor, rows: int) -> float:
    return float(_beside(one, other, rows)[0, 0])


def _beside(one: Tensor, other: Tensor, rows: int) -> Tensor:
    """How far ``one`` is left of ``other`` in each picture: 1 where the stage would say so and neither hides most of the other."""
    wide = (one[..., HEIGHT] + other[..., HEIGHT]) / 2
    return (other[..., X] - one[..., X]) / (HIDDEN * wide).clamp(min=MIN_APART * rows)


def _nearer(one: Tensor, other: Tensor, rows: int) -> float:
    return float(one[..., GROUND].mean() - other[..., GROUND].mean()) / (MIN_DEPTH * rows)


SHOWN: dict[str, Callable[[Tensor, Tensor, int], float]] = {
    "left_of": _apart,
    "starts_left_of": _apart_at_first,
    "nearer_than": _nearer,
}
"""Of two players' boxes, each (t, 3, 5), how clearly the relation holds, in shares of what it takes to be told."""

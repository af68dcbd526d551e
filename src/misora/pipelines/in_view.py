"""Whether those whom a caption names are in the picture, as a plan has it.

A planned runner begins near the middle and is gone before the clip ends, where on the stage they have as much way before them as behind.
So everybody is moved across the picture until they are seen (``Draft.shift``); whoever is told to come in or to go out still does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from misora.base.layout import HEIGHT, X, Y
from misora.pipelines.wanted import wanted
from misora.world.cast import load_cast
from misora.world.program import Action

ENOUGH = 0.9
"""Mean share of a player that is to be in the picture; of the stage runners have .8 in a square picture, most others .9 and more."""
ENOUGH_OF_PASSING = 0.6
"""The same of those who come in or go out: nine in ten of the stage's."""
OUTSIDE = 0.1
"""Share that may be in the picture of whoever has not come in yet, or has gone out; the mean on the stage."""
ENDS = {Action.ENTER: 0, Action.LEAVE: -1}
"""At which end of a clip somebody is out of it."""


class Act(NamedTuple):
    """What is told of the player in a slot; of some only that they are there."""

    slot: int
    action: Action | None


def acts_told(caption: str, who: Sequence[int]) -> list[Act]:
    """What ``caption`` tells of the players whose classes are ``who``, slot by slot."""
    classes = list(load_cast())
    told = [(1 + classes.index(actor.character.id), actor.action) for actor in wanted(caption).actors]
    return [Act(who.index(number), action) for number, action in told if number in who]


def share_in_view(boxes: Tensor, rows: int, columns: int) -> Tensor:
    """How much of each player is in a picture of ``rows`` by ``columns`` cells: (..., 5) to (...), of what could be of one so tall."""
    tall = boxes[..., HEIGHT].clamp(min=1e-3)
    share = torch.ones_like(tall)
    for centre, size in ((boxes[..., X], columns), (boxes[..., Y], rows)):
        overlap = (centre + tall / 2).clamp(max=size / 2) - (centre - tall / 2).clamp(min=-size / 2)
        share = share * overlap.clamp(min=0) / tall.clamp(max=size)
    return share


def in_view(acts: Sequence[Act], boxes: Tensor, rows: int, columns: int) -> float:
    """How well ``boxes`` (t, P, 3, 5) show everybody of ``acts``: 1 where they are in the picture as much as is to be, below it less."""
    shares = share_in_view(boxes.float(), rows, columns).transpose(0, 1).flatten(1)
    return min((_shown(action, shares[slot]) for slot, action in acts), default=1.0)


def _shown(action: Action | None, shares: Tensor) -> float:
    if action not in ENDS:
        return min(float(shares.mean()) / ENOUGH, 1.0)
    outside = (1 - float(shares[ENDS[action]])) / (1 - OUTSIDE)
    return min(float(shares.mean()) / ENOUGH_OF_PASSING, outside, 1.0)

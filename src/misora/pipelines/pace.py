"""How far across the picture somebody has gone by when, by what they do: a plan knows the way, and is vague about when it begins and ends.

On the stage whoever comes in stops, and whoever goes out waits before; planned, the first went on at half their speed and the second set
off too soon, and they were read as running and walking. Holds while the camera stays: under one that moves nobody goes evenly.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from misora.world.physics import ENTERED, WAITED
from misora.world.program import Action

Pace = Callable[[Tensor], Tensor]
"""Shares of a clip's time, from 0 to 1, to shares of the way."""


def evenly(time: Tensor) -> Tensor:
    return time


PACES: dict[Action, Pace] = {
    **dict.fromkeys((Action.WALK, Action.RUN, Action.FLY), evenly),
    **dict.fromkeys((Action.STAND, Action.JUMP, Action.BOUNCE, Action.SPIN), torch.zeros_like),
    Action.ENTER: lambda time: (time / ENTERED).clamp(max=1),
    Action.LEAVE: lambda time: ((time - WAITED) / (1 - WAITED)).clamp(min=0),
}

"""Layouts of several clips as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from misora.base.layout import Layout

SETTLED = 0.5
"""Noise below which it is settled what moves."""
SMALLEST = 0.25
"""Cells; nobody is taken to be lower."""


class Layouts(NamedTuple):
    """Layouts of B clips as tensors; shapes as in ``base.layout`` with B in front.

    Args:
        who: (B, t, P) int64.
        boxes: (B, t, P, 3, 5).
        camera: (B, t, 2).
        given: Whether anything is said of a latent frame, (B, t); where nothing is, the network is free.
    """

    who: Tensor
    boxes: Tensor
    camera: Tensor
    given: Tensor

    def part(self, start: int, stop: int) -> Layouts:
        """Latent frames ``[start, stop)``."""
        return Layouts(*(values[:, start:stop] for values in self))

    def to(self, device: torch.device) -> Layouts:
        """The same on ``device``."""
        return Layouts(*(values.to(device) for values in self))

    def led_away_from(self, which: Tensor, level: float) -> Layouts:
        """What guidance leads away from, in the clips that ``which`` (B,) names, at noise ``level``.

        Nothing is said of them while it is open what moves and where to. Then they are told of the camera and of nobody: a place that
        one side carries along and the other does not would be pushed further in every window, until its colours are gone.
        """
        if level > SETTLED:
            return self._replace(given=self.given & ~which.unsqueeze(1))
        return self._replace(who=torch.where(which[:, None, None], 0, self.who))

    def twice(self) -> Layouts:
        """The same clips once more after themselves."""
        return Layouts(*(torch.cat([values, values]) for values in self))


def stack_layouts(several: Sequence[Layout], given: Sequence[bool]) -> Layouts:
    """Layouts of equal length, one clip each; ``given`` says of which clips anything is told."""
    who, boxes, camera = (torch.from_numpy(np.stack([getattr(one, name) for one in several])) for name in ("who", "boxes", "camera"))
    return Layouts(who, boxes, camera, torch.tensor(given).unsqueeze(1).expand(-1, who.shape[1]))

"""Keeps what is painted as loud as the stage ever is.

Each window of a long clip is painted from the end of the one before, and a little too much in one is more in the next: under a camera that
follows for 14 s, leaves grew to twelve times their size as latents, in glaring colours. A free cell whose latents are larger than is common
is scaled down to that. What is known is never touched.
"""

from __future__ import annotations

import torch
from torch import Tensor

LOUDEST, LOUDEST_PLACE = 3.3, 2.2
"""Sizes of cells, in deviations of their channels (root mean square), that 99 % of the stage's do not exceed: with somebody, without."""


def bounded(made: Tensor, deviation: Tensor, busy: Tensor | None, free: Tensor) -> Tensor:
    """``made`` (1, C, t, h, w) with none of its ``free`` cells (1, 1, t, h, w) louder than the stage's.

    Args:
        deviation: Of the channels, (C,).
        busy: Where somebody is or comes near, (t, h, w); None where nobody knows.
    """
    size = (made.float() / deviation.view(1, -1, 1, 1, 1)).square().mean(1, keepdim=True).sqrt()
    limit = torch.full_like(size, LOUDEST) if busy is None else torch.where(busy[None, None], LOUDEST, LOUDEST_PLACE)
    scale = torch.where(free, limit / size.clamp(min=1e-6), 1.0).clamp(max=1)
    return made * scale.to(made.dtype)

"""What each character looks like: a small picture of learnt features, laid where a layout says that the character is.

A token that is told who is near and where it lies itself, seen from there, has to remember the whole character in its layers. Here the
memory lies on a plane of its own for each character, which is moved, scaled and turned as the character is, so that a cell is handed the
very piece that it shows. The network then only has to paint: light, limbs, and what is in front.

Reference:
    Thies et al., Deferred Neural Rendering: Image Synthesis using Neural Textures, arXiv:1904.12356.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.base.layout import HEIGHT, MOMENTS, TURN
from misora.models.layers.rotary import still_grid
from misora.models.transformer.config import TEXTURE_CHANNELS, TEXTURE_COLUMNS, TEXTURE_POINTS, TEXTURE_ROWS
from misora.models.transformer.layouts import SMALLEST, Layouts

TALL = 1.25
"""Heights of a player that its picture is high: a margin for what its box leaves out."""
WIDE = TALL * TEXTURE_COLUMNS / TEXTURE_ROWS
THINNEST = 0.05
"""A player that turns edge on is taken to be so wide."""


class PlayerTextures(nn.Module):
    """Adds nothing until it has learnt: its last layer begins at zero."""

    def __init__(self, classes: int, dim: int) -> None:
        super().__init__()
        self.picture = nn.Parameter(torch.randn(classes + 1, TEXTURE_CHANNELS, TEXTURE_ROWS, TEXTURE_COLUMNS) * 0.5)
        self.token = nn.Linear(TEXTURE_CHANNELS * MOMENTS * TEXTURE_POINTS**2, dim, bias=False)
        nn.init.zeros_(self.token.weight)

    def forward(self, layouts: Layouts, height: int, width: int) -> Tensor:
        """What is added to each token, (B, t, h * w, D)."""
        clip, frame, slot = ((layouts.who > 0) & layouts.given.unsqueeze(2)).nonzero(as_tuple=True)
        where = picture_points(layouts.boxes[clip, frame, slot], height, width)
        seen = F.grid_sample(self.picture.float()[layouts.who[clip, frame, slot]], where.flatten(1, 2), align_corners=False)
        cells = seen.unflatten(3, (width, TEXTURE_POINTS)).unflatten(2, (MOMENTS, height, TEXTURE_POINTS))
        shown: Tensor = self.token(cells.permute(0, 3, 5, 1, 2, 4, 6).flatten(3).flatten(1, 2).to(self.token.weight.dtype))
        batch, frames, _ = layouts.who.shape
        nothing = shown.new_zeros(batch * frames, *shown.shape[1:])
        out: Tensor = nothing.index_add(0, clip * frames + frame, shown).unflatten(0, (batch, frames))
        return out


def picture_points(boxes: Tensor, height: int, width: int, count: int = TEXTURE_POINTS) -> Tensor:
    """Where ``count`` squared points of each cell fall on a player's picture, from -1 to 1: (..., 3, h * n, w * n, 2).

    Args:
        boxes: (..., 3, 5).
    """
    fine = still_grid(count * height, count * width, boxes.device)
    points = torch.stack([fine.columns[0, 0], fine.rows[0, 0]], dim=-1) / count
    boxes = boxes.float()[..., None, None, :]
    tall = boxes[..., HEIGHT].clamp(min=SMALLEST)
    turn = boxes[..., TURN]
    wide = tall * torch.where(turn < 0, turn.clamp(max=-THINNEST), turn.clamp(min=THINNEST))
    away = points - boxes[..., :2]
    return 2 * away / torch.stack([wide * WIDE, tall * TALL], dim=-1)

"""What the transformer is told of a layout: each token who is near and where exactly, each latent frame how the camera moves.

A player's box becomes features of every cell around it, the cell's place as seen from the player, so that what a cell shows follows from
the numbers in it and not from counting tokens. Cells far from everybody are told nothing.

Reference:
    Boxes as a condition of video diffusion: Wang et al., Boximator, arXiv:2402.01566; Lian et al., LVD, arXiv:2309.17444. There they are
    tokens of their own; here they lie on the grid, since the grid is coarse and boxes are few.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.base.layout import CAMERA, GROUND, HEIGHT, MOMENTS, PAN, TURN, ZOOM
from misora.models.layers.rotary import Grid, still_grid
from misora.models.transformer.config import LAYOUT_FEATURES, LAYOUT_WIDTH
from misora.models.transformer.layouts import SMALLEST, Layouts
from misora.models.transformer.textures import PlayerTextures

AROUND = 2.0
"""Cells beyond a player's box over which what is said of it fades: its shadow and its neighbours."""
FAR = 4.0
"""Heights, and twice as many cells, from a player beyond which distance is not told apart."""
WAVES = (1.0, 2.0)
"""Half turns of sine and cosine over one height."""
FAR_SHARE = 0.3
"""Of the camera's way that far things seem to go: the stage's hills go half of it, its clouds a seventh."""
DEPTH_RAMP = 0.2
"""Share of the picture's height, about its middle, over which the ground runs from near to far."""


class LayoutInput(nn.Module):
    """Adds nothing until it has learnt: its last layers begin at zero."""

    def __init__(self, classes: int, dim: int, *, textures: bool = False) -> None:
        super().__init__()
        self.character = nn.Parameter(torch.randn(classes + 1, LAYOUT_WIDTH) * 0.5)
        self.place = nn.Linear(LAYOUT_FEATURES, LAYOUT_WIDTH)
        self.token = nn.Linear(LAYOUT_WIDTH, dim, bias=False)
        self.camera = nn.Linear(CAMERA, dim, bias=False)
        self.given = nn.Parameter(torch.zeros(dim))
        self.textures = PlayerTextures(classes, dim) if textures else None
        for zeroed in (self.token, self.camera):
            nn.init.zeros_(zeroed.weight)

    def tokens(self, layouts: Layouts, height: int, width: int) -> Tensor:
        """What is added to each token, (B, t, h * w, D)."""
        seen, nearness = from_players(layouts.boxes, height, width)
        who = F.embedding(layouts.who, self.character)
        told = F.silu(self.place(seen.to(who.dtype)) + who.unsqueeze(3))
        there = (layouts.who > 0) & layouts.given.unsqueeze(2)
        out: Tensor = self.token((told * (nearness * there.unsqueeze(3)).unsqueeze(-1).to(told.dtype)).sum(2))
        return out if self.textures is None else out + self.textures(layouts, height, width)

    def conditioning(self, layouts: Layouts) -> Tensor:
        """What is added to each latent frame's conditioning, (B, t, D)."""
        moving: Tensor = self.camera(layouts.camera.to(self.camera.weight.dtype)) + self.given
        return moving * layouts.given.unsqueeze(-1)


def from_players(boxes: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Each cell as every player sees it: features (B, t, P, h * w, F) and nearness (B, t, P, h * w), 1 inside the box.

    Args:
        boxes: (B, t, P, 3, 5).
    """
    still = still_grid(height, width, boxes.device)
    cells = torch.stack([still.columns, still.rows], dim=-1).flatten(0, 3)
    boxes = boxes.float()
    away = cells[:, None] - boxes[:, :, :, None, :, :2]
    tall = boxes[..., HEIGHT].clamp(min=SMALLEST)
    outside = (away.abs().amax(-1) - tall.unsqueeze(3) / 2).clamp(min=0)
    nearness = (1 - outside / AROUND).clamp(min=0).amax(-1)
    inside = (away / tall[:, :, :, None, :, None]).clamp(-FAR, FAR)
    waves = [turn for count in WAVES for turn in (torch.sin(math.pi * count * inside), torch.cos(math.pi * count * inside))]
    sizes = torch.cat([tall.log2(), boxes[..., TURN]], dim=-1).unsqueeze(3).expand(-1, -1, -1, len(cells), -1)
    above = (cells[:, 1, None] - boxes[:, :, :, None, :, GROUND]) / 4
    parts = [(away / 4).clamp(-FAR / 2, FAR / 2).flatten(4), above.clamp(-FAR / 2, FAR / 2), inside.flatten(4)]
    return torch.cat([*parts, *(wave.flatten(4) for wave in waves), sizes], dim=-1), nearness


def travelled_grid(still: Grid, layouts: Layouts, times: Tensor) -> Grid:
    """Where each cell looks in the picture of the clip's first latent frame, (B, t, h, w): its own place where the camera stays.

    What lies beneath the middle is taken to be near and goes the whole way; what is above it is far and goes ``FAR_SHARE`` of it.

    Args:
        times: Seconds at which each latent frame's last picture is shown, (B, t).
    """
    speed = layouts.camera.float() * layouts.given.unsqueeze(-1)
    way = F.pad(((speed[:, 1:] + speed[:, :-1]) / 2 * times.diff(dim=1).unsqueeze(-1)).cumsum(1), (0, 0, 1, 0))[:, :, None, None]
    depth = (still.rows / (DEPTH_RAMP * still.rows.shape[2]) + 0.5).clamp(0, 1)
    share = FAR_SHARE + (1 - FAR_SHARE) * depth
    nearer = torch.exp(way[..., ZOOM] * share)
    return Grid(still.rows / nearer, still.columns / nearer + way[..., PAN] * share)


assert LAYOUT_FEATURES == MOMENTS * (2 * (2 + 2 * len(WAVES)) + 3)

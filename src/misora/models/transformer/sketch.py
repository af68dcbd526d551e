"""A sketch: what the pictures of the characters alone, laid where a layout says, make of each cell's latents.

A token holds hardly more numbers than a cell has latents, so what a character looks like in its details does not pass through it. Here it
goes around: every character has a finely drawn picture of learnt numbers, pictures cover each other as the characters do, and a
small network turns what lies in a cell into latents. The last layer of the transformer takes over a share of them, channel by channel.

Reference:
    Layers with their own opacity, far to near: Porter & Duff, Compositing digital images, 1984; learnt pictures as in ``textures``.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.base.layout import GROUND, MOMENTS
from misora.models.transformer.config import SKETCH_CHANNELS, SKETCH_COLUMNS, SKETCH_POINTS, SKETCH_ROWS, SKETCH_WIDTH
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.textures import picture_points


class Sketch(NamedTuple):
    """What is drawn of a layout.

    Args:
        latents: Of the characters over nothing, (B, C, t, h, w).
        covered: Share of each cell that they cover, (B, t, h, w).
        hides: Share of each point that they hide in the picture in which the latent frame ends, (B, t, h * n, w * n).
    """

    latents: Tensor
    covered: Tensor
    hides: Tensor


class PlayerSketch(nn.Module):
    """Draws nothing until it has learnt: its last layer begins at zero."""

    def __init__(self, classes: int, latent_channels: int, text_dim: int) -> None:
        super().__init__()
        self.picture = nn.Parameter(torch.randn(classes + 1, SKETCH_CHANNELS + 1, SKETCH_ROWS, SKETCH_COLUMNS) * 0.5)
        self.cell = nn.Linear((SKETCH_CHANNELS + 1) * MOMENTS * SKETCH_POINTS**2, SKETCH_WIDTH)
        self.light = nn.Linear(text_dim, SKETCH_WIDTH, bias=False)
        self.latents = nn.Linear(SKETCH_WIDTH, latent_channels, bias=False)
        for zeroed in (self.light, self.latents):
            nn.init.zeros_(zeroed.weight)

    def forward(self, layouts: Layouts, text_pooled: Tensor, height: int, width: int) -> Sketch:
        """What ``layouts`` show in a picture of ``height`` by ``width`` cells; nothing where nobody is."""
        seen = self.composite(layouts, height, width)
        cells = self.in_cells(seen, height, width).to(self.cell.weight.dtype)
        hidden = F.silu(self.cell(cells) + self.light(text_pooled.to(self.light.weight.dtype))[:, None, None, None])
        covered = cells[..., -MOMENTS * SKETCH_POINTS**2 :].mean(-1)
        drawn: Tensor = self.latents(hidden * (covered / COVERED).clamp(max=1).unsqueeze(-1))
        return Sketch(drawn.permute(0, 4, 1, 2, 3), covered, seen[:, :, -1, -1])

    def composite(self, layouts: Layouts, height: int, width: int) -> Tensor:
        """What is seen at each point, near before far: numbers times opacity, then opacity, (B, t, channels + 1, 3, h * n, w * n)."""
        nearest_last = layouts.boxes[..., GROUND].float().mean(-1).argsort(dim=2)
        who = layouts.who.gather(2, nearest_last) * layouts.given.unsqueeze(2)
        boxes = layouts.boxes.gather(2, nearest_last[..., None, None].expand_as(layouts.boxes))
        out: Tensor | None = None
        for slot in range(who.shape[2]):
            layer = self.layer(who[:, :, slot].flatten(), boxes[:, :, slot].flatten(0, 1), height, width)
            out = layer if out is None else layer + out * (1 - layer[:, -1:])
        assert out is not None, "a layout has at least one slot"
        seen: Tensor = out.unflatten(0, who.shape[:2])
        return seen

    def layer(self, who: Tensor, boxes: Tensor, height: int, width: int) -> Tensor:
        """One slot of each of N latent frames, (N, channels + 1, 3, h * n, w * n): numbers times opacity, and opacity."""
        points = picture_points(boxes, height, width, SKETCH_POINTS)
        sampled = F.grid_sample(self.picture.float()[who], points.flatten(1, 2), align_corners=False)
        there = (points.abs().amax(-1) < 1) & (who > 0).view(-1, 1, 1, 1)
        opacity = torch.sigmoid(sampled[:, -1:]).unflatten(2, (MOMENTS, height * SKETCH_POINTS)) * there.unsqueeze(1)
        numbers = sampled[:, :-1].unflatten(2, (MOMENTS, height * SKETCH_POINTS)) * opacity
        return torch.cat([numbers, opacity], dim=1)

    def in_cells(self, seen: Tensor, height: int, width: int) -> Tensor:
        """Points gathered by the cell in which they lie, (B, t, h, w, (channels + 1) * 3 * n * n), opacity last."""
        parts = seen.unflatten(5, (width, SKETCH_POINTS)).unflatten(4, (height, SKETCH_POINTS))
        cells: Tensor = parts.permute(0, 1, 4, 6, 2, 3, 5, 7).flatten(4)
        return cells


COVERED = 0.02
"""Share of a cell from which on its sketch counts in full; below, it fades, so that who is not there leaves nothing."""

"""Reads one frame and what changed since a quarter second ago: who fills each cell, where they stand, place, time, weather, cuts.

The change comes in as a second picture (this frame minus the earlier one): what moves stands out, and a cut more than anything.
There is no attention and no memory; frames are read in one batch.

Reference: cells that vote for the box of the player they belong to follow Tian et al., FCOS, arXiv:1904.01355; centre-ness and
pyramid are left out, since a clip holds few players.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.models.parser.config import STRIDE, ParserConfig
from misora.models.parser.layers import Block, ChannelNorm

BOX = 4
"""Values that a cell says of its player's box: middle x, bottom y, log height, log width."""
BOX_UNIT = 32.0
"""Canvas pixels: offsets are predicted in this unit, so that they are about one."""


class FrameReading(NamedTuple):
    """What every frame says; float32. What a vocabulary has no names for is zero wide.

    Args:
        cells: Logits of nobody and of each character, (B, 1 + characters, h, w).
        boxes: For each cell, in canvas pixels from its own middle: x and y of the middle of its player's bottom edge, and
            log height and log width of the box, (B, 4, h, w); only cells of a player mean anything.
        colours: Logits of the colour of each cell's player, (B, colours, h, w); only cells of a player mean anything.
        place, time, weather: Logits, (B, classes).
        cut: Logit of a cut between the earlier frame and this one, (B,).
        features: Mean features of the frame, (B, dim + context_dim); for distances between sets of clips.
    """

    cells: Tensor
    boxes: Tensor
    colours: Tensor
    place: Tensor
    time: Tensor
    weather: Tensor
    cut: Tensor
    features: Tensor


class FrameNetwork(nn.Module):
    """Frames in, ``FrameReading`` out."""

    def __init__(self, config: ParserConfig) -> None:
        super().__init__()
        stem, dim, wide = config.stem_dim, config.dim, config.context_dim
        self.enter = nn.Conv2d(6, stem // 2, 5, stride=2, padding=2)
        self.stem = nn.Conv2d(stem // 2, stem, 3, stride=2, padding=1)
        self.stem_block = Block(stem)
        self.down = nn.Conv2d(stem, dim, 3, stride=2, padding=1)
        self.blocks = nn.Sequential(*(Block(dim) for _ in range(config.blocks)))
        self.context_down = nn.Conv2d(dim, wide, 3, stride=2, padding=1)
        self.context = nn.Sequential(*(Block(wide) for _ in range(config.context_blocks)))
        self.up = nn.Conv2d(wide, dim, 1)
        self.join = Block(dim)
        self.norm, self.context_norm = ChannelNorm(dim), ChannelNorm(wide)
        self.cells = nn.Conv2d(dim, 1 + len(config.characters), 1)
        self.boxes = nn.Conv2d(dim, BOX, 1)
        self.place = nn.Linear(dim + wide, len(config.places))
        self.time = nn.Linear(dim + wide, len(config.times))
        self.cut = nn.Linear(1 + dim + wide, 1)
        self.colours = nn.Conv2d(dim, len(config.colours), 1) if config.colours else None
        self.weather = nn.Linear(dim + wide, len(config.weathers)) if config.weathers else None
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def encode(self, frame: Tensor, earlier: Tensor) -> tuple[Tensor, Tensor]:
        """What the heads read: the map of cells, (B, dim, h, w), and mean features of the frame, (B, dim + context_dim)."""
        x = torch.cat([frame, frame - earlier], dim=1).contiguous(memory_format=torch.channels_last)
        x = self.stem_block(self.stem(F.silu(self.enter(x))))
        x = self.blocks(self.down(x))
        context = self.context(self.context_down(x))
        x = self.norm(self.join(x + F.interpolate(self.up(context), scale_factor=2, mode="nearest")))
        return x, torch.cat([x.mean((2, 3)), self.context_norm(context).mean((2, 3))], dim=1)

    def forward(self, frame: Tensor, earlier: Tensor) -> FrameReading:
        """Reads ``frame`` (B, 3, H, W) in [-1, 1], sides multiples of 16; ``earlier`` is the same a quarter second before."""
        x, features = self.encode(frame, earlier)
        change = (frame - earlier).abs().mean((1, 2, 3)).unsqueeze(1)
        return FrameReading(
            cells=self.cells(x).float(),
            boxes=self._boxes(x),
            colours=x.new_zeros(len(x), 0, *x.shape[2:]) if self.colours is None else self.colours(x).float(),
            place=self.place(features).float(),
            time=self.time(features).float(),
            weather=features.new_zeros(len(x), 0) if self.weather is None else self.weather(features).float(),
            cut=self.cut(torch.cat([change, features], dim=1))[:, 0].float(),
            features=features.float(),
        )

    def _boxes(self, x: Tensor) -> Tensor:
        offsets, logs = self.boxes(x).float().split(2, dim=1)
        return torch.cat([offsets * BOX_UNIT, logs + torch.log(torch.tensor(BOX_UNIT))], dim=1)


def cell_middles(height: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """Middle of every cell of a canvas in pixels, right and down: (2, h, w)."""
    rows = (torch.arange(height // STRIDE, device=device) + 0.5) * STRIDE
    columns = (torch.arange(width // STRIDE, device=device) + 0.5) * STRIDE
    down, right = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([right, down])

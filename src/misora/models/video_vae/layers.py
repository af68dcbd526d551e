"""Blocks of the autoencoder: 2-D convolutions that remember the step before, and moves between scales.

Inside the autoencoder features are (B, T, C, H, W) with T steps of that scale; a ``Memory`` carries what a block
saw last, so that a clip fed in pieces gives the same numbers as the clip fed whole.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Memory = dict[int, Tensor]
"""Last step seen by each memory block, (B, 1, H, W, C / 2), by the block's number; empty before the first."""


class MemoryBlock(nn.Module):
    """Residual block of two 3 x 3 convolutions over [this step, half the channels of the step before]."""

    def __init__(self, width: int, number: int) -> None:
        super().__init__()
        self.number = number
        self.kept = width // 2
        self.norm = nn.Parameter(torch.ones(width))
        self.mix = nn.Conv2d(width + self.kept, width, 3, padding=1)
        self.out = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, memory: Memory) -> Tensor:
        """(B, T, C, H, W) to the same; reads and replaces ``memory[number]`` (B, 1, H, W, C / 2)."""
        flat = x.flatten(0, 1)
        # Channels last from here on: torch would join 5-D tensors channels first, and turn them round for the convolution.
        normed = rms_norm(flat, self.norm).permute(0, 2, 3, 1).unflatten(0, x.shape[:2])
        past = normed[..., : self.kept]
        first = memory.get(self.number, torch.zeros_like(past[:, :1]))
        memory[self.number] = past[:, -1:]
        both = torch.cat([normed, torch.cat([first, past[:, :-1]], dim=1)], dim=-1).flatten(0, 1).permute(0, 3, 1, 2)
        hidden = F.silu(self.mix(both), inplace=True)
        out: Tensor = (flat + self.out(hidden)).unflatten(0, x.shape[:2])
        return out


class Level(nn.ModuleList):
    """Memory blocks of one scale in a row, then a normalisation.

    Without that last one the features that leave, and with them every gradient behind, grow with the weights: the
    gradient's norm rose fortyfold in 200 steps and the run fell apart.
    """

    def __init__(self, width: int, count: int, first_number: int) -> None:
        super().__init__(MemoryBlock(width, first_number + index) for index in range(count))
        self.norm = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor, memory: Memory) -> Tensor:
        for block in self:
            x = block(x, memory)
        out: Tensor = rms_norm(x.flatten(0, 1), self.norm).unflatten(0, x.shape[:2])
        return out


def rms_norm(x: Tensor, weight: Tensor) -> Tensor:
    """Root-mean-square normalisation over the channels of (B, C, H, W); keeps channels-last memory."""
    return F.rms_norm(x.permute(0, 2, 3, 1), (x.shape[1],), weight.to(x.dtype), 1e-6).permute(0, 3, 1, 2)


def fold(x: Tensor, space: int, time: int) -> Tensor:
    """(B, T, C, H, W) to (B, T / time, C * time * space**2, H / space, W / space)."""
    batch, steps, channels, height, width = x.shape
    x = x.reshape(batch, steps // time, time, channels, height // space, space, width // space, space)
    return x.permute(0, 1, 2, 3, 5, 7, 4, 6).reshape(batch, steps // time, -1, height // space, width // space)


def unfold(x: Tensor, space: int, time: int) -> Tensor:
    """Inverse of ``fold``."""
    batch, steps, channels, height, width = x.shape
    x = x.reshape(batch, steps, time, channels // (time * space**2), space, space, height, width)
    return x.permute(0, 1, 2, 3, 6, 4, 7, 5).reshape(batch, steps * time, -1, height * space, width * space)


def unfold_wide(x: Tensor, space: int, time: int) -> Tensor:
    """``unfold`` to channels-last memory, as the next convolution wants it: quick while many channels are left, slow for pixels."""
    batch, steps, channels, height, width = x.shape
    x = x.reshape(batch, steps, time, channels // (time * space**2), space, space, height, width)
    wide = x.permute(0, 1, 2, 6, 4, 7, 5, 3).reshape(batch, steps * time, height * space, width * space, -1)
    return wide.permute(0, 1, 4, 2, 3)


class Pointwise(nn.Conv2d):
    """1 x 1 convolution over (B, T, C, H, W)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        out: Tensor = super().forward(flat).unflatten(0, x.shape[:2])
        return out

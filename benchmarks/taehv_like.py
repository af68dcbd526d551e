"""A decoder of the shape of TAEHV, the tiny autoencoder for video latents, written for its cost: widths, depths and strides are its.

Latents of 16 channels, 8 x 8 x 4 pixels a cell, become frames by 2-D convolutions whose blocks also see the step before. Untrained.

Reference: madebyollin, TAEHV (tiny autoencoder for Hunyuan Video), whose published layer table this follows.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (256, 128, 64, 64)
BLOCKS = 3
TIME_GROWTH = (1, 2, 2)


class PastBlock(nn.Module):
    """Three 3 x 3 convolutions over a step and the one before it, added to the step."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(2 * width if index == 0 else width, width, 3, padding=1) for index in range(3))

    def forward(self, x: Tensor) -> Tensor:
        """(T, C, H, W) to the same."""
        hidden = torch.cat([x, torch.cat([torch.zeros_like(x[:1]), x[:-1]])], dim=1)
        for layer in self.layers[:-1]:
            hidden = F.relu(layer(hidden))
        return F.relu(self.layers[-1](hidden) + x)


class TaehvLikeDecoder(nn.Module):
    """(1, 16, t, h, w) to (4 t, 3, 8 h, 8 w)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(16, WIDTHS[0], 3, padding=1)
        self.stages = nn.ModuleList(nn.Sequential(*(PastBlock(width) for _ in range(BLOCKS))) for width in WIDTHS[:3])
        self.grow = nn.ModuleList(
            nn.Conv2d(width, width * growth, 1, bias=False) for width, growth in zip(WIDTHS[:3], TIME_GROWTH, strict=True)
        )
        self.narrow = nn.ModuleList(nn.Conv2d(WIDTHS[i], WIDTHS[i + 1], 3, padding=1, bias=False) for i in range(3))
        self.out = nn.Conv2d(WIDTHS[-1], 3, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, latents: Tensor) -> Tensor:
        x = F.relu(self.enter(latents[0].transpose(0, 1).contiguous(memory_format=torch.channels_last)))
        for stage, grow, narrow in zip(self.stages, self.grow, self.narrow, strict=True):
            x = F.interpolate(stage(x), scale_factor=2.0)
            x = grow(x)
            x = narrow(x.reshape(-1, narrow.in_channels, *x.shape[-2:]))
        return self.out(F.relu(x))

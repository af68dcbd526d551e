"""The upsampler: a bicubic enlargement and the detail that it lacks.

Cells of 2 x 2 pixels run through residual blocks of 2-D convolutions, each of which also sees what it computed for the frame before, so
that a clip streams frame by frame in constant memory and gives the numbers of the clip run whole. The last convolution starts at zero: an
untrained upsampler is bicubic enlargement. It knows frames only, nothing of latents, canvases or how the frames came about.

Reference: residual over an interpolation, Kim et al., VDSR, arXiv:1511.04587; detail written by sub-pixel convolution, Shi et al.,
arXiv:1609.05158. The recurrence is that of our autoencoder's blocks.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.models.upsampler.config import CELL, CELL_CHANNELS, DETAIL_CHANNELS, SCALE, UpsamplerConfig
from misora.models.video_vae.layers import Level, Memory, Pointwise, fold, unfold

DETAIL_GAIN = 0.1
"""Scales the last convolution: one optimiser step then moves pixels by thousandths, not by hundredths."""


class Upsampler(nn.Module):
    """Frames twice as large; ``Memory`` carries what the blocks saw last."""

    def __init__(self, config: UpsamplerConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = Pointwise(CELL_CHANNELS, config.width, 3)
        self.body = Level(config.width, config.blocks, 0)
        self.out = Pointwise(config.width, DETAIL_CHANNELS, 3)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pixels: Tensor, memory: Memory) -> Tensor:
        """(B, T, 3, H, W) in [-1, 1], sides even, to (B, T, 3, 2 H, 2 W), about [-1, 1], float32."""
        x = self.body(self.enter(fold(pixels, CELL, 1).to(self.enter.weight.dtype)), memory)
        return enlarged(pixels.float()) + DETAIL_GAIN * unfold(self.out(x), SCALE * CELL, 1).float()


def enlarged(pixels: Tensor) -> Tensor:
    """(B, T, 3, H, W) to (B, T, 3, 2 H, 2 W), bicubic."""
    flat = F.interpolate(pixels.flatten(0, 1), scale_factor=SCALE, mode="bicubic", align_corners=False)
    large: Tensor = flat.unflatten(0, pixels.shape[:2])
    return large

"""What latents should gain, from what the decoder misses when it is given them.

An encoder of one pass cannot know what the decoder makes of its latents, and latents that are two decibels better lie close by. The
refiner sees the video, what is missed of it and the latents, and says how they should change; it may be asked several times.

Reference:
    Amortised inference that is mended step by step: Marino et al., Iterative Amortized Inference, arXiv:1807.09356.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from misora.models.video_vae.config import PATCH_CHANNELS, PATCH_SPACE, PATCH_TIME, VideoVAEConfig
from misora.models.video_vae.layers import Level, Memory, Pointwise, fold


class Refiner(nn.Module):
    """Changes nothing until it has learnt: its last layer begins at zero."""

    def __init__(self, config: VideoVAEConfig) -> None:
        super().__init__()
        widths = config.refiner_widths
        self.patch = Pointwise(2 * PATCH_CHANNELS, widths[0])
        self.levels = nn.ModuleList(
            Level(width, count, 2000 + 100 * level) for level, (width, count) in enumerate(zip(widths, config.refiner_blocks, strict=True))
        )
        self.downs = nn.ModuleList(Pointwise(8 * widths[level], widths[level + 1]) for level in (0, 1))
        self.latents = Pointwise(config.latent_channels, widths[2])
        self.out = Pointwise(widths[2], config.latent_channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, video: Tensor, missed: Tensor, latents: Tensor, memory: Memory) -> Tensor:
        """What ``latents`` (B, t, C, h, w) should gain.

        Args:
            video: (B, 8 t, 3, H, W) in [-1, 1].
            missed: What the decoder lacks of it, of the same shape.
        """
        x = self.patch(fold(torch.cat([video, missed], dim=2), PATCH_SPACE, PATCH_TIME))
        for index in (0, 1):
            x = self.downs[index](fold(self.levels[index](x, memory), 2, 2))
        out: Tensor = self.out(self.levels[2](x + self.latents(latents), memory))
        return out

"""The interpolator: both pictures moved to the moment between them, and one laid over the other.

Motion is looked for from coarse to fine. Each look sees both pictures at its scale, as they are and as the motion found so far moves
them, and corrects that motion and the share that either picture has of each place. At full size the two are moved and mixed, and the last
convolution adds what neither shows. It starts at zero, and so does all motion: an untrained interpolator fades from one picture to the
other.

Reference:
    Motion of the middle picture estimated directly, coarse to fine: Huang et al., RIFE, arXiv:2011.06294. One network for any moment: the
    moment is an input.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.models.interpolator.config import CELL, MOTION, SEEN, InterpolatorConfig

DETAIL_GAIN = 0.1
"""Scales the last convolution: one optimiser step then moves pixels by thousandths, not by hundredths."""


class Block(nn.Module):
    """Two 3 x 3 convolutions beside what they correct."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(width, width, 3, padding=1)
        self.out = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        out: Tensor = x + self.out(F.silu(self.enter(F.silu(x))))
        return out


class Look(nn.Sequential):
    """What one scale corrects: motion in cells of that scale, and the share."""

    def __init__(self, width: int, blocks: int) -> None:
        last = nn.Conv2d(width, MOTION + 1, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        super().__init__(nn.Conv2d(SEEN, width, 3, padding=1), *(Block(width) for _ in range(blocks)), last)


class Interpolator(nn.Module):
    """Pictures between pairs of pictures."""

    def __init__(self, config: InterpolatorConfig) -> None:
        super().__init__()
        self.config = config
        self.looks = nn.ModuleList(Look(config.width, config.blocks) for _ in config.scales)
        self.detail = nn.Sequential(
            nn.Conv2d(3 * 3 * CELL**2, config.width, 3, padding=1), nn.SiLU(), nn.Conv2d(config.width, 3 * CELL**2, 3, padding=1)
        )
        for zeroed in (self.detail[-1].weight, self.detail[-1].bias):
            nn.init.zeros_(zeroed)  # type: ignore[arg-type]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def dtype(self) -> torch.dtype:
        """In which its convolutions compute."""
        return next(self.parameters()).dtype

    def forward(self, first: Tensor, second: Tensor, moment: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) at ``moment`` (B,) of the way from ``first`` to ``second``, about [-1, 1], float32.

        Args:
            first, second: In [-1, 1]; sides are multiples of the coarsest scale.
        """
        first, second, moment = first.float(), second.float(), moment.float()[:, None, None, None]
        motion, share = first.new_zeros(len(first), MOTION, 1, 1), torch.logit(1 - moment)
        for scale, look in zip(self.config.scales, self.looks, strict=True):
            small = [F.avg_pool2d(picture, scale) for picture in (first, second)]
            motion, share = (resized(values, small[0]) for values in (motion, share))
            moved = [warp(picture, way / scale) for picture, way in zip(small, motion.chunk(2, dim=1), strict=True)]
            seen = torch.cat([*small, *moved, motion / scale, share, moment.expand_as(share)], dim=1)
            found = look(seen.to(self.dtype)).float()
            motion, share = motion + scale * found[:, :MOTION], share + found[:, MOTION:]
        motion, share = (resized(values, first) for values in (motion, share))
        moved = [warp(picture, way) for picture, way in zip((first, second), motion.chunk(2, dim=1), strict=True)]
        mixed = torch.lerp(moved[1], moved[0], share.sigmoid())
        cells = F.pixel_unshuffle(torch.cat([mixed, *moved], dim=1), CELL)
        detail = self.detail(cells.to(self.dtype)).float()
        out: Tensor = mixed + DETAIL_GAIN * F.pixel_shuffle(detail, CELL)
        return out


def resized(values: Tensor, like: Tensor) -> Tensor:
    """``values`` (B, C, h, w), which are in pixels or in no unit, at the size of ``like``."""
    out: Tensor = F.interpolate(values, like.shape[-2:], mode="bilinear", align_corners=False)
    return out


def warp(picture: Tensor, way: Tensor) -> Tensor:
    """``picture`` (B, C, H, W) looked at where ``way`` (B, 2, H, W) leads: columns, then rows, in its own pixels; its edges go on."""
    height, width = picture.shape[-2:]
    columns = torch.arange(width, device=picture.device) + way[:, 0]
    rows = torch.arange(height, device=picture.device)[:, None] + way[:, 1]
    grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], dim=-1)
    out: Tensor = F.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return out

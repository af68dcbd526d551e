"""Frames as networks take them, and back."""

from __future__ import annotations

import torch
from torch import Tensor


def to_pixels(frames: Tensor) -> Tensor:
    """uint8 (B, T, H, W, 3) to pixels (B, 3, T, H, W) in [-1, 1]."""
    return frames.movedim(-1, 1).float().div_(127.5).sub_(1)


def to_frames(pixels: Tensor) -> Tensor:
    """Pixels (B, 3, T, H, W) to uint8 (B, T, H, W, 3) on the CPU."""
    return pixels.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8).movedim(1, -1).cpu()

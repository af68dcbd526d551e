"""What painters paint with: the coordinates of a clip's pixels, colours under its light, soft edges. Knows no place."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from misora.world.light import Colour, Light


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Scene coordinates of the pixels of one clip, and what painters draw with.

    Args:
        far, middle, near: (x, y) of each pixel in three parallax layers, each broadcastable to (T, H, W).
        pixel: Size of one pixel in view heights, for soft edges.
        horizon: In view heights.
        sun_x: In view heights.
        light: The time of day.
        rng: Seeded by the scene.
    """

    far: tuple[Tensor, Tensor]
    middle: tuple[Tensor, Tensor]
    near: tuple[Tensor, Tensor]
    pixel: float
    horizon: float
    sun_x: float
    light: Light
    rng: random.Random

    def colour(self, rgb: Colour) -> Tensor:
        return torch.tensor(rgb, device=self.far[1].device).view(3, 1, 1)

    def lit(self, rgb: Colour) -> Tensor:
        """``rgb`` under this time of day."""
        return self.colour(rgb) * self.colour(self.light.tint)

    def edge(self, distance: Tensor) -> Tensor:
        """Coverage in [0, 1] of a shape from its signed distance (positive inside), antialiased over a pixel."""
        return (distance / self.pixel + 0.5).clamp(0, 1)


def mix(base: Tensor, top: Tensor, alpha: Tensor) -> Tensor:
    """``top`` over ``base`` with coverage ``alpha`` (T, H, W)."""
    return base + alpha.unsqueeze(-3) * (top - base)


def ramp(y: Tensor, bottom: float, top: float) -> Tensor:
    return ((y - bottom) / (top - bottom)).clamp(0, 1)


def scattered(cell: Tensor, salt: float) -> Tensor:
    """A fixed pseudo-random number in [0, 1) for each integer cell."""
    return torch.frac(torch.sin(cell * 12.9898 + salt) * 43758.547).abs()


def capsule(x: Tensor, y: Tensor, ax: float, ay: float, bx: float, by: float, radius: float) -> Tensor:
    """Signed distance (positive inside) to a thick line from a to b."""
    dx, dy = bx - ax, by - ay
    along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0, 1)
    return radius - ((x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2).sqrt()


def box(x: Tensor, y: Tensor, middle_x: float, middle_y: float, half_width: float, half_height: float) -> Tensor:
    """Signed distance (positive inside) to an upright rectangle."""
    return torch.minimum(half_width - (x - middle_x).abs(), half_height - (y - middle_y).abs())


def union(*distances: Tensor) -> Tensor:
    """Signed distance to whatever is inside any of the shapes."""
    return torch.stack(torch.broadcast_tensors(*distances)).amax(0)

"""A canvas on the latent grid: rounded up, padded evenly on both sides, cropped back exactly; nothing is ever stretched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from misora.base.canvas import Frames, Mask
from misora.base.shapes import LatentShape, VideoShape


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the canvas lies on the padded pixel grid.

    Args:
        latent: The latent grid.
        top, left: Padding before the canvas; what is left over comes after it.
    """

    shape: VideoShape
    latent: LatentShape
    top: int
    left: int

    def crop(self, frames: Frames) -> Frames:
        """Frames of the padded grid (T, H', W', 3) to the canvas (T, H, W, 3)."""
        return frames[:, self.top : self.top + self.shape.height, self.left : self.left + self.shape.width]

    def pad(self, frames: Frames) -> Frames:
        """Frames of the canvas to the padded grid; the rim repeats the edge, so that it holds no contour of its own."""
        return np.pad(frames, ((0, 0), *self._margins(), (0, 0)), mode="edge")

    def pad_mask(self, mask: Mask) -> Mask:
        """A mask (H, W) to the padded grid; the rim follows the edge, as the pixels do."""
        return np.pad(mask, self._margins(), mode="edge")

    def _margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        _, height, width = self.latent.pixel_size
        below, right = height - self.shape.height - self.top, width - self.shape.width - self.left
        return (self.top, below), (self.left, right)


def grid_of(shape: VideoShape) -> Grid:
    """The smallest grid that covers ``shape``, with the canvas in its middle."""
    _, height, width = shape.latent.pixel_size
    return Grid(shape, shape.latent, (height - shape.height) // 2, (width - shape.width) // 2)

"""The layout of a clip: who is where in every latent frame, and how the camera moves; drawn before the clip is painted. Plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from misora.base.shapes import TIME_STRIDE

MOMENTS = 3
"""Pictures of a latent frame at which players are measured: its first, one in its middle, its last."""

X, Y, HEIGHT, TURN, GROUND = range(5)
"""Columns of a box."""
BOX = 5

PAN, ZOOM = range(2)
"""Columns of the camera."""
CAMERA = 2

FAR, MIDDLE, NEAR = 0.15, 0.5, 1.0
"""Share of the camera's way that sky and clouds seem to go, that hills and trees do, and that the ground does."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Who is where.

    Args:
        who: Class of the character in each slot, 0 where nobody is, (t, P) int64.
        boxes: Each player at ``MOMENTS`` pictures, (t, P, 3, 5) float32: its middle in latent cells to the right of and below the middle of
            the picture, its height in cells, how much of its width is seen, from 1 (as drawn) to -1 (mirrored), and the place on the ground
            beneath it, in cells below the middle of the picture.
        camera: How fast it goes, (t, 2) float32: to the right in cells a second, and nearer as the logarithm of magnification a second.
    """

    who: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float32]
    camera: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.who)

    def part(self, start: int, stop: int) -> Layout:
        """Latent frames ``[start, stop)``."""
        return Layout(self.who[start:stop], self.boxes[start:stop], self.camera[start:stop])


def moments_of(index: int) -> tuple[int, int, int]:
    """The pictures at which latent frame ``index`` is measured; the first stands for one picture alone."""
    last = TIME_STRIDE * index
    return (last - TIME_STRIDE + 1, last - TIME_STRIDE // 2, last) if index else (0, 0, 0)

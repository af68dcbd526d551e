"""A kept clip carried on beyond its end along its own motion, for the half second in which it gives way to what was made.

Blocks of the last pictures are matched with those a few frames before; what moved goes on as fast, what stood still stands still. Behind
something that has moved away lies nothing that was ever seen, so nothing is carried there. Knows no networks and no plan; a clip is carried
back before its beginning by handing its pictures in reverse.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image, ImageFilter

from misora.base.canvas import Frames, Mask
from misora.media.pictures import Picture

Motion = npt.NDArray[np.float32]
"""(rows, columns, 2): pixels down and to the right that each block moves in a frame."""

LOOK_BACK = 3
"""Frames over which motion is measured: the small picture then tells a third of its pixel a frame."""
SMALL_SIDE = 128
"""Short side, in pixels, of the pictures in which blocks are matched."""
BLOCK = 8
"""Side of a block in those."""
REACH = 12
"""How far, in small pixels, a block may have moved in ``LOOK_BACK`` frames."""
STANDS_STILL = 1.5
"""Levels of 255 by which a match must beat standing still; a match at full reach must be better by one level more."""

GAP = 9
"""Width in pixels of gaps that close between blocks which moved at different speeds; an odd number."""


class Carry:
    """What a clip would show after its last picture if everything went on as it did.

    Args:
        pictures: (n, H, W, 3), in order, the last one at the joint; more than ``LOOK_BACK`` + 1 say nothing more.
    """

    def __init__(self, pictures: Frames) -> None:
        self.last: Picture = np.asarray(pictures[-1])
        back = min(LOOK_BACK, len(pictures) - 1)
        self.motion: Motion = block_motion(pictures[-1 - back], self.last) / np.float32(max(1, back))

    def at(self, frames: int) -> tuple[Picture, npt.NDArray[np.float32]]:
        """The picture ``frames`` after the last, and (H, W), 1 where something was carried and 0 where nothing was, soft between them."""
        if not self.motion.any():
            return self.last, np.ones(self.last.shape[:2], np.float32)
        height, width = self.last.shape[:2]
        shift, seen = np.zeros((height, width, 2), np.int64), np.ones((height, width), np.bool_)
        moving = list(self._moving(frames))
        for rows, columns, _ in moving:
            seen[rows, columns] = False
        for rows, columns, (down, right) in moving:
            landing = moved(rows, down, height), moved(columns, right, width)
            shift[landing], seen[landing] = (down, right), True
        across, along = np.arange(width), np.arange(height)[:, None]
        picked = self.last[(along - shift[..., 0]).clip(0, height - 1), (across - shift[..., 1]).clip(0, width - 1)]
        return picked, softened(seen)

    def _moving(self, frames: int) -> Iterator[tuple[slice, slice, tuple[int, int]]]:
        """Rows, columns and the way in whole pixels of every block that moves."""
        (height, width), (rows, columns) = self.last.shape[:2], self.motion.shape[:2]
        for row, column in np.argwhere(self.motion.any(-1)):
            down, right = (round(float(speed) * frames) for speed in self.motion[row, column])
            yield (
                slice(row * height // rows, (row + 1) * height // rows),
                slice(column * width // columns, (column + 1) * width // columns),
                (down, right),
            )


def softened(seen: Mask) -> npt.NDArray[np.float32]:
    """(H, W), 0 to 1: ``seen`` with its gaps between blocks closed and its rim soft."""
    picture = Image.fromarray(seen.astype(np.uint8) * 255)
    closed = picture.filter(ImageFilter.MaxFilter(GAP)).filter(ImageFilter.MinFilter(GAP))
    return np.asarray(closed.filter(ImageFilter.BoxBlur(GAP // 2)), np.float32) / np.float32(255)


def moved(pixels: slice, way: int, size: int) -> slice:
    """``pixels`` further on by ``way``, as far as they lie within ``size``."""
    return slice(min(max(pixels.start + way, 0), size), min(max(pixels.stop + way, 0), size))


def block_motion(before: Picture, after: Picture) -> Motion:
    """How far each block of ``after`` has come since ``before``, in pixels of the pictures; 0 where standing still explains it as well."""
    scale = min(1.0, SMALL_SIDE / min(after.shape[:2]))
    size = tuple(max(1, round(side * scale / BLOCK)) * BLOCK for side in after.shape[:2])
    earlier, later = (brightness(picture, size) for picture in (before, after))
    still = blockwise(np.abs(later - earlier))
    best, motion = still - STANDS_STILL, np.zeros((*still.shape, 2), np.float32)
    padded = np.pad(earlier, REACH, mode="edge")
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):
            came = padded[REACH - down : REACH - down + size[0], REACH - right : REACH - right + size[1]]
            error = blockwise(np.abs(later - came)) + np.hypot(down, right) / REACH
            better = error < best
            best[better], motion[better] = error[better], (down, right)
    return agreed(motion) * np.asarray((after.shape[0] / size[0], after.shape[1] / size[1]), np.float32)


def agreed(motion: Motion) -> Motion:
    """Each block's motion as the median of it and its neighbours: one that goes astray would tear the picture."""
    around = np.pad(motion, ((1, 1), (1, 1), (0, 0)), mode="edge")
    return np.asarray(np.median(sliding_window_view(around, (3, 3), axis=(0, 1)), axis=(-2, -1)), np.float32)


def brightness(picture: Picture, size: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """(H, W, 3) to levels of ``size`` (height, width)."""
    small = Image.fromarray(np.asarray(picture)).resize((size[1], size[0]), Image.Resampling.BOX).convert("L")
    return np.asarray(small, np.float32)


def blockwise(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(H, W) to the mean of each block and its eight neighbours: a block of plain colour moves as what it lies in."""
    rows, columns = (side // BLOCK for side in values.shape)
    means = np.pad(values.reshape(rows, BLOCK, columns, BLOCK).mean((1, 3)), 1, mode="edge")
    return np.asarray(sliding_window_view(means, (3, 3)).mean((2, 3)), np.float32)

"""Where made frames meet kept ones: what hides the seam, in pixels, inside the made side only.

The autoencoder loses fine texture, so made frames beside kept ones would make it jump. A ``Joint`` lends the made frames what was lost of
the kept neighbour, where nothing has moved, and takes it back over half a second. An ``Overlay`` blends a made frame over the source's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import numpy.typing as npt

from misora.base.canvas import Frames, Mask
from misora.editing.masks import feather

Picture = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float32]

LENT_FRAMES = 12
"""Frames over which lent texture fades: half a second at 24 a second."""
STILL_LEVELS = 16.0
"""Change of a pixel, in levels of 255, at which it counts as moved and is lent little."""


class Mend(Protocol):
    """Takes every picture of a canvas in order, yields the mended ones of ``[start, stop)``."""

    def __call__(self, pictures: Iterator[Picture], start: int, stop: int) -> Iterator[Picture]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A seam in time.

    Args:
        before: The kept picture (H, W, 3) just before the made frames; the canvas holds its likeness at ``start - 1``. None where none is.
        after: The kept picture just after; the canvas holds its likeness at ``stop``.
    """

    before: Picture | None = None
    after: Picture | None = None

    def __call__(self, pictures: Iterator[Picture], start: int, stop: int) -> Iterator[Picture]:
        ahead = LENT_FRAMES if self.after is not None else 0
        waiting: deque[Picture] = deque()
        loan: Loan | None = None
        for index, picture in enumerate(pictures):
            if index == start - 1 and self.before is not None:
                loan = Loan(picture, self.before)
            if start <= index < stop:
                waiting.append(picture if loan is None else loan.give(picture, index - start))
                if len(waiting) > ahead:
                    yield waiting.popleft()
            if index == stop and self.after is not None:
                back = Loan(picture, self.after)
                waiting = deque(back.give(one, len(waiting) - 1 - place) for place, one in enumerate(waiting))
            if index >= stop:
                break
        yield from waiting


class Loan:
    """What a likeness lacks of its original, lent to the frames near it."""

    def __init__(self, likeness: Picture, original: Picture) -> None:
        self.likeness = likeness.astype(np.float32)
        self.lost = original.astype(np.float32) - self.likeness

    def give(self, picture: Picture, distance: int) -> Picture:
        """``picture``, ``distance`` + 1 frames from the original, with as much as is due where it has not moved."""
        share = 1 - (distance + 1) / (LENT_FRAMES + 1)
        if share <= 0:
            return picture
        frame = picture.astype(np.float32)
        moved = np.abs(frame - self.likeness).max(axis=-1, keepdims=True) / STILL_LEVELS
        return to_levels(frame + share * np.exp(-(moved**2)) * self.lost)


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Made pictures over the source's own; where their weight is 0 the source stays bit for bit.

    Args:
        source: (T, H, W, 3), one frame for each of ``[start, stop)``.
        times: Weight of each made picture, (T,), 0 to 1.
        where: (H, W) or (T, H, W), True where it may show, feathered on the inside; None is everywhere.
    """

    source: Frames
    times: Weights
    where: Mask | None = None

    def __call__(self, pictures: Iterator[Picture], start: int, stop: int) -> Iterator[Picture]:
        still = feather(self.where) if self.where is not None and self.where.ndim == 2 else None
        for place, picture in enumerate(islice(pictures, start, stop)):
            share = np.full(picture.shape[:2], self.times[place], np.float32)
            if self.where is not None:
                share *= still if still is not None else feather(self.where[place])
            yield over(picture, self.source[place], share)


def over(made: Picture, source: Picture, weight: Weights) -> Picture:
    """``made`` over ``source`` by ``weight`` (H, W), exact at 0 and at 1."""
    share = weight[..., None]
    under = source.astype(np.float32)
    mixed = to_levels(under + share * (made.astype(np.float32) - under))
    return np.where(share <= 0, source, np.where(share >= 1, made, mixed)).astype(np.uint8)


def to_levels(values: npt.NDArray[np.float32]) -> Picture:
    return values.round().clip(0, 255).astype(np.uint8)

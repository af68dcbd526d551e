"""Where made frames meet kept ones: what hides the seam, in pixels, inside the made side only.

The autoencoder loses fine texture, so made frames beside kept ones would make it jump. A ``Joint`` lends the made frames what was lost of
the kept neighbour, where nothing has moved, and what keeps light and colour from jumping, and takes both back over half a second. An
``Overlay`` blends a made frame over the source's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from misora.base.canvas import Frames, Mask
from misora.editing.masks import feather

Picture = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float32]

LENT_FRAMES = 12
"""Frames over which lent texture fades: half a second at 24 a second."""
COARSE_PIXELS = 16
"""Half a latent cell: what is finer is texture or an edge, and would leave a ghost where something has moved."""
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
        known: deque[Picture] = deque(maxlen=2)
        lender: Lender | None = None
        for index, picture in enumerate(islice(pictures, stop)):
            if index == start and known and self.before is not None:
                lender = Lender(self.before, tuple(known)[::-1], picture)
            known.append(picture)
            if index >= start:
                waiting.append(picture if lender is None else lender.give(picture, index - start))
            if len(waiting) > ahead:
                yield waiting.popleft()
        beyond = tuple(islice(pictures, 2))
        if self.after is not None and beyond and waiting:
            lender = Lender(self.after, beyond, known[-1])
            waiting = deque(lender.give(one, len(waiting) - 1 - place) for place, one in enumerate(waiting))
        yield from waiting


class Lender:
    """What made frames are lent at one joint: first what is coarse, so that texture is then lent wherever nothing has moved.

    Args:
        original: The kept picture at the joint.
        likenesses: Of the kept pictures, decoded: that one's, and, where there is one, that of the next away from the joint.
        made: The made picture at the joint.
    """

    def __init__(self, original: Picture, likenesses: Sequence[Picture], made: Picture) -> None:
        self.loan = Loan(likenesses[0], original)
        self.leap = Leap(likenesses[0], likenesses[1], made) if len(likenesses) > 1 else None

    def give(self, picture: Picture, distance: int) -> Picture:
        """``picture``, ``distance`` + 1 frames from the original, with what is due."""
        return self.loan.give(picture if self.leap is None else self.leap.give(picture, distance), distance)


def share_due(distance: int) -> float:
    """What is left of a loan, 0 to 1, ``distance`` + 1 frames from where it was given."""
    return max(0.0, 1 - (distance + 1) / (LENT_FRAMES + 1))


class Leap:
    """The step of light and colour at a joint, at coarse scale and as far as it is larger than the step beside it.

    A network that does not quite go on with what it was shown makes such steps; a step that is no larger than the clip's own motion is left
    alone. Without a step beside it to compare with there is no telling, and nothing is lent.
    """

    def __init__(self, known: Picture, beyond: Picture, made: Picture) -> None:
        step = coarse(known.astype(np.float32) - made)
        usual, size = (float(np.abs(one).mean()) for one in (coarse(known.astype(np.float32) - beyond), step))
        self.offset = step * max(0.0, 1 - usual / size) if size > 0 else step

    def give(self, picture: Picture, distance: int) -> Picture:
        share = share_due(distance)
        return picture if share == 0 else to_levels(picture + share * self.offset)


def coarse(values: Weights) -> Weights:
    """(H, W, 3) without what is finer than ``COARSE_PIXELS``."""
    height, width = values.shape[:2]
    small = (max(1, width // COARSE_PIXELS), max(1, height // COARSE_PIXELS))
    planes = [Image.fromarray(np.ascontiguousarray(values[..., channel])) for channel in range(3)]
    smooth = [plane.resize(small, Image.Resampling.BOX).resize((width, height), Image.Resampling.BILINEAR) for plane in planes]
    return np.stack([np.asarray(plane, np.float32) for plane in smooth], axis=-1)


class Loan:
    """What a likeness lacks of its original, lent to the frames near it."""

    def __init__(self, likeness: Picture, original: Picture) -> None:
        self.likeness = likeness.astype(np.float32)
        self.lost = original.astype(np.float32) - self.likeness

    def give(self, picture: Picture, distance: int) -> Picture:
        """``picture``, ``distance`` + 1 frames from the original, with as much as is due where it has not moved."""
        share = share_due(distance)
        if share == 0:
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

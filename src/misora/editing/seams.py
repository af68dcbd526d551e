"""Where made frames meet kept ones: what hides the seam, in pixels, inside the made side only.

The autoencoder loses fine texture, so made frames beside kept ones would make it jump, and a network may not quite go on with what it was
shown. A ``Joint`` lends the made frames what was lost of the kept neighbour, where nothing has moved, and, as far as they still jump, the
kept clip itself, carried on along its own motion; it takes both back over half a second. An ``Overlay`` blends a made frame over the
source's own.
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
from misora.editing.carrying import LOOK_BACK, Carry
from misora.editing.masks import feather

Picture = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float32]

LENT_FRAMES = 12
"""Frames over which lent texture fades: half a second at 24 a second."""
LOOKED_AT = LOOK_BACK + 1
"""Kept pictures at a joint that are looked at: enough to see how they move."""
JUMP = 2.0
"""How many times the clip's own step a step is, that it counts as nothing but a jump."""
STILL_LEVELS = 16.0
"""Change of a pixel, in levels of 255, at which it counts as moved and is lent little."""


class Mend(Protocol):
    """Takes every picture of a canvas in order, yields the mended ones of ``[start, stop)``."""

    def __call__(self, pictures: Iterator[Picture], start: int, stop: int) -> Iterator[Picture]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A seam in time.

    Args:
        before: The last kept pictures (n, H, W, 3) before the made frames; the canvas holds a likeness of the last at ``start - 1``. None
            where none are. ``LOOKED_AT`` of them are enough.
        after: The first kept pictures after them; the canvas holds a likeness of the first at ``stop``.
    """

    before: Frames | None = None
    after: Frames | None = None

    def __call__(self, pictures: Iterator[Picture], start: int, stop: int) -> Iterator[Picture]:
        fade = min(LENT_FRAMES, stop - start)
        ahead = fade if self.after is not None else 0
        waiting: deque[Picture] = deque()
        known: Picture | None = None
        lender: Lender | None = None
        for index, picture in enumerate(islice(pictures, stop)):
            if index == start and known is not None and self.before is not None:
                lender = Lender(self.before, known, picture, fade)
            if index < start:
                known = picture
                continue
            waiting.append(picture if lender is None else lender.give(picture, index - start))
            if len(waiting) > ahead:
                yield waiting.popleft()
        beyond = next(pictures, None) if self.after is not None else None
        if self.after is not None and beyond is not None and waiting:
            lender = Lender(self.after[::-1], beyond, waiting[-1], fade)
            waiting = deque(lender.give(one, len(waiting) - 1 - place) for place, one in enumerate(waiting))
        yield from waiting


class Lender:
    """What made frames are lent at one joint: texture wherever nothing has moved, then what keeps the picture from jumping.

    Args:
        kept: Kept pictures (n, H, W, 3), the last one at the joint.
        likeness: Of that one, decoded.
        made: The made picture at the joint.
        fade: Frames over which all of it is taken back.
    """

    def __init__(self, kept: Frames, likeness: Picture, made: Picture, fade: int) -> None:
        self.fade = fade
        self.loan = Loan(likeness, kept[-1])
        self.leap = Leap(kept, self.loan.give(made, self.share_due(0))) if len(kept) > 1 else None

    def give(self, picture: Picture, distance: int) -> Picture:
        """``picture``, ``distance`` + 1 frames from the kept one, with what is due."""
        share = self.share_due(distance)
        if share == 0:
            return picture
        lent = self.loan.give(picture, share)
        return lent if self.leap is None else self.leap.give(lent, distance, share)

    def share_due(self, distance: int) -> float:
        """What is left of a loan, 0 to 1, ``distance`` + 1 frames from where it was given."""
        return max(0.0, 1 - (distance + 1) / (self.fade + 1))


class Leap:
    """A jump at a joint, hidden by the kept clip, which is carried on and gives way.

    A network that does not quite go on with what it was shown makes jumps. A step no larger than the clip's own is left alone, so a network
    that does go on is not meddled with; one ``JUMP`` times as large is all hidden. Without a step beside it to compare with there is no
    telling, and nothing is lent.
    """

    def __init__(self, kept: Frames, made: Picture) -> None:
        self.carry = Carry(kept[-LOOKED_AT:])
        usual = difference(kept[-1], kept[-2])
        carried, seen = self.carry.at(1)
        size = float((seen[..., None] * np.abs(carried.astype(np.float32) - made)).mean())
        self.excess = min(1.0, JUMP / (JUMP - 1) * max(0.0, 1 - usual / size)) if size > 0 else 0.0

    def give(self, picture: Picture, distance: int, share: float) -> Picture:
        carried, seen = self.carry.at(distance + 1)
        weight = share * self.excess * seen[..., None]
        under = picture.astype(np.float32)
        return to_levels(under + weight * (carried.astype(np.float32) - under))


def difference(first: Picture, second: Picture) -> float:
    """Mean, in levels of 255."""
    return float(np.abs(first.astype(np.float32) - second).mean())


class Loan:
    """What a likeness lacks of its original, lent to the frames near it."""

    def __init__(self, likeness: Picture, original: Picture) -> None:
        self.likeness = likeness.astype(np.float32)
        self.lost = original.astype(np.float32) - self.likeness

    def give(self, picture: Picture, share: float) -> Picture:
        """``picture`` with so much of it, where it has not moved."""
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

"""A plan: the result of an edit as parts in order, each kept from a source or made on a canvas.

Kept frames are views of the source and reach the result bit for bit. A made part draws only the frames it adds; what else lies on its
canvas is context. A plan knows no network: ``assemble`` is given something that turns a canvas into frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from misora.base.canvas import Canvas, Frames
from misora.base.shapes import VideoShape
from misora.editing.seams import Joint, Mend

PIECE = 8
"""Kept frames that are handed on at once."""

Make = Callable[[Canvas], Iterator[Frames]]
"""A canvas to its frames, in pieces (n, H, W, 3), as they are made."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Frames (T, H, W, 3) of a source, untouched."""

    frames: Frames

    @property
    def num_frames(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Frames ``[start, stop)`` of a canvas.

    Args:
        mend: What hides the seam between these frames and their neighbours or surroundings; None is a hard cut.
    """

    canvas: Canvas
    start: int
    stop: int
    mend: Mend | None = None

    @property
    def num_frames(self) -> int:
        return self.stop - self.start

    def sampled(self, size: tuple[int, int] | None) -> Made:
        """The same with its canvas sampled at ``size``, unless it goes on from latents."""
        return self if self.canvas.past is not None else replace(self, canvas=replace(self.canvas, sampled=size))


Part = Kept | Made


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The result of an edit before anything is computed.

    Args:
        parts: In order of time, at least one.
        notes: What the person should know: something was rounded, fitted, or is longer than the model is at ease with.
    """

    parts: tuple[Part, ...]
    fps: float
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> VideoShape:
        """Of the result."""
        first = self.parts[0]
        height, width = first.frames.shape[1:3] if isinstance(first, Kept) else (first.canvas.shape.height, first.canvas.shape.width)
        return VideoShape(sum(part.num_frames for part in self.parts), height, width, self.fps)

    @property
    def canvases(self) -> tuple[Canvas, ...]:
        """What is to be made, in order."""
        return tuple(part.canvas for part in self.parts if isinstance(part, Made))

    @property
    def ends_made(self) -> bool:
        """Whether the last frame of the result is the last of a canvas, nothing laid over it."""
        last = self.parts[-1]
        return isinstance(last, Made) and last.stop == last.canvas.shape.num_frames and (last.mend is None or isinstance(last.mend, Joint))

    def sampled(self, size: tuple[int, int] | None) -> Plan:
        """The same with every canvas sampled at ``size``; one that goes on from latents keeps theirs."""
        parts = tuple(part if isinstance(part, Kept) else part.sampled(size) for part in self.parts)
        return replace(self, parts=parts)

    def noted(self, notes: tuple[str, ...]) -> Plan:
        """The same with ``notes`` said first."""
        return replace(self, notes=(*notes, *self.notes))

    def joints(self) -> tuple[int, ...]:
        """Frames of the result at which a part begins, the first part excepted."""
        starts, at = [], 0
        for part in self.parts[:-1]:
            at += part.num_frames
            starts.append(at)
        return tuple(starts)


def assemble(plan: Plan, make: Make) -> Iterator[Frames]:
    """Frames of the result in pieces (n, H, W, 3), in order, as they are made."""
    for part in plan.parts:
        if isinstance(part, Kept):
            yield from (part.frames[at : at + PIECE] for at in range(0, len(part.frames), PIECE))
        else:
            yield from made_frames(part, make)


def made_frames(part: Made, make: Make) -> Iterator[Frames]:
    """The frames of one made part, mended."""
    pictures = (picture for piece in make(part.canvas) for picture in piece)
    mend = part.mend or islice
    for picture in mend(pictures, part.start, part.stop):
        yield picture[None]

"""Long clips: the network looks at a window; each next window begins with the last latent frames of the one before, clean.

A clip of which nothing is known begins with a window of its first picture alone: what moves and what stays is then known of a place
from the start, and it can be shown at once. A window after the clip's start is numbered from 1, as the transformer asks: only the true
start is a single picture. A clip whose end is known and whose beginning is not is made from its end, each window ending with the first
latent frames of the one after. A gap between two known ends is made from both, and the last window closes it with sight of either side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

MAX_WINDOW = 7
"""Latent frames that the network sees at once, as many as in training: 49 frames, 2 s at 24 frames a second."""
OVERLAP = 3
"""Latent frames that a window shares with the one before: a second of motion to go on from."""
CLOSED = 3
"""Least number of latent frames that the window which closes a gap makes: with two on each side it is as long as any."""


@dataclass(frozen=True, slots=True)
class Window:
    """Latent frames ``[start, stop)``; ``[new_start, new_stop)`` are not yet known.

    Args:
        goes_on: Whether the canvas is the middle of a stream, so that even its first latent frame stands for eight pictures.
    """

    start: int
    stop: int
    new_start: int
    new_stop: int
    goes_on: bool = False

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def is_picture(self) -> bool:
        """Whether it is a clip's first picture alone."""
        return len(self) == 1 and self.first_number == 0

    def later(self, frames: int) -> Window:
        """The same ``frames`` latent frames further on."""
        return replace(
            self, start=self.start + frames, stop=self.stop + frames, new_start=self.new_start + frames, new_stop=self.new_stop + frames
        )

    @property
    def first_number(self) -> int:
        """The number that the network gives to the window's first latent frame."""
        return 0 if self.start == 0 and not self.goes_on else 1


def windows_of(num_frames: int, size: int = MAX_WINDOW, overlap: int = OVERLAP, *, picture_first: bool = False) -> Iterator[Window]:
    """Windows over ``num_frames`` latent frames; one when they fit.

    Args:
        picture_first: The first latent frame is a window of its own: a clip of which nothing is known then goes on from its first picture,
            as from one that is given.
    """
    done = 0
    if picture_first:
        yield Window(0, 1, 0, 1)
        done = 1
    while done < num_frames:
        start = max(0, done - overlap)
        stop = min(start + size, num_frames)
        yield Window(start, stop, done, stop)
        done = stop


def windows_from_end(num_frames: int, size: int = MAX_WINDOW, overlap: int = OVERLAP) -> Iterator[Window]:
    """The same from the last window to the first, as a mirror would show them."""
    for window in windows_of(num_frames, size, overlap):
        yield Window(num_frames - window.stop, num_frames - window.start, num_frames - window.stop, num_frames - window.new_start)


def windows_between(num_frames: int, size: int = MAX_WINDOW, overlap: int = OVERLAP) -> Iterator[Window]:
    """Windows inwards from both ends, as far on either side, then one over the middle; one alone when all fit."""
    if num_frames <= size:
        yield Window(0, num_frames, 0, num_frames)
        return
    seen = max(1, (size - CLOSED) // 2)
    closed = size - 2 * seen
    front = (num_frames - closed + 1) // 2
    yield from windows_of(front, size, overlap)
    for window in windows_from_end(num_frames - closed - front, size, overlap):
        yield window.later(front + closed)
    yield Window(front - seen, front + closed + seen, front, front + closed)

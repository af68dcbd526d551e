"""Long clips: the network looks at a window; each next window begins with the last latent frames of the one before, clean.

A window after the first is numbered from 1, as the transformer asks: only the clip's true start is a single picture. A clip whose end is
known and whose beginning is not is made from its end, each window ending with the first latent frames of the one after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_WINDOW = 7
"""Latent frames that the network sees at once, as many as in training: 49 frames, 2 s at 24 frames a second."""
OVERLAP = 3
"""Latent frames that a window shares with the one before: a second of motion to go on from."""


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
    def first_number(self) -> int:
        """The number that the network gives to the window's first latent frame."""
        return 0 if self.start == 0 and not self.goes_on else 1


def windows_of(num_frames: int, size: int = MAX_WINDOW, overlap: int = OVERLAP) -> Iterator[Window]:
    """Windows over ``num_frames`` latent frames; one when they fit."""
    done = 0
    while done < num_frames:
        start = max(0, done - overlap)
        stop = min(start + size, num_frames)
        yield Window(start, stop, done, stop)
        done = stop


def windows_from_end(num_frames: int, size: int = MAX_WINDOW, overlap: int = OVERLAP) -> Iterator[Window]:
    """The same from the last window to the first, as a mirror would show them."""
    for window in windows_of(num_frames, size, overlap):
        yield Window(num_frames - window.stop, num_frames - window.start, num_frames - window.stop, num_frames - window.new_start)

"""Clips as an edit takes them: at a size and rate that can be made, and what was changed to get there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.base.shapes import MAX_FPS, MAX_SIDE, MIN_FPS, MIN_SIDE
from misora.base.tail import Tail
from misora.media.fit import fit_frames
from misora.media.spool import room_for


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """Frames (T, H, W, 3) uint8 sRGB at a constant rate; ``tail`` is their end before decoding, where it is still known."""

    frames: Frames
    fps: float
    tail: Tail | None = None

    def __post_init__(self) -> None:
        if self.frames.ndim != 4 or self.frames.shape[-1] != 3 or self.frames.dtype != np.uint8 or not len(self.frames):
            raise InputError(f"a clip must be uint8 (T, H, W, 3) with T >= 1, got {self.frames.dtype} {self.frames.shape}", field="clip")
        if not 0 < self.fps < math.inf:
            raise InputError(f"a clip at fps={self.fps:g} cannot be played; its rate must be above 0", field="clip.fps")

    @property
    def seconds(self) -> float:
        return len(self.frames) / self.fps

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.frames.shape[1], self.frames.shape[2]

    def frame_at(self, seconds: float, name: str) -> int:
        """The frame boundary nearest to ``seconds``, 0 to T; ``name`` is the argument that an error names."""
        if not 0 <= seconds <= self.seconds + 0.5 / self.fps:
            nearest = min(max(seconds, 0.0), self.seconds) if not math.isnan(seconds) else 0.0
            raise InputError(f"{name}={seconds:g} is outside the clip, 0 to {self.seconds:.4g} s; nearest: {nearest:.4g}", field=name)
        return min(round(seconds * self.fps), len(self.frames))


def makeable(clip: Footage) -> tuple[Footage, tuple[str, ...]]:
    """``clip`` itself where the model can make frames like its own, else fitted; and a sentence for what was changed."""
    fps = makeable_rate(clip.fps)
    height, width = makeable_size(*clip.size)
    fitted = conformed(clip, height, width, fps)
    notes = []
    if fps != clip.fps:
        notes.append(f"the clip's {clip.fps:g} frames a second became {fps:g}, the nearest that can be made")
    if (height, width) != clip.size:
        notes.append(f"the clip's {clip.size[1]}x{clip.size[0]} became {width}x{height}, the nearest that can be made")
    return fitted, tuple(notes)


def makeable_rate(fps: float) -> float:
    """The nearest rate that can be made."""
    return min(max(fps, MIN_FPS), MAX_FPS)


def makeable_size(height: int, width: int) -> tuple[int, int]:
    """The nearest (height, width) of about the same aspect within limits, with even sides."""
    scale = min(1.0, MAX_SIDE / max(height, width))
    scale = max(scale, MIN_SIDE / min(height, width))
    sides = (min(MAX_SIDE, max(MIN_SIDE, 2 * round(side * scale / 2))) for side in (height, width))
    return (height, width) if scale == 1.0 and height % 2 == width % 2 == 0 else (next(sides), next(sides))


def conformed(clip: Footage, height: int, width: int, fps: float) -> Footage:
    """``clip`` at another rate, by its nearest frames, and another size, cropped to cover it."""
    if clip.size == (height, width) and clip.fps == fps:
        return clip
    return Footage(fit_frames(at_rate(clip.frames, clip.fps, fps), height, width), fps)


def at_rate(frames: Frames, fps: float, wanted: float) -> Frames:
    """The nearest frame for each tick of the new rate; the same length in seconds, to within half a frame."""
    if fps == wanted:
        return frames
    count = max(1, round(len(frames) * wanted / fps))
    picked = (np.arange(count) * fps / wanted).round().astype(int).clip(0, len(frames) - 1)
    taken = room_for((count, *frames.shape[1:]))
    for index, source in enumerate(picked):
        taken[index] = frames[source]
    return taken

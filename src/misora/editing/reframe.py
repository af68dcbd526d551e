"""Reframe: the clip on a larger canvas of another shape, with what lies outside its frame made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import numpy as np

from misora.base.canvas import Frames, Pin
from misora.base.errors import InputError
from misora.base.shapes import MAX_SIDE, SPACE_STRIDE, VideoShape, latent_side, parse_size
from misora.editing.footage import Footage, conformed, makeable
from misora.editing.plan import Made, Plan
from misora.editing.scene import Scene
from misora.editing.seams import Picture, Weights, to_levels

RIM_STRENGTH = 0.5
"""How firmly latent cells that the frame's edge runs through are held, their outside standing in for itself."""
LENT_PIXELS = 24
"""Width outside the frame over which texture lost at its edge is lent and taken back."""


@dataclass(frozen=True, slots=True)
class Reframe:
    """To ``size`` ("WIDTHxHEIGHT"), or to the smallest size of ``aspect`` ("9:16") that holds the clip as it is; one of them."""

    name: ClassVar[str] = "reframe"
    num_clips: ClassVar[tuple[int, int]] = (1, 1)
    roles: ClassVar[tuple[str, ...]] = ("parent",)

    size: str | None = None
    aspect: str | None = None

    def __post_init__(self) -> None:
        if (self.size is None) == (self.aspect is None):
            raise InputError("give a size or an aspect, one of them; for example aspect 9:16", field="size")
        if self.size is not None:
            parse_size(self.size)
        if self.aspect is not None:
            parse_aspect(self.aspect)

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """The clip in the middle, as large as it fits and never enlarged, and everything around it free."""
        clip, notes = makeable(clips[0])
        height, width = self.target(*clip.size)
        scale = min(1.0, height / clip.size[0], width / clip.size[1])
        if scale < 1:
            inner = tuple(min(limit, max(1, round(side * scale))) for side, limit in zip(clip.size, (height, width), strict=True))
            clip = conformed(clip, inner[0], inner[1], clip.fps)
            notes += (f"the clip became {inner[1]}x{inner[0]} to fit inside {width}x{height}",)
        if clip.size == (height, width):
            raise InputError(f"the clip has that shape already, {width}x{height}; nothing lies outside it", field="size")
        shape = VideoShape(len(clip.frames), height, width, clip.fps)
        top, left = middle(clip.size[0], height), middle(clip.size[1], width)
        mend = Surround(clip.frames, top, left)
        return Plan((Made(scene.canvas(shape, pins(clip.frames, shape, top, left)), 0, len(clip.frames), mend),), clip.fps, notes)

    def target(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the result for a clip of this size."""
        if self.size is not None:
            return parse_size(self.size)
        across, down = parse_aspect(self.aspect or "")
        wanted = max(height, math.ceil(width * down / across)), max(width, math.ceil(height * across / down))
        scale = min(1.0, MAX_SIDE / max(wanted))
        return even(wanted[0] * scale), even(wanted[1] * scale)


def parse_aspect(text: str) -> tuple[int, int]:
    """``"9:16"`` to (9, 16): across, down."""
    across, separator, down = text.partition(":")
    if not separator or not across.strip().isdecimal() or not down.strip().isdecimal() or not int(across) or not int(down):
        raise InputError(f"aspect={text!r} is not ACROSS:DOWN; for example 9:16", field="aspect")
    return int(across), int(down)


def even(side: float) -> int:
    """The even whole number at or above ``side``, or below it at the limit."""
    return min(MAX_SIDE, 2 * math.ceil(side / 2))


def middle(inner: int, outer: int) -> int:
    """Where a side of ``inner`` pixels begins on one of ``outer``: near the middle, on a line of the latent grid where there is room."""
    padding = (latent_side(outer) * SPACE_STRIDE - outer) // 2
    centre = (outer - inner) / 2
    lines = [line - padding for line in range(0, outer + padding, SPACE_STRIDE) if 0 <= line - padding <= outer - inner]
    return min(lines, key=lambda line: abs(line - centre), default=(outer - inner) // 2)


def pins(frames: Frames, shape: VideoShape, top: int, left: int) -> list[Pin]:
    """The clip held fast in its frame, and loosely in the cells that its edge runs through."""
    height, width = frames.shape[1:3]
    below, right = shape.height - height - top, shape.width - width - left
    around = np.pad(frames, ((0, 0), (top, below), (left, right), (0, 0)), mode="edge")
    inside = np.zeros((shape.height, shape.width), np.bool_)
    inside[top : top + height, left : left + width] = True
    return [Pin(around, 0, RIM_STRENGTH, inside, touching=True), Pin(around, 0, 1.0, inside)]


@dataclass(frozen=True, slots=True, eq=False)
class Surround:
    """The clip laid back in its frame, bit for bit, and what was lost at its edge lent to the pixels around.

    Args:
        source: (T, h, w, 3).
        top, left: Where it lies on the larger picture.
    """

    source: Frames
    top: int
    left: int

    def __call__(self, pictures: Iterator[Picture], start: int, stop: int) -> Iterator[Picture]:
        height, width = self.source.shape[1:3]
        frame = slice(self.top, self.top + height), slice(self.left, self.left + width)
        for place, picture in enumerate(islice(pictures, start, stop)):
            margins = ((self.top, picture.shape[0] - height - self.top), (self.left, picture.shape[1] - width - self.left))
            lost = self.source[place].astype(np.float32) - picture[frame]
            lent = np.pad(lost, (*margins, (0, 0)), mode="edge") * self.shares(picture)[..., None]
            mended = to_levels(picture.astype(np.float32) + lent)
            mended[frame] = self.source[place]
            yield mended

    def shares(self, picture: Picture) -> Weights:
        """(H, W): how much of what was lost is lent, 1 in the frame to 0 far from it."""
        away = [
            np.maximum(np.maximum(begin - np.arange(size), np.arange(size) - (begin + length - 1)), 0)
            for size, begin, length in zip(picture.shape[:2], (self.top, self.left), self.source.shape[1:3], strict=True)
        ]
        distance = np.maximum(away[0][:, None], away[1][None])
        return np.asarray((1 - distance / (LENT_PIXELS + 1)).clip(0, 1), dtype=np.float32)

"""Blend: two clips become one along a curve that says how much of the second is seen.

The canvas holds their dissolve. Where one clip is seen alone it is held fast; the more they mix, the more noise the dissolve gets, so that
the network makes one picture of two instead of a double exposure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from misora.base.canvas import Frames, Pin
from misora.base.shapes import VideoShape
from misora.editing.curves import Points, check_curve, influences
from misora.editing.footage import Footage, conformed, makeable
from misora.editing.plan import Made, Plan
from misora.editing.scene import Scene
from misora.editing.seams import Overlay
from misora.media.spool import room_for

DEPTH = 0.75
"""Noise level where both clips are seen alike."""
RISE = 1.5
"""How soon what was made takes over from the dissolve: fully where their mixture is two thirds of the most. Sooner is seen as a jump."""


@dataclass(frozen=True, slots=True)
class Blend:
    """A curve's name, or its points (seconds, influence of the second clip)."""

    name: ClassVar[str] = "blend"
    num_clips: ClassVar[tuple[int, int]] = (2, 2)
    roles: ClassVar[tuple[str, ...]] = ("parent", "parent")

    curve: str | Points = "transition"

    def __post_init__(self) -> None:
        object.__setattr__(self, "curve", check_curve(self.curve))

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """As long as the shorter clip, at the size and rate of the first."""
        first, notes = makeable(clips[0])
        second = conformed(clips[1], *first.size, first.fps)
        count = min(len(first.frames), len(second.frames))
        if len(first.frames) != len(second.frames):
            notes += (f"the blend lasts {count / first.fps:.3g} s, as the shorter clip does",)
        share = influences(self.curve, count, first.fps)
        mixed = 4 * share * (1 - share)
        dissolved = dissolve(first.frames[:count], second.frames[:count], share)
        pin = Pin(dissolved, 0, tuple((1 - DEPTH * mixed).tolist()))
        canvas = scene.canvas(VideoShape(count, *first.size, first.fps), [pin])
        mend = Overlay(dissolved, np.minimum(1, RISE * mixed).astype(np.float32))
        return Plan((Made(canvas, 0, count, mend),), first.fps, notes)


def dissolve(first: Frames, second: Frames, share: npt.NDArray[np.float64]) -> Frames:
    """``first`` and ``second`` (T, H, W, 3) mixed by ``share`` (T,) of the second; exact at 0 and 1."""
    mixed = room_for(first.shape)
    for index, weight in enumerate(share):
        mixed[index] = np.rint(first[index] + weight * (second[index].astype(np.float32) - first[index]))
    return mixed

"""Remix: the clip as it is, changed by as much as is asked, in a stretch of time and a part of the picture or everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from misora.base.canvas import Mask, Pin
from misora.base.errors import InputError
from misora.base.shapes import TIME_STRIDE, VideoShape
from misora.editing.footage import Footage, makeable
from misora.editing.masks import Box, box_mask, check_box, mask_from
from misora.editing.plan import Kept, Made, Plan
from misora.editing.scene import Scene
from misora.editing.seams import Overlay
from misora.editing.tool import is_number

STRENGTHS = {"subtle": 0.4, "mild": 0.65, "strong": 0.85}
"""Noise level from which a named strength starts: 0 changes nothing, 1 leaves nothing."""
CONTEXT_FRAMES = 2 * TIME_STRIDE
"""Source frames around a window that the network sees and that stay as they are."""
RAMP_FRAMES = 8
"""Frames of a window over which the change comes in, and goes out again."""


@dataclass(frozen=True, slots=True)
class Remix:
    """A new caption over an old clip.

    Args:
        strength: "subtle", "mild", "strong", or a number from 0 to 1.
        start, end: Seconds that may change; None is from the first frame, to the last.
        box: (left, top, right, bottom) in pixels of the clip that may change; None is the whole picture. A second clip or picture given
            beside the first does the same with its white parts.
        player: Somebody who is seen, found by a network that hands in the mask; None is nobody.
    """

    name: ClassVar[str] = "remix"
    num_clips: ClassVar[tuple[int, int]] = (1, 2)
    roles: ClassVar[tuple[str, ...]] = ("parent", "mask")

    strength: str | float = "mild"
    start: float | None = None
    end: float | None = None
    box: Box | None = None
    player: str | None = None

    def __post_init__(self) -> None:
        if self.box is not None:
            object.__setattr__(self, "box", check_box(self.box))
        if self.start is not None and self.end is not None and not self.start < self.end:
            raise InputError(f"end={self.end:g} must be after start={self.start:g} s", field="end")
        level_of(self.strength)

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """The window, pinned as firmly as the change is weak between frames that stay, and the source put back outside the mask."""
        clip, notes = makeable(clips[0])
        start = 0 if self.start is None else clip.frame_at(self.start, "start")
        stop = len(clip.frames) if self.end is None else clip.frame_at(self.end, "end")
        if stop <= start:
            raise InputError(f"the window from frame {start} to {stop} holds no frame; one lasts {1 / clip.fps:.3g} s", field="end")
        where = self._mask(clips, clip)
        window = None if where is None or where.ndim == 2 else where[start:stop]
        made = change(clip, start, stop, level_of(self.strength), where if window is None else window, scene)
        parts = [Kept(clip.frames[:start])] * (start > 0) + [made] + [Kept(clip.frames[stop:])] * (stop < len(clip.frames))
        return Plan(tuple(parts), clip.fps, notes)

    def _mask(self, clips: Sequence[Footage], clip: Footage) -> Mask | None:
        """True where the picture may change, (H, W) or (T, H, W); None is everywhere."""
        if len(clips) > 1 and self.box is not None:
            raise InputError("box and a mask are both given; choose one", field="box")
        if self.player is not None and len(clips) == 1:
            raise InputError(f"player={self.player!r} was not looked for; give a mask or a box", field="player")
        if len(clips) > 1:
            return mask_from(clips[1], clips[0], clip)
        return None if self.box is None else box_mask(self.box, clips[0], clip)


def level_of(strength: str | float) -> float:
    """A strength as a noise level, 0 to 1."""
    if isinstance(strength, str) and strength in STRENGTHS:
        return STRENGTHS[strength]
    names = ", ".join(STRENGTHS)
    if isinstance(strength, str) or not is_number(strength):
        raise InputError(f"strength={strength!r} is not known; choose one of {names}, or a number from 0 to 1", field="strength")
    if not 0 <= strength <= 1:
        nearest = min(max(strength, 0), 1)
        raise InputError(f"strength={strength:g} is outside 0 to 1; nearest: {nearest:g}", field="strength")
    return strength


def parse_strength(text: str) -> str | float:
    """A strength as people type it: a name, or a number."""
    try:
        return float(text)
    except ValueError:
        return text


def change(clip: Footage, start: int, stop: int, level: float, where: Mask | None, scene: Scene) -> Made:
    """Frames ``[start, stop)`` of ``clip`` made anew from noise level ``level``, the source laid back outside ``where``."""
    first = start - context_before(start)
    last = min(len(clip.frames), stop + CONTEXT_FRAMES)
    frames = clip.frames[first:last]
    firmness = np.ones(len(frames))
    firmness[start - first : stop - first] = 1 - level
    pins = [Pin(frames, 0, tuple(firmness.tolist()))]
    if where is not None:
        pins.append(Pin(frames[start - first : stop - first], start - first, 1.0, ~where))
    canvas = scene.canvas(VideoShape(len(frames), *clip.size, clip.fps), pins, start - first, stop - first)
    times = ramp(stop - start, comes_in=start > 0, goes_out=stop < len(clip.frames))
    mend = None if where is None and (times == 1).all() else Overlay(clip.frames[start:stop], times, where)
    return Made(canvas, start - first, stop - first, mend)


def context_before(start: int) -> int:
    """Frames before a window that share its canvas: one more than a multiple of eight, so that the window begins a latent frame."""
    return 0 if start == 0 else 1 + min(CONTEXT_FRAMES, (start - 1) // TIME_STRIDE * TIME_STRIDE)


def ramp(count: int, *, comes_in: bool, goes_out: bool) -> npt.NDArray[np.float32]:
    """How much each of ``count`` frames shows of what was made, (count,): 1 but near an end that meets the source."""
    length = max(1, min(RAMP_FRAMES, count // 3))
    rising = np.minimum(np.arange(1, count + 1) / (length + 1), 1)
    shares = (rising if comes_in else np.ones(count)) * (rising[::-1] if goes_out else np.ones(count))
    return shares.astype(np.float32)

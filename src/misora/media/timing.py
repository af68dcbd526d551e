"""When frames are shown: naming exact rates, telling constant from variable, and holding frames to make a rate constant.

A rate counts as constant when playing at it moves no frame by more than half a frame: the 10 ms ticks of a GIF or a phone's
jitter pass, one dropped frame does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, repeat

from misora.base.errors import InputError
from misora.media.pictures import Picture

MAX_FILE_FPS = 240
DEFAULT_FPS = 24.0
_NTSC_RATES = tuple(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60, 120))


@dataclass(frozen=True, slots=True, eq=False)
class TimedFrame:
    """A picture shown from ``start`` seconds until the next one."""

    picture: Picture
    start: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How often frames come; ``num_frames`` is the count once the rate is constant."""

    fps: float
    num_frames: int
    variable: bool


def to_rational(fps: float | Fraction) -> Fraction:
    """The exact rate that people mean: 23.976 is 24000/1001, 12.5 is 25/2."""
    value = float(fps)
    if not math.isfinite(value) or not 0 < value <= MAX_FILE_FPS:
        raise InputError(f"fps={value:g} is outside 0 to {MAX_FILE_FPS}; 24 is usual", field="fps")
    for ntsc in _NTSC_RATES:
        if abs(value - ntsc) < 0.005:
            return ntsc
    return max(Fraction(fps).limit_denominator(1001), Fraction(1, 1001))


def measure_rate(starts: Sequence[float], end: float, nominal_fps: float | None = None) -> Rate:
    """The rate of frames that begin at ``starts`` (seconds, any order), the last one shown until ``end``.

    Args:
        nominal_fps: What the container claims; believed when the times agree with it within 1 %, or when there is one frame.
    """
    times = sorted(starts)
    span = times[-1] - times[0] if times else 0.0
    if span <= 0:
        fallback = 1 / (end - times[0]) if times and end > times[0] else DEFAULT_FPS
        return Rate(nominal_fps or min(fallback, MAX_FILE_FPS), len(times), False)
    measured = min((len(times) - 1) / span, MAX_FILE_FPS)
    if max(abs(time - times[0] - index / measured) for index, time in enumerate(times)) * measured <= 0.5 + 1e-6:
        believed = nominal_fps if nominal_fps is not None and abs(nominal_fps / measured - 1) < 0.01 else float(to_rational(measured))
        return Rate(believed, len(times), False)
    fps = _usual_rate(times)
    return Rate(fps, max(1, round((max(end, times[-1]) - times[0]) * fps)), True)


def hold(frames: Iterable[TimedFrame], fps: float, num_frames: int) -> Iterator[Picture]:
    """``num_frames`` pictures at a constant ``fps``: each tick shows the last frame that began before half a tick later."""
    origin: float | None = None
    latest: TimedFrame | None = None
    done = 0
    for frame in frames:
        origin = frame.start if origin is None else origin
        while latest is not None and done < num_frames and done + 0.5 <= (frame.start - origin) * fps + 1e-6:
            yield latest.picture
            done += 1
        latest = frame
    if latest is not None:
        yield from repeat(latest.picture, num_frames - done)


def _usual_rate(times: Sequence[float]) -> float:
    """The median rate, so that a pause or a dropped frame does not slow the whole clip down."""
    gaps = sorted(later - earlier for earlier, later in pairwise(times) if later > earlier)
    return float(to_rational(min(max(1 / gaps[len(gaps) // 2], 1.0), 120.0)))

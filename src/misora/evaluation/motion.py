"""How things move: whether tracks obey the physics that was asked for, whether players stay, and how steady the picture is.

Residuals are deviations from the best-fitting law, in heights of the player; the stage's own clips do not reach zero, since a drawing
breathes and bobs, so every residual is read beside the ceiling row.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from misora.base.canvas import Frames
from misora.models.parser.reading import ClipReading
from misora.models.parser.tracks import Track
from misora.world.physics import RESTITUTION, ballistic_bounces
from misora.world.program import Action

Array = npt.NDArray[np.float64]

STEADY = frozenset({Action.WALK, Action.RUN, Action.FLY})
"""Actions that travel at one speed all the time."""
MIN_SEEN = 6
"""Frames in which a player must be seen for a law to be fitted."""
PERIODS, PHASES = np.linspace(0.55, 1.3, 61), np.linspace(0, 1, 24, endpoint=False)
"""Seconds of a jump, and where in it the clip begins."""
FALLS, STARTS = np.linspace(0.25, 0.75, 101), np.linspace(0, 0.3, 7)
"""Seconds that the first fall of a bounce takes, and how late the clip begins in it."""


def law_of(action: Action) -> str | None:
    """The law that an action obeys: constant_velocity, ballistic or bounce; None for those without one."""
    if action in STEADY:
        return "constant_velocity"
    return {Action.JUMP: "ballistic", Action.BOUNCE: "bounce"}.get(action)


def residual(action: Action, track: Track, camera_travel: Array, rate: float) -> float:
    """Root mean square deviation of a track from the law of ``action``, in player heights; NaN where there is no law or too little to see.

    Args:
        camera_travel: View heights that the camera travelled in the quarter second before each frame, (T,).
    """
    seen = track.seen.numpy()
    law = law_of(action)
    if law is None or seen.sum() < MIN_SEEN:
        return math.nan
    tall = float(np.median(track.height.numpy()[seen]))
    times = np.arange(len(seen))[seen] / rate
    if law == "constant_velocity":
        world = track.x.numpy().astype(np.float64) + np.cumsum(camera_travel) / 2
        return _off_line(times, world[seen]) / tall
    feet = track.y.numpy().astype(np.float64)[seen]
    shapes = _jumps(times) if law == "ballistic" else _bounces(times)
    return min(_off_shape(shape, feet) for shape in shapes) / tall


def _off_line(times: Array, values: Array) -> float:
    slope, start = np.polyfit(times, values, 1)
    return float(np.sqrt(np.mean((values - slope * times - start) ** 2)))


def _off_shape(shape: Array, values: Array) -> float:
    """Distance from the best ``a * shape + b`` with a at least zero."""
    centred = shape - shape.mean()
    gain = max(0.0, float(centred @ (values - values.mean()) / max(centred @ centred, 1e-9)))
    return float(np.sqrt(np.mean((values - values.mean() - gain * centred) ** 2)))


def _jumps(times: Array) -> list[Array]:
    """Heights over time of ballistic hops of many periods and phases, each at most 1."""
    shares = [np.mod(times / period + phase, 1) for period, phase in itertools.product(PERIODS, PHASES)]
    return [4 * share * (1 - share) for share in shares]


def _bounces(times: Array) -> list[Array]:
    """Heights over time of a bounce from height 1 for many gravities and starts."""
    return [ballistic_bounces(times + start, 1.0, 2 / fall**2, RESTITUTION) for fall, start in itertools.product(FALLS, STARTS)]


def permanence(track: Track) -> float:
    """Share of the frames between a player's first and last sight in which it is seen; NaN when it never is."""
    seen = np.flatnonzero(track.seen.numpy())
    return math.nan if not len(seen) else len(seen) / (seen[-1] - seen[0] + 1)


def flicker(frames: Frames) -> float:
    """Mean absolute second difference in time of a still picture's parts, in grey levels of 255.

    Only the calmer half of the pixels counts, so that a passing player does not: what flickers there has no reason to.
    """
    if len(frames) < 3:
        return math.nan
    grey = frames[:, ::2, ::2].astype(np.float32).mean(-1)
    second = np.abs(grey[2:] - 2 * grey[1:-1] + grey[:-2]).mean(0)
    return float(second[second <= np.median(second)].mean())


def drift(frames: Frames) -> float:
    """How far the mean colour strays between the first and the last quarter of a clip, in grey levels of 255."""
    quarter = max(1, len(frames) // 4)
    first, last = (part[:, ::2, ::2].astype(np.float32).mean((0, 1, 2)) for part in (frames[:quarter], frames[-quarter:]))
    return float(np.abs(first - last).mean())


def motion_size(frames: Frames, fps: float) -> float:
    """Mean absolute change in grey levels of 255 in a twelfth of a second: 0 is a still."""
    step = max(1, round(fps / 12))
    if len(frames) <= step:
        return math.nan
    grey = frames[:, ::2, ::2].astype(np.float32).mean(-1)
    return float(np.abs(grey[step:] - grey[:-step]).mean())


def travel(reading: ClipReading) -> Array:
    """The camera's travel to the right in each quarter second, (T,)."""
    values: Array = reading.camera_travel[:, 0].numpy().astype(np.float64)
    return values

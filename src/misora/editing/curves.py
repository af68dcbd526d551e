"""Influence curves: how much the second of two clips is seen, over time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from misora.base.errors import InputError
from misora.editing.tool import is_number

Points = tuple[tuple[float, float], ...]
"""(time, influence 0 to 1) in order of time."""

CURVES: dict[str, Points] = {
    "transition": ((0.0, 0.0), (0.25, 0.0), (0.75, 1.0), (1.0, 1.0)),
    "mix": ((0.0, 0.0), (0.25, 0.5), (0.75, 0.5), (1.0, 1.0)),
    "sample": ((0.0, 0.0), (0.5, 0.6), (1.0, 0.0)),
}
"""Times are shares of the whole: from one to the other; both together on the way; a glimpse of the second in the first."""


def check_curve(curve: str | Sequence[Sequence[float]]) -> str | Points:
    """A curve's name, or its points as tuples.

    Raises:
        InputError: The name is unknown, a point is no pair of numbers, an influence lies outside 0 to 1, or times do not ascend.
    """
    if isinstance(curve, str):
        if curve not in CURVES:
            raise InputError(
                f"curve={curve!r} is not known; choose one of {', '.join(CURVES)}, or points such as 0:0,1:0.5,2:1", field="curve"
            )
        return curve
    points = tuple((point[0], point[1]) for point in curve if len(point) == 2 and all(is_number(value) for value in point))
    if len(points) != len(curve) or not points:
        raise InputError(f"curve={curve!r} is not a list of (seconds, influence); for example 0:0,1:0.5,2:1", field="curve")
    for number, (_, influence) in enumerate(points):
        if not 0 <= influence <= 1:
            nearest = min(max(influence, 0), 1)
            raise InputError(f"curve[{number}] has influence {influence:g}, outside 0 to 1; nearest: {nearest:g}", field="curve")
    for number, (point, following) in enumerate(pairwise(points), start=1):
        if not following[0] > point[0]:
            raise InputError(
                f"curve[{number}] is at {following[0]:g} s, not after {point[0]:g} s; points go in order of time", field="curve"
            )
    return points


def parse_curve(text: str) -> str | Points:
    """A name, or ``SECONDS:INFLUENCE,...`` as people type it."""
    if ":" not in text:
        return check_curve(text)
    try:
        points = [tuple(float(value) for value in point.split(":")) for point in text.split(",")]
    except ValueError as error:
        raise InputError(f"curve={text!r} is not SECONDS:INFLUENCE,...; for example 0:0,1:0.5,2:1", field="curve") from error
    return check_curve(points)


def influences(curve: str | Points, count: int, fps: float) -> npt.NDArray[np.float64]:
    """(count,): influence in each frame; straight between points, level before the first and after the last."""
    points = CURVES[curve] if isinstance(curve, str) else curve
    times = np.arange(count) / (max(1, count - 1) if isinstance(curve, str) else fps)
    return np.interp(times, [time for time, _ in points], [influence for _, influence in points])

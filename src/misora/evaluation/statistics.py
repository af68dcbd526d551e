"""Figures with their uncertainty: nothing leaves evaluation without N and a 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Z95 = 1.959964
RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, its 95 % interval and how many observations it rests on; all NaN when there are none."""

    value: float
    low: float
    high: float
    count: int


NO_FIGURE = Figure(math.nan, math.nan, math.nan, 0)


def share(right: int, count: int) -> Figure:
    """A share with its Wilson interval, which holds near 0 and 1 and for few observations.

    Reference:
        Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if count == 0:
        return NO_FIGURE
    rate, spread = right / count, Z95**2 / count
    middle = (rate + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(rate * (1 - rate) / count + spread / (4 * count))
    return Figure(rate, max(0.0, middle - half), min(1.0, middle + half), count)


def mean(values: Sequence[float]) -> Figure:
    """A mean with its normal interval; the interval is NaN for a single value."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return NO_FIGURE
    middle = sum(known) / len(known)
    if len(known) == 1:
        return Figure(middle, math.nan, math.nan, 1)
    spread = math.sqrt(sum((value - middle) ** 2 for value in known) / (len(known) - 1))
    half = Z95 * spread / math.sqrt(len(known))
    return Figure(middle, middle - half, middle + half, len(known))


def bootstrap(statistic: Callable[[np.ndarray], float], rows: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0) -> Figure:
    """Any statistic of ``rows`` (N, ...) with a percentile interval over resampled rows.

    A statistic that repeated rows bias (a Fréchet distance grows with them) has an interval that may not hold its value.
    """
    if not len(rows):
        return NO_FIGURE
    generator = np.random.default_rng(seed)
    values = [statistic(rows[generator.integers(0, len(rows), len(rows))]) for _ in range(resamples)]
    low, high = np.quantile(values, [0.025, 0.975])
    return Figure(float(statistic(rows)), float(low), float(high), len(rows))

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from misora.media.timing import Rate, TimedFrame, hold, measure_rate, to_rational


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (24, Fraction(24)),
        (24.0, Fraction(24)),
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (12.5, Fraction(25, 2)),
        (16.666667, Fraction(50, 3)),
        (0.5, Fraction(1, 2)),
    ],
)
def test_rates_are_the_ones_people_mean(fps: float, exact: Fraction) -> None:
    assert to_rational(fps) == exact


@pytest.mark.parametrize(
    ("starts", "end", "nominal", "rate"),
    [
        ([0, 0.04, 0.08, 0.12], 0.16, 25.0, Rate(25.0, 4, False)),
        ([0.12, 0.04, 0.08, 0], 0.16, None, Rate(25.0, 4, False)),
        ([5, 5.04, 5.08], 5.12, 1000.0, Rate(25.0, 3, False)),
        ([0, 0.04, 0.08, 0.09, 0.13, 0.17], 0.2, 25.0, Rate(30.0, 6, False)),
        ([0, 0.04, 0.08, 0.4, 0.44, 0.48], 0.52, 11.0, Rate(25.0, 13, True)),
        ([0], 0.04, None, Rate(25.0, 1, False)),
        ([0], 0.0, None, Rate(24.0, 1, False)),
        ([0, 0, 0], 0.0, 30.0, Rate(30.0, 3, False)),
        ([0, 1e-9], 0.0, None, Rate(120.0, 1, True)),
        ([0, 0.04, 0.08, 1e9], 1e9, None, Rate(25.0, 25_000_000_000, True)),
    ],
)
def test_rate_is_measured(starts: list[float], end: float, nominal: float | None, rate: Rate) -> None:
    measured = measure_rate(starts, end, nominal)
    assert (measured.num_frames, measured.variable) == (rate.num_frames, rate.variable)
    assert measured.fps == pytest.approx(rate.fps, rel=0.02)


def held(starts: list[float], fps: float, num_frames: int) -> list[int]:
    frames = (TimedFrame(np.full((1, 1, 3), index, np.uint8), start) for index, start in enumerate(starts))
    return [int(picture[0, 0, 0]) for picture in hold(frames, fps, num_frames)]


@pytest.mark.parametrize(
    ("starts", "num_frames", "shown"),
    [
        ([0, 0.1, 0.2], 3, [0, 1, 2]),
        ([7, 7.1, 7.2], 3, [0, 1, 2]),
        ([0, 0.1, 0.4], 6, [0, 1, 1, 1, 2, 2]),
        ([0, 0.05, 0.1, 0.15, 0.2], 3, [0, 2, 4]),
        ([0, 0.14, 0.19, 0.3], 4, [0, 1, 2, 3]),
        ([0, 0.1, 1e9], 3, [0, 1, 1]),
        ([], 3, []),
    ],
)
def test_frames_are_held_to_a_constant_rate(starts: list[float], num_frames: int, shown: list[int]) -> None:
    assert held(starts, 10, num_frames) == shown

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.media.plot import _linear_ticks, _log_ticks, _number, line_plot, smooth

BLUE = np.array([0x00, 0x72, 0xB2])


def rows_of_blue(picture: np.ndarray[Any, Any], column: int) -> np.ndarray[Any, Any]:
    """Rows of the first curve's own colour in one column."""
    return np.flatnonzero(np.abs(picture[:, column].astype(int) - BLUE).max(-1) < 40)


def test_a_rising_line_rises() -> None:
    picture = line_plot({"loss": [(x, 2.0 * x) for x in range(10)]}, "t", "x", "y")
    assert picture.shape == (480, 800, 3) and picture.dtype == np.uint8
    left, right = rows_of_blue(picture, 100).mean(), rows_of_blue(picture, 600).mean()
    assert right < left - 200


def test_a_power_is_straight_on_a_log_axis() -> None:
    picture = line_plot({"loss": [(x, 10.0**-x) for x in range(10)]}, "t", "x", "y", log_y=True)
    rows = [rows_of_blue(picture, column).mean() for column in (120, 320, 520)]
    assert rows[1] - rows[0] == pytest.approx(rows[2] - rows[1], abs=2)


def test_noise_is_smoothed_over_faint_points() -> None:
    random = np.random.default_rng(0)
    picture = line_plot({"loss": [(float(x), float(1 + random.normal() / 4)) for x in range(600)]}, "t", "x", "y")
    bold = np.concatenate([rows_of_blue(picture, column) for column in range(150, 600, 10)])
    faint = (picture.astype(int) - np.array([0xBF, 0xDB, 0xEB]) == 0).all(-1)
    assert np.ptp(bold) < np.ptp(np.flatnonzero(faint[:, 90:600].any(1))) / 2


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(1, 1)],
        [(1, 1), (1, 1)],
        [(0, 0), (1, 0)],
        [(0, math.nan), (1, math.inf)],
        [(0, 1e-300), (1, 1e300)],
        [(0, -5), (1, 5)],
        [(1e9, 1e-9)],
    ],
)
@pytest.mark.parametrize("log_y", [False, True])
def test_odd_curves_still_draw(points: list[tuple[float, float]], log_y: bool) -> None:
    picture = line_plot({"a": points, "损失": points}, "训练 " * 60, "步", "loss", log_y=log_y, height=240, width=320)
    assert picture.shape == (240, 320, 3)


def test_nothing_at_all_still_draws_and_too_small_is_explained() -> None:
    assert line_plot({}, "t", "x", "y").std() > 0
    with pytest.raises(InputError, match=r"plot of 100x480 .* nearest: 320x480"):
        line_plot({}, "t", "x", "y", width=100)


def test_the_same_data_draws_the_same_picture() -> None:
    series = {"a": [(x, math.sin(x)) for x in range(50)]}
    assert np.array_equal(line_plot(series, "t", "x", "y"), line_plot(series, "t", "x", "y"))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 10, [0, 2, 4, 6, 8, 10]), (-1, 1, [-1, -0.5, 0, 0.5, 1]), (0.013, 0.019, [0.013, 0.014, 0.015, 0.016, 0.017, 0.018, 0.019])],
)
def test_linear_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert _linear_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(1e-4, 1, [1e-4, 1e-3, 1e-2, 0.1, 1]), (0.1, 3, [0.1, 0.2, 0.5, 1, 2]), (1.0, 1.6, [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6])],
)
def test_log_ticks_follow_the_range(low: float, high: float, ticks: list[float]) -> None:
    assert _log_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (250, "250"), (5000, "5000"), (40_000, "40k"), (1.5e6, "1.5M"), (5e-4, "0.0005"), (-0.25, "-0.25"), (1e-17, "0")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert _number(value) == text


def test_smoothing_starts_at_the_first_value() -> None:
    assert smooth([5.0] * 100) == pytest.approx([5.0] * 100)
    assert smooth([]) == []

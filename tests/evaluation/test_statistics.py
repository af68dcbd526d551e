from __future__ import annotations

import math

import numpy as np
import pytest

from misora.evaluation.statistics import bootstrap, mean, share


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_intervals_are_the_textbook_ones(right: int, count: int, low: float, high: float) -> None:
    figure = share(right, count)
    assert figure.value == right / count and figure.count == count
    assert (figure.low, figure.high) == pytest.approx((low, high), abs=2e-4)


def test_nothing_observed_is_not_a_number() -> None:
    for figure in (share(0, 0), mean([]), mean([math.nan]), bootstrap(np.mean, np.zeros((0, 1)))):
        assert math.isnan(figure.value) and figure.count == 0


def test_a_mean_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    figures = [mean(generator.normal(3, 2, 40).tolist()) for _ in range(300)]
    assert 0.9 < np.mean([figure.low < 3 < figure.high for figure in figures]) < 0.99


def test_one_value_has_no_interval() -> None:
    figure = mean([2.0])
    assert figure.value == 2 and math.isnan(figure.low)


def test_a_bootstrap_repeats_and_narrows_with_more_rows() -> None:
    rows = np.random.default_rng(1).normal(size=(400, 1))
    wide, narrow = (bootstrap(lambda some: float(some.mean()), rows[:count]) for count in (20, 400))
    assert bootstrap(lambda some: float(some.mean()), rows) == narrow
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2

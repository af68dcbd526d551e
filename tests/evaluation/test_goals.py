"""The table of goals: what reaches a floor or a goal, figures from judged clips, and the text."""

from __future__ import annotations

from math import nan

import pytest

from misora.evaluation.goal_figures import apart, behind, figures_of, ratio
from misora.evaluation.goals import GOALS, Goal, markdown, table_rows
from misora.evaluation.record import Record
from misora.evaluation.statistics import NO_FIGURE, Figure
from misora.pipelines.adherence import Check


def figure(value: float, count: int = 4) -> Figure:
    return Figure(value, value - 0.1, value + 0.1, count)


def record(number: int, right: list[bool], language: str = "en", **measures: float) -> Record:
    checks = tuple(Check("subject", "dog", "dog" if one else "cat", one, 0.5) for one in right)
    return Record(number, number, language, "a dog", checks, (), measures, (0.0,))


@pytest.mark.parametrize(
    ("goal", "value", "verdict"),
    [
        (Goal("more", 0.6, 0.8), 0.8, "goal"),
        (Goal("more", 0.6, 0.8), 0.79, "floor"),
        (Goal("more", 0.6, 0.8), 0.59, "below"),
        (Goal("less", 0.2, 0.1, at_least=False), 0.1, "goal"),
        (Goal("less", 0.2, 0.1, at_least=False), 0.15, "floor"),
        (Goal("less", 0.2, 0.1, at_least=False), 0.3, "below"),
        (Goal("no floor", None, 0.9), 0.5, "below"),
        (Goal("no wish", None, None), 0.5, ""),
        (Goal("unknown", 0.6, 0.8), nan, ""),
    ],
)
def test_what_a_figure_reaches(goal: Goal, value: float, verdict: str) -> None:
    assert goal.verdict(figure(value)) == verdict


def test_the_table_has_a_row_for_what_any_column_measures() -> None:
    rows = table_rows({"turbo": {"subject": figure(0.8)}, "base": {"subject": NO_FIGURE, "psnr": figure(33.444)}})
    assert rows == [
        ["", "floor", "goal", "turbo", "base"],
        [GOALS["psnr"].name, "≥ 30", "≥ 34", "-", "33.4 (33.3 to 33.5), N 4: floor"],
        ["subject", "≥ 75%", "≥ 92%", "80% (70% to 90%), N 4: floor", "-"],
    ]
    assert markdown(rows).splitlines()[1] == "| --- | --- | --- | --- | --- |"


def test_adherence_counts_every_clip_and_ratios_pair_prompts() -> None:
    records = [record(0, [True], motion_size=2.0), record(0, [False], motion_size=4.0), record(1, [True], motion_size=1.0)]
    truth = [record(0, [True], motion_size=6.0), record(1, [True], motion_size=2.0), record(2, [True], motion_size=99.0)]
    found = figures_of(records, truth, truth)
    assert (found["subject"].value, found["subject"].count) == (pytest.approx(2 / 3), 3)
    assert found["motion"].value == pytest.approx((3 + 1) / (6 + 2)) and found["motion"].count == 2
    assert found["ballistic"] == NO_FIGURE or found["ballistic"].count == 0


def test_a_ratio_needs_what_both_have() -> None:
    assert ratio({1: [1.0]}, {2: [1.0]}).count == 0
    assert ratio({1: [1.0], 2: [3.0]}, {1: [2.0], 2: [2.0]}).value == pytest.approx(1.0)


def test_turbo_is_behind_by_what_base_gets_right_on_the_same_noise() -> None:
    turbo, base = [record(0, [True, False]), record(1, [True])], [record(1, [True]), record(0, [True, True])]
    assert behind(turbo, base).value == pytest.approx(0.25)
    assert behind(base, turbo).value == pytest.approx(-0.25)


def test_languages_are_compared_as_english_less_chinese_whichever_way_the_list_tells_them() -> None:
    told = [record(0, [True, True], "en"), record(1, [False, True], "zh")]
    otherwise = [record(0, [True, False]), record(1, [True, True])]
    found = apart(told, otherwise)
    assert (found.value, found.count) == (pytest.approx(0.5), 2)
    swapped = apart(otherwise, told)
    assert swapped.value >= 0

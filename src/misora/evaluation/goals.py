"""What the weights are meant to reach, as rows of one table: a floor, a goal, and what was measured. Knows figures, makes nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from misora.evaluation.statistics import NO_FIGURE, Figure

Verdict = Literal["goal", "floor", "below", ""]


@dataclass(frozen=True, slots=True)
class Goal:
    """One row's wish.

    Args:
        name: Of what is measured.
        floor, goal: The least to be shipped, and what is aimed at; None where there is none.
        at_least: Whether more is better; otherwise floor and goal are upper bounds.
        percent: Whether figures are shares.
    """

    name: str
    floor: float | None
    goal: float | None
    at_least: bool = True
    percent: bool = False

    def verdict(self, figure: Figure) -> Verdict:
        """Which of both the figure itself reaches; empty where there is nothing to compare."""
        if math.isnan(figure.value) or (self.floor is None and self.goal is None):
            return ""
        if self.goal is not None and self._reaches(figure.value, self.goal):
            return "goal"
        if self.floor is not None and self._reaches(figure.value, self.floor):
            return "floor"
        return "below"

    def _reaches(self, value: float, bound: float) -> bool:
        return value >= bound if self.at_least else value <= bound

    def wish(self, bound: float | None) -> str:
        """``bound`` as the table shows it."""
        if bound is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {self.text(bound)}"

    def text(self, value: float) -> str:
        return f"{value:.0%}" if self.percent else f"{value:.3g}"


GOALS = {
    "psnr": Goal("autoencoder, held-out clips at 480p, PSNR in dB", 30, 34),
    "ssim": Goal("autoencoder, held-out clips at 480p, SSIM", 0.95, 0.97),
    "psnr_inside": Goal("autoencoder, inside players, PSNR in dB", 26, 30),
    "psnr_photos": Goal("autoencoder, photographs under camera moves, PSNR in dB", 22, 25),
    "subject": Goal("subject", 0.75, 0.92, percent=True),
    "place": Goal("place", 0.90, 0.97, percent=True),
    "count": Goal("count", None, 0.90, percent=True),
    "action": Goal("action", 0.65, 0.85, percent=True),
    "direction": Goal("direction", 0.80, 0.93, percent=True),
    "relation": Goal("relation", None, 0.85, percent=True),
    "behind_base": Goal("facts that Turbo gets right less often than the many-step model", None, 0.03, at_least=False, percent=True),
    "languages": Goal("facts right, English less Chinese, same programs, either way", 0.08, 0.03, at_least=False, percent=True),
    "motion": Goal("motion size against true renders", 0.60, 0.85, percent=True),
    "ballistic": Goal("off a ballistic jump, times the autoencoder's reconstruction of truth", None, 2.0, at_least=False),
    "permanence": Goal("share of frames in which a player that is there is seen", None, None, percent=True),
    "returns": Goal("a character that leaves and returns is read as the same", 0.60, 0.85, percent=True),
    "drift_20": Goal("largest change of sharpness, contrast, flicker or motion, at 20 s", 1.0, 0.10, at_least=False, percent=True),
    "drift_60": Goal("the same at 60 s", 1.0, 0.10, at_least=False, percent=True),
    "followed": Goal("change of sharpness or contrast at 20 s, the camera following somebody", None, None, percent=True),
    "truly_followed": Goal("the same of the stage's own clips", None, None, percent=True),
    "colour_20": Goal("mean colour at 20 s off the first two seconds, grey levels", None, None),
    "colour_60": Goal("the same at 60 s", None, None),
    "megabytes": Goal("all weights together, MB", 45, 45, at_least=False),
}
"""By name, in the order of the table. A drift of 100 % counts as collapse."""


def table_rows(columns: Mapping[str, Mapping[str, Figure]]) -> list[list[str]]:
    """The table as text: goals down, the columns' figures across; a goal that no column measures is left out."""
    rows = [["", "floor", "goal", *columns]]
    for name, goal in GOALS.items():
        figures = [column.get(name, NO_FIGURE) for column in columns.values()]
        if any(figure.count for figure in figures):
            rows.append([goal.name, goal.wish(goal.floor), goal.wish(goal.goal), *(cell(goal, figure) for figure in figures)])
    return rows


def cell(goal: Goal, figure: Figure) -> str:
    """A figure with its interval, its N and what it reaches."""
    if not figure.count:
        return "-"
    interval = "" if math.isnan(figure.low) else f" ({goal.text(figure.low)} to {goal.text(figure.high)})"
    reached = goal.verdict(figure)
    return f"{goal.text(figure.value)}{interval}, N {figure.count}" + (f": {reached}" if reached else "")


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table, the first of them its heading."""
    heading, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([heading, "|" + " --- |" * len(rows[0]), *body]) + "\n"

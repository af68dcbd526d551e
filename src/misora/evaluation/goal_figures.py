"""From judged clips to the figures of the goal table; makes no clip and reads no file but weights' sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from misora.evaluation.record import Record
from misora.evaluation.statistics import Figure, bootstrap, mean, share

FACTS = ("subject", "place", "count", "action", "direction", "relation")

Figures = dict[str, Figure]


def figures_of(records: Sequence[Record], truth: Sequence[Record], rebuilt: Sequence[Record]) -> Figures:
    """Adherence, motion and physics of a model's clips."""
    found = {fact: share(sum(answers), len(answers)) for fact in FACTS if (answers := answers_of(records, fact))}
    found["motion"] = ratio(values_of(records, "motion_size"), values_of(truth, "motion_size"))
    found["ballistic"] = ratio(values_of(records, "ballistic"), values_of(rebuilt, "ballistic"))
    found["permanence"] = mean([value for values in values_of(records, "permanence").values() for value in values])
    return found


def answers_of(records: Sequence[Record], fact: str) -> list[bool]:
    return [check.right for record in records for check in record.checks if check.fact == fact]


def values_of(records: Sequence[Record], measure: str) -> dict[int, list[float]]:
    """A measure of the clips of each prompt."""
    found: dict[int, list[float]] = {}
    for record in records:
        if measure in record.measures:
            found.setdefault(record.number, []).append(record.measures[measure])
    return found


def ratio(given: Mapping[int, Sequence[float]], truth: Mapping[int, Sequence[float]]) -> Figure:
    """Mean over the mean of the truth, on the prompts that have both, with an interval over prompts."""
    both = [(float(np.mean(given[number])), float(np.mean(truth[number]))) for number in sorted(given.keys() & truth.keys())]
    return bootstrap(lambda rows: float(rows[:, 0].mean() / max(rows[:, 1].mean(), 1e-9)), np.array(both).reshape(-1, 2))


def behind(turbo: Sequence[Record], base: Sequence[Record]) -> Figure:
    """By how much the share of right facts is smaller with Turbo, clip by clip of the same prompt and noise."""
    others = {(record.number, record.seed): right_share(record) for record in base}
    return mean([others[record.number, record.seed] - right_share(record) for record in turbo])


def apart(told: Sequence[Record], otherwise: Sequence[Record]) -> Figure:
    """How far apart English and Chinese are on the same programs and noise, as a share of facts; its interval is of the difference.

    Args:
        told, otherwise: Clips of the same programs, each told in the other language in ``otherwise``; records say that of ``told``.
    """
    first = {(record.number, record.seed): record for record in told}
    differences = []
    for other in otherwise:
        record = first[other.number, other.seed]
        difference = right_share(record) - right_share(other)
        differences.append(difference if record.language == "en" else -difference)
    found = mean(differences)
    return found if found.value >= 0 else Figure(-found.value, -found.high, -found.low, found.count)


def right_share(record: Record) -> float:
    return sum(check.right for check in record.checks) / len(record.checks)


def megabytes(weights: Path) -> Figure:
    """Everything in the folder, in millions of bytes."""
    sizes = [path.stat().st_size for path in weights.glob("*.safetensors")]
    return Figure(sum(sizes) / 1e6, float("nan"), float("nan"), len(sizes))

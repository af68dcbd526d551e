"""Records to figures: one column for each row of clips (a model, the ceiling, ...), every figure with its N and interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from misora.evaluation.distribution import diversity, frechet
from misora.evaluation.record import Record
from misora.evaluation.statistics import NO_FIGURE, Figure, bootstrap, mean, share
from misora.pipelines.adherence import FACTS, Check

WHOLE = "everything"
"""All facts of a prompt together: right only when each is."""
MEASURES = {
    "constant_velocity": "off a straight course, player heights",
    "ballistic": "off a ballistic jump, player heights",
    "bounce": "off a bounce, player heights",
    "permanence": "share of frames in which a player that is there is seen",
    "flicker": "second difference of still parts, grey levels",
    "drift": "mean colour, first to last quarter, grey levels",
    "motion_size": "mean change in a twelfth of a second, grey levels",
}
"""Measures of a clip by name, and what they are in words; none is better merely for being larger."""
FRECHET_RESAMPLES = 40

Table = dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Column:
    """All figures of one row of clips.

    Args:
        adherence: By language ("all", "en", "zh"), then by fact.
        measures: By name.
        frechet: Distance to the stage's own clips of the same prompts, on the judge's features.
        diversity: Mean distance between clips of one prompt with several seeds.
        seconds: To make a clip.
        outside: Other people's measures by name.
    """

    adherence: dict[str, Table]
    measures: Table
    frechet: Figure
    diversity: Figure
    seconds: Figure
    outside: Table


def column_of(records: Sequence[Record], truth: Sequence[Record]) -> Column:
    """Figures of ``records``; ``truth`` are the stage's own of the same prompts."""
    first = first_takes(records)
    return Column(
        adherence=by_language((record.language, record.checks) for record in first),
        measures={name: mean([record.measures[name] for record in first if name in record.measures]) for name in MEASURES},
        frechet=distance([np.array(record.features) for record in first], [np.array(record.features) for record in truth]),
        diversity=mean([diversity(features) for features in by_prompt(records) if len(features) > 1]),
        seconds=mean([record.took_seconds for record in records if record.took_seconds]),
        outside={name: mean([record.outside[name] for record in first]) for name in first[0].outside},
    )


def floor_of(truth: Sequence[Record]) -> Column:
    """Perfect clips of other prompts: what a model gets right by luck."""
    luck = by_language((record.language, record.shuffled) for record in truth)
    return Column(luck, dict.fromkeys(MEASURES, NO_FIGURE), NO_FIGURE, NO_FIGURE, NO_FIGURE, {})


def by_language(judged: Iterable[tuple[str, Sequence[Check]]]) -> dict[str, Table]:
    """Shares of right facts, of all prompts and of each language."""
    groups: dict[str, list[Sequence[Check]]] = {"all": []}
    for language, checks in judged:
        groups["all"].append(checks)
        groups.setdefault(language, []).append(checks)
    return {language: adherence(group) for language, group in groups.items()}


def adherence(judged: Sequence[Sequence[Check]]) -> Table:
    """Share of right facts by kind, and of prompts in which every fact is right."""
    table = {}
    for fact in FACTS:
        answers = [check.right for checks in judged for check in checks if check.fact == fact]
        table[fact] = share(sum(answers), len(answers))
    table[WHOLE] = share(sum(all(check.right for check in checks) for checks in judged), len(judged))
    return table


def asked_facts(columns: Iterable[Column]) -> list[str]:
    """The facts that any prompt asks, in the order of reports, and all of them together."""
    tables = [column.adherence["all"] for column in columns]
    return [fact for fact in (*FACTS, WHOLE) if any(table[fact].count for table in tables)]


def distance(features: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> Figure:
    """Fréchet distance between clips and the stage's clips of the same prompts, with an interval over prompts."""
    if len(features) < 3 or len(features) != len(truth):
        return NO_FIGURE
    rows = np.stack([np.stack(features), np.stack(truth)], axis=1)
    return bootstrap(lambda some: frechet(some[:, 0], some[:, 1]), rows, resamples=FRECHET_RESAMPLES)


def first_takes(records: Sequence[Record]) -> list[Record]:
    """One record a prompt: the one with the lowest seed."""
    best: dict[int, Record] = {}
    for record in records:
        if record.number not in best or record.seed < best[record.number].seed:
            best[record.number] = record
    return [best[number] for number in sorted(best)]


def by_prompt(records: Sequence[Record]) -> list[np.ndarray]:
    """Features of each prompt's clips, (seeds, D)."""
    groups: dict[int, list[tuple[float, ...]]] = {}
    for record in records:
        groups.setdefault(record.number, []).append(record.features)
    return [np.array(features) for features in groups.values()]


def ranked(records: Sequence[Record]) -> list[Record]:
    """Best first, by how likely the judge holds what was asked."""
    return sorted(first_takes(records), key=lambda record: -record.score)


def plain(column: Column) -> dict[str, object]:
    """A column as JSON: figures as [value, low, high, N], None where a number is not known."""

    def cells(table: Mapping[str, Figure]) -> dict[str, list[float | None]]:
        return {name: to_list(figure) for name, figure in table.items()}

    return {
        "adherence": {language: cells(table) for language, table in column.adherence.items()},
        "measures": cells(column.measures),
        "frechet": to_list(column.frechet),
        "diversity": to_list(column.diversity),
        "seconds": to_list(column.seconds),
        "outside": cells(column.outside),
    }


def to_list(figure: Figure) -> list[float | None]:
    """[value, low, high, N]; NaN is None, since JSON has no such number."""
    values = [figure.value, figure.low, figure.high]
    return [None if np.isnan(value) else round(float(value), 5) for value in values] + [figure.count]

"""How well prompts are read: a table of prompts with what they mean, scored field by field.

A table has one prompt a line and five columns with tabs between them: prompt, who does what, place, time, camera. "dog run left" is
character, action, heading; ``&`` is at the same time, ``>`` one after the other, ``a/b`` either will do, ``-`` is not said, ``*`` is any
character.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from misora.base.errors import InputError
from misora.prompting.grammar import Beat, Part
from misora.prompting.reading import PromptReading, read_prompt

FIELDS = ("subject", "action", "direction", "moments", "place", "time", "camera")


@dataclass(frozen=True, slots=True)
class Expected:
    """One line of a table: for each moment, (character, action, heading) of each player, each a set of what will do."""

    prompt: str
    moments: tuple[tuple[tuple[str, str, str], ...], ...]
    place: str
    time: str
    camera: str


@dataclass(frozen=True, slots=True)
class Share:
    """``right`` of ``total``, with the 95 % interval of Wilson's score."""

    right: int
    total: int

    @property
    def interval(self) -> tuple[float, float]:
        if not self.total:
            return 0.0, 1.0
        z, n, p = 1.96, self.total, self.right / self.total
        centre, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of prompts read right, by field, and those of which everything was."""

    fields: dict[str, Share]
    whole: Share
    failures: tuple[tuple[str, tuple[str, ...]], ...]


def read_table(path: Path) -> list[Expected]:
    """Raises InputError naming the line that is no row."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}", field="table") from error
    return [_row(path, number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]


def score(rows: Iterable[Expected], read: Callable[[str], PromptReading] = read_prompt) -> Score:
    """Reads every prompt and compares."""
    rows = list(rows)
    wrong = [(row.prompt, tuple(wrong_fields(row, read(row.prompt)))) for row in rows]
    fields = {name: Share(sum(name not in fields for _, fields in wrong), len(rows)) for name in FIELDS}
    failures = tuple(entry for entry in wrong if entry[1])
    return Score(fields, Share(len(rows) - len(failures), len(rows)), failures)


def wrong_fields(row: Expected, reading: PromptReading) -> Iterator[str]:
    """Fields of ``row`` that were read otherwise."""
    moments = [beat.parts for beat in reading.beats]
    pairs = [pair for wanted, parts in zip(row.moments, moments, strict=False) for pair in _paired(wanted, parts)]
    if any(len(wanted) != len(parts) for wanted, parts in zip(row.moments, moments, strict=False)) or not all(
        _fits(wanted[0], part.character) for wanted, part in pairs
    ):
        yield "subject"
    if not all(_fits(wanted[1], part.action) for wanted, part in pairs):
        yield "action"
    if not all(_fits(wanted[2], part.direction if part.direction != "none" else None) for wanted, part in pairs):
        yield "direction"
    if len(row.moments) != len(moments):
        yield "moments"
    for name in ("place", "time", "camera"):
        if not _fits(getattr(row, name), _first(reading.beats, name)):
            yield name


def _paired(wanted: tuple[tuple[str, str, str], ...], parts: tuple[Part, ...]) -> Iterator[tuple[tuple[str, str, str], Part]]:
    """Each wanted player with the part of its character, else with the one at its place."""
    left = list(parts)
    for player in wanted:
        part = next((one for one in left if _fits(player[0], one.character)), left[0] if left else None)
        if part is not None:
            left.remove(part)
            yield player, part


def _first(beats: Iterable[Beat], name: str) -> str | None:
    return next((value for beat in beats if (value := getattr(beat, name)) is not None), None)


def _fits(wanted: str, got: str | None) -> bool:
    return (wanted == "*" and got is not None) or (got or "-") in wanted.split("/")


def _row(path: Path, number: int, line: str) -> Expected:
    columns = line.split("\t")
    if len(columns) != 5:
        raise InputError(f"{path.name}, line {number}: {len(columns)} columns, a row has 5 with tabs between them", field="table")
    prompt, doing, *rest = columns
    moments = tuple(tuple(_player(path, number, one) for one in moment.split(" & ")) for moment in doing.split(" > "))
    return Expected(prompt, ((),) if doing == "-" else moments, *rest)


def _player(path: Path, number: int, text: str) -> tuple[str, str, str]:
    words = text.split()
    if text == "-":
        return "-", "-", "-"
    if len(words) != 3:
        raise InputError(f"{path.name}, line {number}: {text!r} is not CHARACTER ACTION HEADING; for example dog run left", field="table")
    return words[0], words[1], words[2]

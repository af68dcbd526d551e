"""What was drawn so far, kept in a file of one line a draw, so that a soak goes on where it was stopped."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from soak.rows import Row


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw.

    Args:
        said: What was wrong; "" when nothing was, None when it could not be drawn here (``why`` says it).
    """

    row: str
    seed: int
    seconds: float
    said: str | None = ""
    why: str = ""


@dataclass(slots=True)
class Record:
    """All draws of a soak, by row; ``path`` grows by a line with each."""

    path: Path
    drawn: dict[str, list[Drawn]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                one = Drawn(**json.loads(line))
                self.drawn[one.row].append(one)

    def add(self, one: Drawn) -> None:
        self.drawn[one.row].append(one)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")

    def done(self, row: Row) -> int:
        """How many seeds of a row have been drawn; seeds are taken in order."""
        return len(self.drawn[row.name])

    def is_skipped(self, row: Row) -> bool:
        return any(one.said is None for one in self.drawn[row.name])

    def bad(self, row: Row) -> Iterator[Drawn]:
        yield from (one for one in self.drawn[row.name] if one.said)

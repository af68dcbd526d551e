"""``make soak``: draws of every row until the tier is full or the time is up, with a report; stopped, it goes on where it was.

make soak MINUTES=60 TIER=night ROWS="1 1b 7" FOLDER=runs/soak
make soak ROWS=7 SEED=12        # one draw again
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from misora import __version__
from misora.store.sqlite_driver import sqlite_version
from soak.ground import Ground
from soak.record import Drawn, Record
from soak.report import markdown
from soak.rows import ROWS, Row


def main(arguments: Sequence[str] | None = None) -> int:
    """Draws and writes the report; 1 when anything was wrong."""
    given = read_arguments(arguments)
    rows = [row for row in ROWS if not given.rows or row.number in given.rows.split()]
    if not rows:
        numbers = ", ".join(dict.fromkeys(row.number for row in ROWS))
        print(f"no row is called {given.rows!r}; choose from {numbers}", file=sys.stderr)
        return 2
    ground = Ground.in_memory()
    try:
        if given.seed is not None:
            return draw_again(rows, given.seed, ground)
        return soak(rows, given, ground)
    finally:
        ground.close()


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description="Draws of chance that must never end badly.")
    parser.add_argument("--minutes", type=float, default=30.0, help="the report is written after so long at the latest")
    parser.add_argument("--tier", choices=("test", "night", "release"), default="night", help="how many draws make a row full")
    parser.add_argument("--rows", default="", help="only these, by number")
    parser.add_argument("--folder", type=Path, default=Path("runs/soak"), help="where draws are noted and the report goes")
    parser.add_argument("--seed", type=int, help="one draw of each row again, and nothing is noted")
    return parser.parse_args(arguments)


def draw_again(rows: Sequence[Row], seed: int, ground: Ground) -> int:
    """One seed, with its traceback."""
    for row in rows:
        row.draw(seed, ground)
        print(f"{row.name}, seed {seed}: nothing found")
    return 0


def soak(rows: Sequence[Row], given: argparse.Namespace, ground: Ground) -> int:
    """Always the row that is furthest from its target, until none is or the time is up."""
    given.folder.mkdir(parents=True, exist_ok=True)
    record = Record(given.folder / f"{given.tier}.jsonl")
    targets = {row.name: getattr(row, given.tier) for row in rows}
    end = time.monotonic() + 60 * given.minutes
    while time.monotonic() < end:
        open_rows = [row for row in rows if record.done(row) < targets[row.name] and not record.is_skipped(row)]
        if not open_rows:
            break
        row = min(open_rows, key=lambda row: record.done(row) / targets[row.name])
        record.add(drawn(row, record.done(row), ground))
    page = given.folder / f"{given.tier}.md"
    page.write_text(markdown(record, rows, list(targets.values()), machine()), encoding="utf-8")
    print(page.read_text(encoding="utf-8") + f"\nwritten to {page}")
    return int(any(list(record.bad(row)) for row in rows))


def drawn(row: Row, seed: int, ground: Ground) -> Drawn:
    """One draw, whatever becomes of it."""
    begun = time.monotonic()
    try:
        row.draw(seed, ground)
    except pytest.skip.Exception as error:
        return Drawn(row.name, seed, 0.0, None, str(error))
    except Exception as error:
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        return Drawn(row.name, seed, time.monotonic() - begun, said[:300])
    return Drawn(row.name, seed, time.monotonic() - begun)


def machine() -> list[str]:
    """Where this was drawn."""
    cores = len(os.sched_getaffinity(0))
    return [f"Misora {__version__}, Python {platform.python_version()}, SQLite {sqlite_version}, {platform.system()}, {cores} cores."]


if __name__ == "__main__":
    sys.exit(main())

"""The report of a soak: one page of Markdown, one row a kind of harm."""

from __future__ import annotations

from collections.abc import Sequence

from soak.record import Record
from soak.rows import Row


def markdown(record: Record, rows: Sequence[Row], targets: Sequence[int], facts: Sequence[str]) -> str:
    """What was drawn, what was found, and how to draw it again."""
    lines = [
        "# Soak",
        "",
        *facts,
        "",
        "| row | drawn | of | seeds | findings | seconds | one draw is |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row, target in zip(rows, targets, strict=True):
        lines.append(table_row(record, row, target))
    bad = [one for row in rows for one in record.bad(row)]
    lines += ["", f"{len(bad)} findings in {sum(record.done(row) for row in rows)} draws.", ""]
    lines += [f"- `{one.row}` seed {one.seed}: {one.said}" for one in bad]
    lines += [f"- `{row.name}` was left out: {record.drawn[row.name][-1].why}" for row in rows if record.is_skipped(row)]
    return "\n".join(lines) + "\n"


def table_row(record: Record, row: Row, target: int) -> str:
    drawn = [one for one in record.drawn[row.name] if one.said is not None]
    seeds = f"{drawn[0].seed} to {drawn[-1].seed}" if drawn else "none"
    seconds = sum(one.seconds for one in drawn)
    return f"| {row.name} | {len(drawn)} | {target} | {seeds} | {sum(bool(one.said) for one in drawn)} | {seconds:.0f} | {row.each} |"

"""Columns of text that line up, Chinese included; for people, and for ``grep``."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]]) -> str:
    """``rows`` as lines with two spaces between columns; the first row is the heading."""
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(pad(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows)


def pad(text: str, size: int) -> str:
    return text + " " * (size - width(text))


def width(text: str) -> int:
    """Columns that ``text`` takes on a terminal; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)

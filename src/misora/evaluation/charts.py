"""Charts of figures with their intervals, as SVG text for the report's page."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

from misora.evaluation.statistics import Figure

COLOURS = ("#8c8c8c", "#0072b2", "#d55e00", "#cc79a7", "#009e73")
ROW, LABEL, WIDTH, RIGHT, TOP = 14, 110, 720, 20, 34


def share_chart(columns: Mapping[str, Mapping[str, Figure]], facts: Sequence[str]) -> str:
    """Shares from 0 to 1, one band a fact, one mark a column, whiskers for the interval.

    Args:
        columns: Name of a column to its figures by fact; the order fixes colours.
        facts: In order from above.
    """
    band = ROW * len(columns) + 10
    height = TOP + band * len(facts) + 24
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Share of facts that are right, with 95 % intervals">']
    parts += [_tick(share, height) for share in (0, 0.25, 0.5, 0.75, 1)]
    parts += _legend(list(columns))
    for place, fact in enumerate(facts):
        y = TOP + band * place
        parts.append(f'<text x="{LABEL - 8}" y="{y + band / 2 + 4}" text-anchor="end" class="name">{html.escape(fact)}</text>')
        for index, figures in enumerate(columns.values()):
            if fact in figures and not math.isnan(figures[fact].value):
                parts.append(_mark(figures[fact], y + ROW * (index + 0.5) + 5, COLOURS[index % len(COLOURS)]))
    return "".join([*parts, "</svg>"])


def _across(share: float) -> float:
    return LABEL + share * (WIDTH - LABEL - RIGHT)


def _tick(share: float, height: int) -> str:
    x = _across(share)
    line = f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{height - 20}" class="grid"/>'
    return f'{line}<text x="{x}" y="{height - 6}" text-anchor="middle">{share:.0%}</text>'


def _legend(names: Sequence[str]) -> list[str]:
    step = (WIDTH - LABEL) / max(1, len(names))
    return [
        f'<circle cx="{LABEL + step * index + 6}" cy="14" r="5" fill="{COLOURS[index % len(COLOURS)]}"/>'
        f'<text x="{LABEL + step * index + 16}" y="18">{html.escape(name)}</text>'
        for index, name in enumerate(names)
    ]


def _mark(figure: Figure, y: float, colour: str) -> str:
    low, high = (figure.value if math.isnan(edge) else edge for edge in (figure.low, figure.high))
    whisker = f'<line x1="{_across(low):.1f}" x2="{_across(high):.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
    title = f"<title>{figure.value:.1%} ({low:.1%} to {high:.1%}), N = {figure.count}</title>"
    return f'<g>{whisker}<circle cx="{_across(figure.value):.1f}" cy="{y}" r="4.5" fill="{colour}"/>{title}</g>'

"""The report's page: one HTML file without scripts or anything from elsewhere; clips lie beside it."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence

from misora.evaluation.charts import share_chart
from misora.evaluation.record import POSTER, Record
from misora.evaluation.statistics import Figure
from misora.evaluation.tables import MEASURES, Column, asked_facts

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1d1f24; background: #fff; max-width: 1100px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem }
h2 { margin-top: 2.2rem; font-size: 1.2rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #e3e5ea }
th:first-child, td:first-child { text-align: left }
td small { color: #6b7080; white-space: nowrap }
.clips { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(330px, 100%), 1fr)); gap: 1.2rem 1rem }
.clips figure { margin: 0 }
.pair { display: flex; gap: 4px }
.pair label { flex: 1; min-width: 0; font-size: .75rem; color: #6b7080 }
video { display: block; width: 100%; border-radius: 6px; background: #000 }
figcaption { font-size: .85rem }
.wrong { color: #b3261e }
svg { width: 100%; max-width: 760px; font: 12px system-ui, sans-serif }
svg .grid { stroke: #e3e5ea }
svg .name { font-weight: 600 }
@media (prefers-color-scheme: dark) {
  body { background: #14161a; color: #e6e8ee }
  th, td { border-color: #2c3038 }
  svg { fill: #e6e8ee }
  svg .grid { stroke: #2c3038 }
  .wrong { color: #ff8a80 }
}
"""
LANGUAGES = {"all": "All prompts", "en": "English prompts", "zh": "Chinese prompts"}
SHOWN = 6
"""Clips shown of the best and of the worst."""


def write_page(
    facts: Mapping[str, str],
    columns: Mapping[str, Column],
    reconstruction: Mapping[str, Figure],
    clips: Mapping[str, Sequence[Record]],
    path_of: Callable[[str, Record], str],
    truth: str,
) -> str:
    """The page.

    Args:
        facts: What was evaluated, shown as a list.
        columns: By name, in order.
        reconstruction: PSNR and SSIM of the autoencoder.
        clips: Records of each model, best first.
        path_of: Where a clip of a column lies, relative to the page.
        truth: Name of the column whose clips show what was asked.
    """
    facts_shown = asked_facts(columns.values())
    chart = share_chart({name: column.adherence["all"] for name, column in columns.items()}, facts_shown)
    parts = [
        "<h1>Evaluation</h1>",
        "".join(f"<p><b>{html.escape(name)}</b>: {html.escape(value)}</p>" for name, value in facts.items()),
        "<h2>Is what was asked there?</h2>",
        "<p>Share of facts that the judge reads as asked, with 95 % Wilson intervals and the number of facts. "
        "<i>Ceiling</i>: the stage's own clips of the same prompts; <i>reconstruction</i>: these through the autoencoder; "
        "<i>floor</i>: the stage's clips against other prompts.</p>",
        chart,
        *(_adherence(title, columns, facts_shown, language) for language, title in LANGUAGES.items()),
        "<h2>Motion and steadiness</h2>",
        _table([_words(name, what) for name, what in MEASURES.items()], columns, lambda column, row: list(column.measures.values())[row]),
        "<h2>Distribution</h2>",
        _distribution(columns),
        _reconstruction(reconstruction),
    ]
    for name, records in clips.items():
        beside = [name, *(other for other in clips if other != name), truth]
        for title, some in best_and_worst(records).items():
            parts += [f"<h2>{html.escape(name)}: {title}</h2>", _clips(some, beside, path_of)]
    body = "\n".join(parts)
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Misora evaluation</title><style>{STYLE}</style>'
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def cell(figure: Figure, *, percent: bool = False) -> str:
    """A figure as ``value [low, high] N``."""
    if math.isnan(figure.value):
        return "–"
    form = "{:.1%}".format if percent else "{:.4g}".format
    interval = "" if math.isnan(figure.low) else f" [{form(figure.low)}, {form(figure.high)}]"
    return f"{form(figure.value)} <small>{interval} N={figure.count}</small>"


def _words(name: str, what: str) -> str:
    return f"{html.escape(name.replace('_', ' '))} <small>{html.escape(what)}</small>"


def _table(labels: Sequence[str], columns: Mapping[str, Column], figure: Callable[[Column, int], Figure], *, percent: bool = False) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    rows = [
        f"<tr><td>{label}</td>" + "".join(f"<td>{cell(figure(column, row), percent=percent)}</td>" for column in columns.values()) + "</tr>"
        for row, label in enumerate(labels)
    ]
    return f'<div class="wide"><table><tr><th></th>{head}</tr>{"".join(rows)}</table></div>'


def _adherence(title: str, columns: Mapping[str, Column], facts: Sequence[str], language: str) -> str:
    told = {name: column for name, column in columns.items() if language in column.adherence}
    if not told:
        return ""
    return f"<h3>{title}</h3>" + _table(facts, told, lambda column, row: column.adherence[language][facts[row]], percent=True)


def _distribution(columns: Mapping[str, Column]) -> str:
    rows: dict[str, Callable[[Column], Figure]] = {
        _words(
            "Fréchet distance", "to the stage's clips of the same prompts, on the judge's features; biased upwards by a small N"
        ): lambda column: column.frechet,
        _words("diversity", "mean feature distance between seeds of one prompt"): lambda column: column.diversity,
        _words("seconds", "to make a clip"): lambda column: column.seconds,
    }
    for name in dict.fromkeys(name for column in columns.values() for name in column.outside):
        rows[_words(name, "outside measure")] = lambda column, name=name: column.outside.get(name, Figure(math.nan, math.nan, math.nan, 0))  # type: ignore[misc]
    takers = list(rows.values())
    return _table(list(rows), columns, lambda column, row: takers[row](column))


def _reconstruction(figures: Mapping[str, Figure]) -> str:
    cells = "".join(f"<tr><td>{html.escape(name)}</td><td>{cell(figure)}</td></tr>" for name, figure in figures.items())
    return f"<h3>Reconstruction by the autoencoder</h3><table>{cells}</table>" if figures else ""


def best_and_worst(records: Sequence[Record]) -> dict[str, Sequence[Record]]:
    """Clips to show by title, ``SHOWN`` of each kind at most and none twice; ``records`` are best first."""
    count = min(SHOWN, len(records) // 2)
    return {"best clips": records[:count], "worst clips": records[len(records) - count :]} if count else {"clips": records}


def _clips(records: Sequence[Record], beside: Sequence[str], path_of: Callable[[str, Record], str]) -> str:
    return '<div class="clips">' + "".join(_clip(record, beside, path_of) for record in records) + "</div>"


def _clip(record: Record, beside: Sequence[str], path_of: Callable[[str, Record], str]) -> str:
    players = "".join(f"<label>{_player(path_of(name, record))}{html.escape(name)}</label>" for name in beside)
    wrong = "; ".join(f"{check.fact}: {check.read} for {check.asked}" for check in record.checks if not check.right).replace("_", " ")
    fault = f'<br><span class="wrong">{html.escape(wrong)}</span>' if wrong else ""
    return (
        f'<figure><div class="pair">{players}</div><figcaption>{html.escape(record.caption)}<br>'
        f"score {record.score:.2f}{fault}</figcaption></figure>"
    )


def _player(clip: str) -> str:
    """A silent player that waits to be started, with the picture that was kept beside the clip."""
    poster = html.escape(clip.removesuffix(".mp4") + POSTER)
    return f'<video src="{html.escape(clip)}" poster="{poster}" controls loop muted playsinline preload="none"></video>'

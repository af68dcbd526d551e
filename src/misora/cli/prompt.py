"""``misora prompt``: how a sentence is read and rewritten, without making anything; or how well a whole table of them is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from misora.base.errors import InputError
from misora.cli.options import PresetName, Rewriter
from misora.cli.world import TierName

if TYPE_CHECKING:
    from misora.prompting.rewriter import Rewrite
    from misora.prompting.score import Score


def prompt(
    text: Annotated[str | None, typer.Argument(help="What is seen, in English or Chinese.")] = None,
    preset: PresetName = None,
    rewriter: Rewriter = None,
    tier: Annotated[TierName | None, typer.Option(help="Which tier the model was taught. Default: MISORA_TIER, small.")] = None,
    seconds: Annotated[float, typer.Option(help="Of the video: in a long one the camera goes along with who walks, runs or flies.")] = 5.0,
    table: Annotated[Path | None, typer.Option(help="Score a table of prompts with their meaning, tabs between columns, instead.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows what TEXT would become.

    The captions that the model would be given, what was understood, replaced, added, left out, not understood. Nothing is made.
    """
    if table is not None:
        scored(table, as_json=as_json)
    elif text is None or not text.strip():
        raise InputError("prompt is empty; describe the scene, for example 'a dog runs along the beach'", field="prompt")
    else:
        rewrite = rewritten(text, preset, rewriter, tier, seconds)
        print(json.dumps(as_data(rewrite), ensure_ascii=False) if as_json else "\n".join(lines_of(rewrite)))


def rewritten(text: str, preset: str | None, rewriter: str | None, tier: str | None, seconds: float) -> Rewrite:
    """As ``misora generate`` would rewrite it for weights of ``tier``; None is the setting's."""
    from dataclasses import replace

    from misora.base.settings import load_settings
    from misora.prompting.preset_shelf import PresetShelf
    from misora.prompting.rewriting import rewrite_prompt

    settings = load_settings()
    settings = replace(settings, tier=tier or settings.tier)
    return rewrite_prompt(text, settings, None if preset is None else PresetShelf(settings.presets).get(preset), rewriter, seconds)


def as_data(rewrite: Rewrite) -> dict[str, Any]:
    """Everything, as plain data; the same names as in the Python API."""
    import dataclasses

    return dataclasses.asdict(rewrite)


def lines_of(rewrite: Rewrite) -> list[str]:
    """For people: the captions, then each part of the account that is not empty."""
    from misora.prompting.meaning import INSTALL, has_encoder

    rows: list[tuple[str, str]] = []
    for number, beat in enumerate(rewrite.beats or (rewrite.text,), start=1):
        rows.append((f"caption {number}" if rewrite.beats else "caption", beat))
    rows.append(("written by", {"": "nobody: it is your own prompt"}.get(rewrite.by, rewrite.by)))
    rows.append(("understood", ", ".join(f"{kind} {value}" for kind, value in rewrite.understood if value)))
    rows.append(("taken as", ", ".join(f"{written} → {taken}" for written, taken in rewrite.replaced)))
    for title, words in (
        ("added", rewrite.added),
        ("from preset", rewrite.from_preset),
        ("left out", rewrite.dropped),
        ("not wanted", rewrite.excluded),
        ("not known", rewrite.unknown_words),
    ):
        rows.append((title, ", ".join(words)))
    if rewrite.unknown_words and not has_encoder():
        rows.append(("hint", f"{INSTALL} looks unknown words up by meaning"))
    rows.append(("note", rewrite.note))
    return [f"{title:<12}{words}" for title, words in rows if words]


def scored(table: Path, *, as_json: bool) -> None:
    """Prints the share of prompts in ``table`` that are read right, by field, with 95 % intervals."""
    from misora.cli.tables import table as columns
    from misora.prompting.score import read_table, score

    result = score(read_table(table))
    if as_json:
        print(json.dumps(score_data(result), ensure_ascii=False))
        return
    rows = [["field", "right", "of", "share", "95 % interval"]]
    for name, share in [*result.fields.items(), ("everything", result.whole)]:
        low, high = share.interval
        rows.append([name, str(share.right), str(share.total), f"{share.right / max(1, share.total):.1%}", f"{low:.1%} to {high:.1%}"])
    print(columns(rows))
    for text, fields in result.failures:
        print(f"misread ({', '.join(fields)}): {text}")


def score_data(result: Score) -> dict[str, Any]:
    """The same as plain data."""
    shares = {**result.fields, "everything": result.whole}
    return {
        "shares": {name: {"right": one.right, "total": one.total, "interval": one.interval} for name, one in shares.items()},
        "failures": [{"prompt": text, "fields": fields} for text, fields in result.failures],
    }

"""``misora recut``: stretches of clips in a new order, with gaps that are made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from misora.cli.options import (
    AsJson,
    Clip,
    Guidance,
    Native,
    Negative,
    NewPrompt,
    NoRewrite,
    OutBeside,
    Quality,
    Rewriter,
    Seed,
    Steps,
    rewriting,
)


def recut(
    clip: Clip,
    pieces: Annotated[list[str], typer.Argument(help="In order: START-END, START-, gap:SECONDS[:CAPTION]; 2/START-END is of --with.")],
    other: Annotated[list[Path] | None, typer.Option("--with", help="Another clip, numbered from 2; may be given many times.")] = None,
    prompt: NewPrompt = None,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    quality: Quality = None,
    negative: Negative = "",
    no_rewrite: NoRewrite = False,
    rewriter: Rewriter = None,
    native: Native = False,
    out: OutBeside = None,
    as_json: AsJson = False,
) -> None:
    """Cuts CLIP into PIECES, makes the gaps, and prints the new path."""
    from misora.api.edit import Choices
    from misora.cli.edits import deliver_edit
    from misora.editing.recut import Recut, parse_piece

    tool = Recut(tuple(parse_piece(text) for text in pieces))
    choices = Choices(prompt, seed, steps, guidance, negative, rewriting(no_rewrite, rewriter), native=native, quality=quality)
    deliver_edit(tool, [clip, *(other or ())], choices, out, as_json=as_json)

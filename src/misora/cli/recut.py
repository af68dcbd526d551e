"""``misora recut``: stretches of clips in a new order, with gaps that are made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from misora.cli.edit_verb import Edit, edit_verb
from misora.cli.options import Clip


@edit_verb()
def recut(
    clip: Clip,
    pieces: Annotated[list[str], typer.Argument(help="In order: START-END, START-, gap:SECONDS[:CAPTION]; 2/START-END is of --with.")],
    other: Annotated[list[Path] | None, typer.Option("--with", help="Another clip, numbered from 2; may be given many times.")] = None,
) -> Edit:
    """Cuts CLIP into PIECES, makes the gaps, and prints the new path."""
    from misora.editing.recut import Recut, parse_piece

    return Recut(tuple(parse_piece(text) for text in pieces)), [clip, *(other or ())]

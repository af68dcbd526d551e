"""``misora reframe``: a clip in another shape, with what lies outside its frame made."""

from __future__ import annotations

from typing import Annotated

import typer

from misora.cli.edit_verb import Edit, edit_verb
from misora.cli.options import Clip


@edit_verb()
def reframe(
    clip: Clip,
    size: Annotated[str | None, typer.Option(help="Exact size of the result, as WIDTHxHEIGHT.")] = None,
    aspect: Annotated[str | None, typer.Option(help="Or its shape, such as 9:16: the smallest that holds the clip as it is.")] = None,
) -> Edit:
    """Makes what lies around CLIP and prints the new path."""
    from misora.editing.reframe import Reframe

    return Reframe(size, aspect), [clip]

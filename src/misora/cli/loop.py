"""``misora loop``: a clip that plays round and round."""

from __future__ import annotations

from typing import Annotated

import typer

from misora.cli.edit_verb import Edit, edit_verb
from misora.cli.options import Clip


@edit_verb()
def loop(
    clip: Clip,
    length: Annotated[str, typer.Option(help="Of the way back: short, normal, long, or seconds.")] = "normal",
) -> Edit:
    """Leads the end of CLIP back to its beginning and prints the new path."""
    from misora.editing.loop import Loop, parse_length

    return Loop(parse_length(length)), [clip]

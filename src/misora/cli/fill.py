"""``misora fill``: a hole in a clip is made anew."""

from __future__ import annotations

from typing import Annotated

import typer

from misora.cli.edit_verb import Edit, edit_verb
from misora.cli.options import Clip


@edit_verb()
def fill(
    clip: Clip,
    start: Annotated[float, typer.Option(help="Where the hole begins, in seconds.")],
    end: Annotated[float, typer.Option(help="Where it ends.")],
) -> Edit:
    """Makes the frames of CLIP from --start to --end anew and prints the new path."""
    from misora.editing.fill import Fill

    return Fill(start, end), [clip]

"""``misora connect``: two clips become one with new frames between them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from misora.cli.edit_verb import Edit, edit_verb
from misora.cli.options import Clip


@edit_verb()
def connect(
    clip: Clip,
    after: Annotated[Path, typer.Argument(help="The clip that follows; it is brought to the size and rate of the first.")],
    seconds: Annotated[float, typer.Option(help="How much is made between them, above 0 to 60.")] = 1.0,
) -> Edit:
    """Leads CLIP over into AFTER and prints the new path."""
    from misora.editing.connect import Connect

    return Connect(seconds), [clip, after]

"""``misora extend``: a clip goes on, or begins earlier."""

from __future__ import annotations

from typing import Annotated

import typer

from misora.cli.edit_verb import Edit, edit_verb
from misora.cli.options import Clip, KeepLatents


@edit_verb(keep_latents=(KeepLatents, False))
def extend(
    clip: Clip,
    seconds: Annotated[float, typer.Option(help="How much is added, above 0 to 60.")] = 2.0,
    backward: Annotated[bool, typer.Option("--backward", help="Add before the clip instead of after it.")] = False,
) -> Edit:
    """Adds seconds after CLIP, or before it, and prints the new path."""
    from misora.editing.extend import Extend

    return Extend(seconds, backward), [clip]

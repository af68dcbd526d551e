"""``misora restyle``: a clip in another look."""

from __future__ import annotations

from typing import Annotated

import typer

from misora.cli.edit_verb import Edit, edit_verb
from misora.cli.options import Clip, PresetName


@edit_verb(preset=(PresetName, None))
def restyle(
    clip: Clip,
    strength: Annotated[str, typer.Option(help="How much changes: subtle, mild, strong, or a number from 0 to 1.")] = "subtle",
) -> Edit:
    """Gives CLIP another look and prints the new path."""
    from misora.editing.remix import parse_strength
    from misora.editing.restyle import Restyle

    return Restyle(parse_strength(strength)), [clip]

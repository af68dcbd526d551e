"""``misora blend``: two clips become one along a curve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from misora.cli.edit_verb import Edit, edit_verb
from misora.cli.options import Clip


@edit_verb()
def blend(
    clip: Clip,
    other: Annotated[Path, typer.Argument(help="The clip that is blended in; it is brought to the size and rate of the first.")],
    curve: Annotated[
        str, typer.Option(help="transition, mix, sample, or SECONDS:INFLUENCE,... with the second clip's influence from 0 to 1.")
    ] = "transition",
) -> Edit:
    """Blends OTHER into CLIP and prints the new path."""
    from misora.editing.blend import Blend
    from misora.editing.curves import parse_curve

    return Blend(parse_curve(curve)), [clip, other]

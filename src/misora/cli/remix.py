"""``misora remix``: a clip changed towards a new prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from misora.cli.edit_verb import REQUIRED, Edit, edit_verb
from misora.cli.options import Clip, Prompt


@edit_verb(prompt=(Prompt, REQUIRED))
def remix(
    clip: Clip,
    strength: Annotated[str, typer.Option(help="How much changes: subtle, mild, strong, or a number from 0 to 1.")] = "mild",
    start: Annotated[float | None, typer.Option(help="First second that may change.")] = None,
    end: Annotated[float | None, typer.Option(help="Second at which the change ends.")] = None,
    box: Annotated[str | None, typer.Option(help="Part of the picture that may change: left,top,right,bottom in pixels.")] = None,
    mask: Annotated[Path | None, typer.Option(help="A picture of the clip's size, or a clip as long, white where it may change.")] = None,
    player: Annotated[str | None, typer.Option(help="Somebody in the clip, such as 'the dog', whom the critic finds and masks.")] = None,
) -> Edit:
    """Changes CLIP towards PROMPT and prints the new path."""
    from misora.editing.masks import parse_box
    from misora.editing.remix import Remix, parse_strength

    tool = Remix(parse_strength(strength), start, end, None if box is None else parse_box(box), player)
    return tool, [clip] if mask is None else [clip, mask]

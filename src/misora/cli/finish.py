"""``misora finish``: a draft to the same clip at full size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misora.cli.options import AsJson, Steps

if TYPE_CHECKING:
    from misora.api.generate import Generation
    from misora.cli.display import Display


def finish(
    file: Annotated[Path, typer.Argument(help="A draft, or a JSON file with its recipe.")],
    image: Annotated[list[Path] | None, typer.Option(help="A picture that was pinned; needed again, known by its digest.")] = None,
    steps: Steps = None,
    strength: Annotated[float, typer.Option(help="How much of the draft stays, 0 to 1.")] = 0.5,
    out: Annotated[Path | None, typer.Option(help="Where to write. Default: FILE with -full before its suffix.")] = None,
    as_json: AsJson = False,
) -> None:
    """Makes a draft at full size.

    Same prompt, seed and style; the draft's composition stays. Prints the new path.
    """
    from misora.api.draft import prepare_finish, start_finish
    from misora.api.output import check_output
    from misora.api.replay import read_recipe
    from misora.cli.deliver import write

    recipe = read_recipe(file)
    images = list(image or ())
    target = out or file.with_name(f"{file.stem}-full{file.suffix if file.suffix.lower() != '.json' else '.mp4'}")
    check_output(target, prepare_finish(recipe, images, steps, strength).canvas.shape)

    def begin(display: Display) -> Generation:
        return start_finish(recipe, images, steps=steps, strength=strength, progress=display.progress, preview=display.preview)

    write(begin, target, as_json=as_json)

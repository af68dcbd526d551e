"""``misora replay``: a file's recipe to the same frames again."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misora.cli.options import AsJson

if TYPE_CHECKING:
    from misora.api.generate import Generation
    from misora.cli.display import Display


def replay(
    file: Annotated[Path, typer.Argument(help="A video or picture that Misora wrote, or a JSON file with its recipe.")],
    image: Annotated[list[Path] | None, typer.Option(help="A picture or clip that was pinned; needed again, known by its digest.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write. Default: FILE with -replay before its suffix.")] = None,
    as_json: AsJson = False,
) -> None:
    """Makes the frames of FILE again.

    Bit for bit on the same machine and library versions; prints the new path.
    """
    from misora.api.output import check_output
    from misora.api.replay import ReplayWarning, differences, read_recipe, start_replay
    from misora.cli.deliver import write

    recipe = read_recipe(file)
    target = out or replay_name(file, is_still=recipe.shape.num_frames == 1)
    check_output(target, recipe.shape)

    def begin(display: Display) -> Generation:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReplayWarning)
            generation = start_replay(recipe, list(image or ()), progress=display.progress, preview=display.preview)
        for difference in differences(recipe, generation.recipe):
            print(f"note: {difference}", file=sys.stderr)
        return generation

    write(begin, target, as_json=as_json)


def replay_name(file: Path, *, is_still: bool) -> Path:
    """Beside ``file``, never over it; a recipe in JSON becomes a video or a picture."""
    suffix = file.suffix if file.suffix.lower() != ".json" else ".png" if is_still else ".mp4"
    return file.with_name(f"{file.stem}-replay{suffix}")

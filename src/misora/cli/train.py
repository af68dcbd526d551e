"""``misora train``: one stage, one recipe, until the clock says stop; the same command goes on where it left off."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from misora.base.errors import InputError


def train(
    stage: Annotated[
        str | None,
        typer.Argument(
            help="autoencoder, latents, text, transformer, turbo, upsampler, interpolator, parser, tracks or heads; see --list."
        ),
    ] = None,
    recipe: Annotated[str, typer.Option(help="Name of the recipe; see --list.")] = "small",
    minutes: Annotated[float | None, typer.Option(help="Stop after so long; without it, at the recipe's end.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run. Default: runs/STAGE-RECIPE.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, ...")] = "auto",
    list_recipes: Annotated[bool, typer.Option("--list", help="Print stages and recipes and leave.")] = False,
) -> None:
    """Trains one stage of the model.

    Prints where the weights are. Started again with the same --out, it goes on from its last checkpoint.
    """
    if minutes is not None and not minutes > 0:
        raise InputError(f"minutes={minutes:g} must be above 0; leave it out to run to the recipe's end", field="minutes")
    from misora.training.main import recipe_names, run

    if list_recipes:
        for name, recipes in recipe_names().items():
            print(f"{name}: {', '.join(recipes)}")
    elif stage is None:
        raise InputError(f"stage is missing; choose one of {', '.join(recipe_names())}, or --list", field="stage")
    else:
        print(run(stage, recipe, minutes=minutes, out=out or Path("runs") / f"{stage}-{recipe}", device=device, say=say))


def say(line: str) -> None:
    """Reports of a run go to standard error, so that standard output is the path alone."""
    typer.echo(line, err=True)

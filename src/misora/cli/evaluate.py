"""``misora eval``: how good a model is, against held-out prompts, as a page and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from misora.cli.options import Guidance, Quality, Steps
from misora.cli.world import TierName

QUICK_PROMPTS = 64
SECONDS = {TierName.SMALL: 2.0, TierName.FULL: 3.0}


def evaluate(
    model: Annotated[Path | None, typer.Option(help="Weights folder. Default: the weights in use.")] = None,
    against: Annotated[Path | None, typer.Option(help="Another weights folder, shown beside it.")] = None,
    prompts: Annotated[int, typer.Option(help="Held-out prompts, half of them Chinese.")] = QUICK_PROMPTS,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT in pixels.")] = "256x256",
    seconds: Annotated[
        float | None, typer.Option(help="Length of each clip. Default: 2, in the full tier 3, which has room for a cut.")
    ] = None,
    tier: Annotated[TierName, typer.Option(help="full: also its places, weathers, colours and cuts.")] = TierName.SMALL,
    steps: Steps = None,
    guidance: Guidance = None,
    quality: Quality = None,
    measure: Annotated[list[str] | None, typer.Option(help="A measure of your own, module:function; may be given many times.")] = None,
    goals: Annotated[
        bool, typer.Option("--table", help="Measure what the weights are meant to reach, Turbo and base, as one table.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="With --table: few clips, minutes instead of hours.")] = False,
    photos: Annotated[Path | None, typer.Option(help="With --table: a folder of photographs for the autoencoder.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the report; an unfinished one is gone on with. Default: out/evaluation, or out/table."),
    ] = None,
) -> None:
    """Judges a model on prompts that training never draws.

    Writes index.html and report.json with tables, plots and clips, and prints the table. Stopped, it goes on where it was.
    """
    from misora.base.canvas import check_quality
    from misora.base.settings import load_settings
    from misora.base.shapes import VideoShape, frames_for, parse_size
    from misora.cli.display import showing
    from misora.cli.tables import table
    from misora.evaluation.evaluate import EvaluationRequest, summary
    from misora.evaluation.evaluate import evaluate as run
    from misora.evaluation.outside import load_measure

    settings, (height, width) = load_settings(), parse_size(size)
    if goals:
        print_table(model or settings.weights, out or Path("out/table"), prompts, photos, quick=quick)
        return
    models = {"model": model or settings.weights, **({"against": against} if against else {})}
    request = EvaluationRequest(
        models,
        VideoShape(frames_for(SECONDS[tier] if seconds is None else seconds, 24.0), height, width, 24.0),
        prompts,
        steps=steps,
        guidance=guidance,
        quality=check_quality(quality, guidance),
        measures={name: load_measure(name) for name in measure or ()},
        tier=tier,
    )
    with showing() as display:
        report = run(request, out or Path("out/evaluation"), settings, progress=display.progress)
    print(table(summary(report)))
    print(report.page)


def print_table(weights: Path, out: Path, prompts: int, photos: Path | None, *, quick: bool) -> None:
    """Measures and prints the table of goals."""
    from dataclasses import replace

    from misora.base.settings import load_settings
    from misora.cli.display import showing
    from misora.evaluation.goal_table import QUICK, TableRequest, measure_table

    request = replace(QUICK, photos=photos) if quick else TableRequest(prompts=prompts, photos=photos)
    with showing() as display:
        text = measure_table(request, weights, out, load_settings(), progress=display.progress)
    print(text, end="")
    print(out / "table.md")

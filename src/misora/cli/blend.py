"""``misora blend``: two clips become one along a curve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from misora.cli.options import (
    AsJson,
    Clip,
    Guidance,
    Native,
    Negative,
    NewPrompt,
    NoRewrite,
    OutBeside,
    Quality,
    Rewriter,
    Seed,
    Steps,
    rewriting,
)


def blend(
    clip: Clip,
    other: Annotated[Path, typer.Argument(help="The clip that is blended in; it is brought to the size and rate of the first.")],
    curve: Annotated[
        str, typer.Option(help="transition, mix, sample, or SECONDS:INFLUENCE,... with the second clip's influence from 0 to 1.")
    ] = "transition",
    prompt: NewPrompt = None,
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    quality: Quality = None,
    negative: Negative = "",
    no_rewrite: NoRewrite = False,
    rewriter: Rewriter = None,
    native: Native = False,
    out: OutBeside = None,
    as_json: AsJson = False,
) -> None:
    """Blends OTHER into CLIP and prints the new path."""
    from misora.api.edit import Choices
    from misora.cli.edits import deliver_edit
    from misora.editing.blend import Blend
    from misora.editing.curves import parse_curve

    choices = Choices(prompt, seed, steps, guidance, negative, rewriting(no_rewrite, rewriter), native=native, quality=quality)
    deliver_edit(Blend(parse_curve(curve)), [clip, other], choices, out, as_json=as_json)

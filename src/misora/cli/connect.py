"""``misora connect``: two clips become one with new frames between them."""

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


def connect(
    clip: Clip,
    after: Annotated[Path, typer.Argument(help="The clip that follows; it is brought to the size and rate of the first.")],
    seconds: Annotated[float, typer.Option(help="How much is made between them, above 0 to 60.")] = 1.0,
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
    """Leads CLIP over into AFTER and prints the new path."""
    from misora.api.edit import Choices
    from misora.cli.edits import deliver_edit
    from misora.editing.connect import Connect

    choices = Choices(prompt, seed, steps, guidance, negative, rewriting(no_rewrite, rewriter), native=native, quality=quality)
    deliver_edit(Connect(seconds), [clip, after], choices, out, as_json=as_json)

"""``misora extend``: a clip goes on, or begins earlier."""

from __future__ import annotations

from typing import Annotated

import typer

from misora.cli.options import (
    AsJson,
    Clip,
    Guidance,
    KeepLatents,
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


def extend(
    clip: Clip,
    seconds: Annotated[float, typer.Option(help="How much is added, above 0 to 60.")] = 2.0,
    backward: Annotated[bool, typer.Option("--backward", help="Add before the clip instead of after it.")] = False,
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
    keep_latents: KeepLatents = False,
    as_json: AsJson = False,
) -> None:
    """Adds seconds after CLIP, or before it, and prints the new path."""
    from misora.api.edit import Choices
    from misora.cli.edits import deliver_edit
    from misora.editing.extend import Extend

    choices = Choices(prompt, seed, steps, guidance, negative, rewriting(no_rewrite, rewriter), native=native, quality=quality)
    deliver_edit(Extend(seconds, backward), [clip], choices, out, as_json=as_json, keep_latents=keep_latents)

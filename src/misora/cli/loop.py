"""``misora loop``: a clip that plays round and round."""

from __future__ import annotations

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


def loop(
    clip: Clip,
    length: Annotated[str, typer.Option(help="Of the way back: short, normal, long, or seconds.")] = "normal",
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
    """Leads the end of CLIP back to its beginning and prints the new path."""
    from misora.api.edit import Choices
    from misora.cli.edits import deliver_edit
    from misora.editing.loop import Loop, parse_length

    choices = Choices(prompt, seed, steps, guidance, negative, rewriting(no_rewrite, rewriter), native=native, quality=quality)
    deliver_edit(Loop(parse_length(length)), [clip], choices, out, as_json=as_json)

"""``misora reframe``: a clip in another shape, with what lies outside its frame made."""

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


def reframe(
    clip: Clip,
    size: Annotated[str | None, typer.Option(help="Exact size of the result, as WIDTHxHEIGHT.")] = None,
    aspect: Annotated[str | None, typer.Option(help="Or its shape, such as 9:16: the smallest that holds the clip as it is.")] = None,
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
    """Makes what lies around CLIP and prints the new path."""
    from misora.api.edit import Choices
    from misora.cli.edits import deliver_edit
    from misora.editing.reframe import Reframe

    choices = Choices(prompt, seed, steps, guidance, negative, rewriting(no_rewrite, rewriter), native=native, quality=quality)
    deliver_edit(Reframe(size, aspect), [clip], choices, out, as_json=as_json)

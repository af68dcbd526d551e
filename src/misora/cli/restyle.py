"""``misora restyle``: a clip in another look."""

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
    PresetName,
    Quality,
    Rewriter,
    Seed,
    Steps,
    rewriting,
)


def restyle(
    clip: Clip,
    preset: PresetName = None,
    prompt: NewPrompt = None,
    strength: Annotated[str, typer.Option(help="How much changes: subtle, mild, strong, or a number from 0 to 1.")] = "subtle",
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
    """Gives CLIP another look and prints the new path."""
    from misora.api.edit import Choices
    from misora.cli.edits import deliver_edit
    from misora.editing.remix import parse_strength
    from misora.editing.restyle import Restyle

    choices = Choices(prompt, seed, steps, guidance, negative, rewriting(no_rewrite, rewriter), preset, native, quality)
    deliver_edit(Restyle(parse_strength(strength)), [clip], choices, out, as_json=as_json)

"""``misora generate``: a sentence, and perhaps pictures, to a video."""

from __future__ import annotations

from typing import Annotated

import typer

from misora.base.errors import InputError
from misora.cli.options import (
    AsJson,
    Aspect,
    Fps,
    Guidance,
    KeepLatents,
    Native,
    Negative,
    NoPlan,
    NoRewrite,
    Out,
    PresetName,
    Prompt,
    Quality,
    Resolution,
    Rewriter,
    Seed,
    Size,
    Steps,
    rewriting,
)


def generate(
    prompt: Prompt,
    seconds: Annotated[float, typer.Option(help="Length, above 0 to 60.")] = 5.0,
    size: Size = None,
    resolution: Resolution = "480p",
    aspect: Aspect = "16:9",
    fps: Fps = 24.0,
    seed: Seed = None,
    image: Annotated[
        list[str] | None, typer.Option(help="A picture or clip to begin with; FILE@SECONDS or FILE@end to pin it elsewhere.")
    ] = None,
    steps: Steps = None,
    guidance: Guidance = None,
    quality: Quality = None,
    negative: Negative = "",
    no_rewrite: NoRewrite = False,
    rewriter: Rewriter = None,
    preset: PresetName = None,
    draft: Annotated[bool, typer.Option("--draft", help="Half the size, few steps; `misora finish` makes it in full.")] = False,
    native: Native = False,
    no_plan: NoPlan = False,
    takes: Annotated[int, typer.Option(help="Videos to make, each with its own seed, ranked by the critic.")] = 1,
    retry_below: Annotated[float | None, typer.Option(help="Make another, at most four, while no take scores this much; 0 to 1.")] = None,
    out: Out = None,
    keep_latents: KeepLatents = False,
    as_json: AsJson = False,
) -> None:
    """Makes a video of PROMPT and prints its path."""
    from misora.api.pins import parse_image
    from misora.api.request import Request
    from misora.cli.deliver import deliver
    from misora.cli.takes import deliver_takes

    images = tuple(parse_image(text) for text in image or ())
    rewrite = rewriting(no_rewrite, rewriter)
    request = Request(
        prompt, seconds, size, resolution, aspect, fps, seed, images, steps, guidance, negative, rewrite, preset=preset, draft=draft,
        native=native, quality=quality, planned=not no_plan,
    )  # fmt: skip
    if takes == 1 and retry_below is None:
        deliver(request, out, as_json=as_json, keep_latents=keep_latents)
        return
    if keep_latents:
        raise InputError(
            "keep_latents goes with one take; leave out --takes and --retry-below, or make the best take's seed again", field="keep_latents"
        )
    deliver_takes(request, out, takes, retry_below, as_json=as_json)

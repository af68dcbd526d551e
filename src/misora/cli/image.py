"""``misora image``: a sentence to a still."""

from __future__ import annotations

from misora.cli.options import (
    AsJson,
    Aspect,
    Guidance,
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


def image(
    prompt: Prompt,
    size: Size = None,
    resolution: Resolution = "480p",
    aspect: Aspect = "16:9",
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    quality: Quality = None,
    negative: Negative = "",
    no_rewrite: NoRewrite = False,
    rewriter: Rewriter = None,
    preset: PresetName = None,
    native: Native = False,
    no_plan: NoPlan = False,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Makes a still of PROMPT (PNG, WebP or JPEG) and prints its path."""
    from misora.api.request import Request
    from misora.cli.deliver import deliver

    request = Request(
        prompt,
        size=size,
        resolution=resolution,
        aspect=aspect,
        seed=seed,
        steps=steps,
        guidance=guidance,
        negative_prompt=negative,
        rewrite_prompt=rewriting(no_rewrite, rewriter),
        still=True,
        preset=preset,
        native=native,
        quality=quality,
        planned=not no_plan,
    )
    deliver(request, out, as_json=as_json)

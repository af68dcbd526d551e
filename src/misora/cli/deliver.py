"""What ``generate``, ``image`` and ``replay`` share: say how the prompt was read, make the video, print where it is."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from misora.cli.display import Display, showing

if TYPE_CHECKING:
    from misora.api.generate import Generation
    from misora.api.request import Prepared, Request
    from misora.base.canvas import Canvas
    from misora.base.recipe import Recipe
    from misora.prompting.rewriter import Rewrite


def deliver(request: Request, out: Path | None, *, as_json: bool, keep_latents: bool = False) -> None:
    """Makes what ``request`` asks for; every mistake that can be seen beforehand is found before the networks are loaded."""
    from misora.api.generate import start
    from misora.api.output import check_output, name_for
    from misora.api.request import prepare

    prepared = prepare(request)
    out = out or name_for(request.prompt, ".png" if request.still else ".mp4")
    check_output(out, prepared.canvas.shape)
    if not as_json:
        say_reading(prepared, request.rewrite_prompt not in (False, "off"))

    def begin(display: Display) -> Generation:
        return start(prepared, progress=display.progress, preview=display.preview)

    write(begin, out, as_json=as_json, keep_latents=keep_latents)


def write(begin: Callable[[Display], Generation], out: Path, *, as_json: bool, keep_latents: bool = False) -> None:
    """Begins, writes the file, perhaps its last latents beside it, and prints its path, or one JSON object."""
    started = time.monotonic()
    with showing() as display:
        generation = begin(display)
        if not as_json:
            print(said_of_quality(generation.recipe), file=sys.stderr)
        generation.save(out)
    if keep_latents:
        from misora.api.tail_file import save_tail

        save_tail(generation.tail, out)
    if as_json:
        print(json.dumps(report(generation, out, time.monotonic() - started), ensure_ascii=False))
    else:
        print(out)


def report(generation: Generation, out: Path, took_seconds: float) -> dict[str, Any]:
    """What ``--json`` prints."""
    rewrite = generation.prepared.rewrite
    return {
        "path": str(out),
        "took_seconds": round(took_seconds, 2),
        "caption": generation.recipe.caption,
        "unknown_words": list(rewrite.unknown_words),
        "added": list(rewrite.added),
        "replaced": [list(pair) for pair in rewrite.replaced],
        "dropped": list(rewrite.dropped),
        "from_preset": list(rewrite.from_preset),
        "excluded": list(rewrite.excluded),
        "rewritten_by": rewrite.by,
        "note": rewrite.note,
        "recipe": generation.recipe.to_dict(),
    }


def said_of_quality(recipe: Recipe) -> str:
    """Which model makes the video, and where Turbo could not, why."""
    counted = f"{recipe.steps} step{'s' * (recipe.steps != 1)}"
    if recipe.quality == "turbo":
        return f"quality: turbo, {counted} without guidance, twice as many for a first picture"
    from misora.base.settings import load_settings
    from misora.models.transformer.adapter_file import why_no_turbo

    trouble = why_no_turbo(load_settings().weights)
    return f"quality: base, {counted}" + (f"; {trouble}" if trouble else "")


def say_reading(prepared: Prepared, rewritten: bool) -> None:
    """How the prompt was understood, on standard error."""
    lines = captions_of(prepared.canvas) if rewritten else []
    for line in [*lines, *notes_on(prepared.rewrite, rewritten)]:
        print(line, file=sys.stderr)


def captions_of(canvas: Canvas) -> list[str]:
    """The captions that the model is given, with their seconds where there are several."""
    if len(canvas.spans) == 1:
        return [f"prompt as the model reads it: {canvas.spans[0].caption}"]
    ends = [canvas.shape.seconds if span.end is None else span.end for span in canvas.spans]
    timed = [f"  {span.start:.2f} to {end:.2f} s: {span.caption}" for span, end in zip(canvas.spans, ends, strict=True)]
    return ["prompt as the model reads it, one moment after another:", *timed]


def notes_on(rewrite: Rewrite, rewritten: bool) -> list[str]:
    """What was not understood, and, where the prompt was rewritten, what was taken for something near or left out."""
    notes = [f"words not understood: {', '.join(rewrite.unknown_words)}"] if rewrite.unknown_words else []
    if rewritten and rewrite.replaced:
        notes.append("taken as: " + ", ".join(f"{said} → {taken}" for said, taken in rewrite.replaced))
    if rewritten and rewrite.added:
        notes.append(f"added: {', '.join(rewrite.added)}")
    if rewritten and rewrite.dropped:
        notes.append(f"left out: {', '.join(rewrite.dropped)}")
    if rewritten and rewrite.from_preset:
        notes.append(f"from the preset: {', '.join(rewrite.from_preset)}")
    if rewrite.excluded:
        notes.append(f"not to be seen, so not said: {', '.join(rewrite.excluded)} (--negative pushes away from it)")
    return notes + ([f"note: {rewrite.note}"] if rewritten and rewrite.note else [])

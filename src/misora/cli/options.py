"""Options that several verbs share, each with its help, stated once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Prompt = Annotated[str, typer.Argument(help="What is seen, in English or Chinese.")]
Clip = Annotated[Path, typer.Argument(help="A video or picture file.")]
NewPrompt = Annotated[str | None, typer.Option("--prompt", help="What the new frames show. Default: what the clip's own recipe says.")]
Size = Annotated[str | None, typer.Option(help="Exact size in pixels, as WIDTHxHEIGHT.")]
Resolution = Annotated[str, typer.Option(help="240p, 360p, 480p, 720p or 1080p.")]
Aspect = Annotated[str, typer.Option(help="16:9, 9:16, 1:1, 4:3 or 3:4.")]
Fps = Annotated[float, typer.Option(help="Frames a second, 8 to 60.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same result; without one it is drawn and recorded.")]
Steps = Annotated[int | None, typer.Option(help="Denoising steps, 1 to 200; more is finer and slower.")]
Guidance = Annotated[float | None, typer.Option(help="How closely to follow the prompt; 1 is off.")]
Quality = Annotated[
    str | None,
    typer.Option(
        help="turbo (few steps, no guidance) or base (many). Default: turbo where the weights have it and no option asks for base."
    ),
]
Negative = Annotated[str, typer.Option(help="What should not be seen.")]
NoRewrite = Annotated[bool, typer.Option("--no-rewrite", help="Give the prompt to the model as it is.")]
Rewriter = Annotated[str | None, typer.Option(help="Who rewrites: off, offline or chat. Default: MISORA_REWRITER, else offline.")]
PresetName = Annotated[str | None, typer.Option("--preset", help="A style; `misora presets list` prints them.")]
Native = Annotated[bool, typer.Option("--native", help="Sample at the full size instead of at a smaller one and upsampling; slow.")]
NoPlan = Annotated[bool, typer.Option("--no-plan", help="Paint without planning beforehand who is where.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, with the recipe, instead of the path.")]
KeepLatents = Annotated[
    bool, typer.Option("--keep-latents", help="Keep the last latents beside the file, so that extend goes on from them without loss.")
]
Out = Annotated[Path | None, typer.Option(help="Where to write; the suffix chooses the format. Default: named after the prompt.")]
OutBeside = Annotated[Path | None, typer.Option("--out", help="Where to write. Default: beside the clip, with the verb in its name.")]


def rewriting(no_rewrite: bool, rewriter: str | None) -> bool | str:
    """What both options together ask of ``Request.rewrite_prompt``."""
    return False if no_rewrite else rewriter or True

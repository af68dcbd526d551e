"""What the editing verbs share: say what was noticed, make the video, print where it is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from misora.cli.deliver import notes_on, write

if TYPE_CHECKING:
    from misora.api.edit import Choices, PreparedEdit
    from misora.api.generate import Generation
    from misora.api.sources import ClipSource
    from misora.cli.display import Display
    from misora.editing.tool import Tool


def deliver_edit(
    tool: Tool, clips: Sequence[ClipSource], choices: Choices, out: Path | None, *, as_json: bool, keep_latents: bool = False
) -> None:
    """Makes the edit; every mistake that can be seen beforehand is found before the networks are loaded."""
    from misora.api.edit import prepare_edit

    prepared = prepare_edit(tool, clips, choices)
    said = prepared.scene.beats or (prepared.scene.caption,)
    reading = [f"new frames as the model reads them: {', then '.join(said)}"] if choices.rewrite_prompt else []
    deliver_prepared(prepared, out or beside(clips[0], tool.name), reading, as_json=as_json, keep_latents=keep_latents)


def deliver_prepared(prepared: PreparedEdit, out: Path, reading: Sequence[str], *, as_json: bool, keep_latents: bool = False) -> None:
    """Says what was noticed, then makes and writes it; ``reading`` is how the words were understood."""
    from misora.api.edit import start_edit
    from misora.api.output import check_output

    check_output(out, prepared.plan.shape)
    if not as_json:
        for line in [*reading, *notes_on(prepared.rewrite, bool(reading)), *prepared.plan.notes]:
            print(line, file=sys.stderr)

    def begin(display: Display) -> Generation:
        return start_edit(prepared, progress=display.progress, preview=display.preview)

    write(begin, out, as_json=as_json, keep_latents=keep_latents)


def beside(clip: ClipSource, verb: str, *, is_still: bool = False) -> Path:
    """A new name beside the clip, never one that is taken."""
    source = Path(str(clip))
    usual = ".png" if is_still else ".mp4"
    suffix = source.suffix if source.suffix.lower() in (".gif", ".webp") and not is_still else usual
    path, number = source.with_name(f"{source.stem}-{verb}{suffix}"), 2
    while path.exists():
        path, number = source.with_name(f"{source.stem}-{verb}-{number}{suffix}"), number + 1
    return path

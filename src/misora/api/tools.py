"""The editing tools as Python functions: each builds its record and runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from misora.api.edit import Choices, Options, prepare_edit, start_edit
from misora.api.sources import ClipSource
from misora.api.video import Video
from misora.base.progress import silent
from misora.editing.connect import Connect
from misora.editing.extend import Extend
from misora.editing.fill import Fill
from misora.editing.loop import Loop
from misora.editing.tool import Tool


def edit(tool: Tool, sources: Sequence[ClipSource], prompt: str | None = None, **options: Unpack[Options]) -> Video:
    """Runs any tool record; the functions below are this with the record spelled out.

    Args:
        sources: Files or ``Video``s, as many as the tool takes.
        prompt: What the new frames show; None goes on with what the first clip's recipe says.
        options: ``seed``, ``steps``, ``guidance``, ``negative_prompt``, ``rewrite`` and ``progress``, as in ``generate``.
    Raises:
        InputError: Something in the request, or a clip, cannot be used.
        WeightsError: Weights are missing or damaged.
    """
    choices = Choices(
        prompt,
        options.get("seed"),
        options.get("steps"),
        options.get("guidance"),
        options.get("negative_prompt", ""),
        options.get("rewrite", True),
    )
    return start_edit(prepare_edit(tool, sources, choices), progress=options.get("progress") or silent).collect()


def extend(
    clip: ClipSource, seconds: float = 2.0, *, backward: bool = False, prompt: str | None = None, **options: Unpack[Options]
) -> Video:
    """``clip`` with ``seconds`` more after it, or before it; its own frames stay bit for bit. Options as in ``edit``."""
    return edit(Extend(seconds, backward), [clip], prompt, **options)


def fill(clip: ClipSource, start: float, end: float, *, prompt: str | None = None, **options: Unpack[Options]) -> Video:
    """``clip`` with the frames from ``start`` to ``end`` seconds made anew; all others stay. Options as in ``edit``."""
    return edit(Fill(start, end), [clip], prompt, **options)


def connect(first: ClipSource, second: ClipSource, seconds: float = 1.0, *, prompt: str | None = None, **options: Unpack[Options]) -> Video:
    """``first``, ``seconds`` of new frames, ``second`` at the first one's size and rate. Options as in ``edit``."""
    return edit(Connect(seconds), [first, second], prompt, **options)


def loop(clip: ClipSource, length: str | float = "normal", *, prompt: str | None = None, **options: Unpack[Options]) -> Video:
    """``clip`` with a way from its end back to its beginning: "short", "normal", "long", or seconds. Options as in ``edit``."""
    return edit(Loop(length), [clip], prompt, **options)

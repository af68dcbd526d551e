"""The editing tools as Python functions: each builds its record and runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

from misora.api.edit import Choices, Options, choices_from, prepare_edit, start_edit
from misora.api.sources import ClipSource
from misora.api.video import Video
from misora.base.progress import Progress, silent
from misora.editing.blend import Blend
from misora.editing.connect import Connect
from misora.editing.extend import Extend
from misora.editing.fill import Fill
from misora.editing.loop import Loop
from misora.editing.recut import Piece, Recut, parse_piece
from misora.editing.reframe import Reframe
from misora.editing.remix import Remix
from misora.editing.restyle import Restyle
from misora.editing.tool import Tool
from misora.prompting.presets import Preset


def edit(tool: Tool, sources: Sequence[ClipSource], prompt: str | None = None, **options: Unpack[Options]) -> Video:
    """Runs any tool record; the functions below are this with the record spelled out.

    Args:
        sources: Files or ``Video``s, as many as the tool takes.
        prompt: What the new frames show; None goes on with what the first clip's recipe says.
        options: ``seed``, ``steps``, ``guidance``, ``negative_prompt``, ``rewrite``, ``quality`` and ``progress``, as in ``generate``.
    Raises:
        InputError: Something in the request, or a clip, cannot be used.
        WeightsError: Weights are missing or damaged.
    """
    return run(tool, sources, choices_from(prompt, options), options.get("progress"))


def run(tool: Tool, sources: Sequence[ClipSource], choices: Choices, progress: Progress | None) -> Video:
    """Prepares, makes, collects."""
    return start_edit(prepare_edit(tool, sources, choices), progress=progress or silent).collect()


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


def remix(
    clip: ClipSource,
    prompt: str,
    strength: str | float = "mild",
    *,
    start: float | None = None,
    end: float | None = None,
    box: tuple[int, int, int, int] | None = None,
    mask: ClipSource | None = None,
    player: str | None = None,
    **options: Unpack[Options],
) -> Video:
    """``clip`` changed towards ``prompt``; outside the window and the mask it stays bit for bit. Options as in ``edit``.

    Args:
        strength: "subtle", "mild", "strong", or a number from 0 (nothing) to 1 (everything).
        start, end: Seconds that may change; None is from the first frame, to the last.
        box: (left, top, right, bottom) in pixels that may change.
        mask: A picture of the clip's size, or a clip as long, white where it may change.
        player: Somebody in the clip ("the dog"), whom the critic finds and masks.
    """
    tool = Remix(strength, start, end, box, player)
    return edit(tool, [clip] if mask is None else [clip, mask], prompt, **options)


def recut(
    clip: ClipSource, pieces: Sequence[str | Piece], *others: ClipSource, prompt: str | None = None, **options: Unpack[Options]
) -> Video:
    """Stretches of ``clip`` and ``others`` in a new order, kept bit for bit, with gaps that are made. Options as in ``edit``.

    Args:
        pieces: "0-1.5", "3-" (to the end), "2/0-1" (of the first of ``others``), "gap:1", "gap:1:a dog jumps", or the records.
    """
    records = tuple(parse_piece(piece) if isinstance(piece, str) else piece for piece in pieces)
    return edit(Recut(records), [clip, *others], prompt, **options)


def blend(
    first: ClipSource,
    second: ClipSource,
    curve: str | Sequence[tuple[float, float]] = "transition",
    *,
    prompt: str | None = None,
    **options: Unpack[Options],
) -> Video:
    """One clip of two, along ``curve``: "transition", "mix", "sample", or (seconds, influence of the second). Options as in ``edit``."""
    return edit(Blend(curve if isinstance(curve, str) else tuple(curve)), [first, second], prompt, **options)


def reframe(
    clip: ClipSource, *, size: str | None = None, aspect: str | None = None, prompt: str | None = None, **options: Unpack[Options]
) -> Video:
    """``clip``, kept bit for bit, on a larger canvas: "WIDTHxHEIGHT", or the smallest of an aspect "9:16". Options as in ``edit``."""
    return edit(Reframe(size, aspect), [clip], prompt, **options)


def restyle(
    clip: ClipSource,
    preset: str | Preset | None = None,
    *,
    prompt: str | None = None,
    strength: str | float = "subtle",
    **options: Unpack[Options],
) -> Video:
    """``clip`` in the look of a preset, a prompt, or both; ``strength`` as in ``remix``. Options as in ``edit``."""
    choices = replace(choices_from(prompt, options), preset=preset)
    return run(Restyle(strength), [clip], choices, options.get("progress"))

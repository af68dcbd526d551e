"""Re-cut: stretches of one or more clips in a new order, with gaps between them that are made."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.editing.footage import Footage, conformed, makeable
from misora.editing.joining import bridge
from misora.editing.plan import Kept, Made, Part, Plan
from misora.editing.scene import Scene, Telling
from misora.editing.storyboard.times import FRAMES, parse_time
from misora.editing.tool import check_seconds, frames_in

MAX_CLIPS = 16
STRETCH = re.compile(r"(?:(\d+)/)?([^-/]+)-([^-/]*)")
GAP = re.compile(r"gap:([^:]+)(?::(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds ``start`` to ``end`` of a clip; ``end`` None is its last frame, ``clip`` counts from 1."""

    start: float = 0.0
    end: float | None = None
    clip: int = 1

    def __post_init__(self) -> None:
        if self.end is not None and not self.end > self.start:
            raise InputError(f"end={self.end:g} must be after start={self.start:g} s", field="pieces")


@dataclass(frozen=True, slots=True)
class Gap:
    """Seconds that are made; what they show, where it differs from the rest, and its moments as in ``Telling``."""

    seconds: float
    text: str = ""
    beats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_seconds(self.seconds, "gap")
        object.__setattr__(self, "beats", tuple(self.beats))  # a recipe hands in a list

    def told(self, telling: Telling) -> Gap:
        """The same with its text as the model reads it."""
        return replace(self, text=telling.text, beats=telling.beats)


Piece = Stretch | Gap


@dataclass(frozen=True, slots=True)
class Recut:
    """Pieces in order of time."""

    name: ClassVar[str] = "recut"
    num_clips: ClassVar[tuple[int, int]] = (1, MAX_CLIPS)
    roles: ClassVar[tuple[str, ...]] = ("parent",) * MAX_CLIPS

    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        # A recipe hands pieces in as plain data.
        given: Iterable[Any] = self.pieces
        pieces = tuple(piece if isinstance(piece, Stretch | Gap) else to_piece(piece) for piece in given)
        object.__setattr__(self, "pieces", pieces)
        if not any(isinstance(piece, Stretch) for piece in pieces):
            raise InputError("pieces keep nothing of the clip; give at least one stretch, such as 0-1.5", field="pieces")
        for number, (piece, following) in enumerate(pairwise(pieces), start=2):
            if isinstance(piece, Gap) and isinstance(following, Gap):
                together = piece.seconds + following.seconds
                raise InputError(f"pieces {number - 1} and {number} are both gaps; make them one of {together:g} s", field="pieces")

    def rewritten(self, rewrite: Callable[[str], Telling]) -> Recut:
        """The same with every gap's text as ``rewrite`` gives it back."""
        return Recut(tuple(one.told(rewrite(one.text)) if isinstance(one, Gap) and one.text else one for one in self.pieces))

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """Stretches kept, gaps made with sight of the stretches beside them; all clips at the size and rate of the first."""
        first, notes = makeable(clips[0])
        fitted = [first, *(conformed(clip, *first.size, first.fps) for clip in clips[1:])]
        kept = [cut(piece, fitted) if isinstance(piece, Stretch) else None for piece in self.pieces]
        parts: list[Part] = []
        for number, (piece, frames) in enumerate(zip(self.pieces, kept, strict=True)):
            if isinstance(piece, Gap):
                parts.append(made(piece, number, kept, first.fps, scene))
            elif frames is not None:
                parts.append(Kept(frames))
        return Plan(tuple(parts), first.fps, notes)


def made(gap: Gap, number: int, kept: Sequence[Frames | None], fps: float, scene: Scene) -> Made:
    """The ``number``-th piece, between those beside it."""
    before = kept[number - 1] if number else None
    after = kept[number + 1] if number + 1 < len(kept) else None
    said = scene.numbered(number)
    return bridge(before, frames_in(gap.seconds, fps), after, fps, said.told(Telling(gap.text, gap.beats)) if gap.text else said)


def cut(stretch: Stretch, clips: Sequence[Footage]) -> Frames:
    """The frames of a stretch."""
    if not 1 <= stretch.clip <= len(clips):
        raise InputError(f"pieces name clip {stretch.clip}; {len(clips)} given", field="pieces")
    clip = clips[stretch.clip - 1]
    start = clip.frame_at(stretch.start, "pieces")
    stop = len(clip.frames) if stretch.end is None else clip.frame_at(stretch.end, "pieces")
    if stop <= start:
        raise InputError(f"pieces: the stretch from {stretch.start:g} s holds no frame; one lasts {1 / clip.fps:.3g} s", field="pieces")
    frames: Frames = clip.frames[start:stop]
    return frames


def to_piece(data: dict[str, Any]) -> Piece:
    return Gap(**data) if "seconds" in data else Stretch(**data)


def parse_piece(text: str) -> Piece:
    """``START-END``, ``START-``, ``2/START-END`` of the second clip, ``gap:SECONDS`` or ``gap:SECONDS:CAPTION``."""
    if found := GAP.fullmatch(text):
        return Gap(parse_seconds(found[1]), (found[2] or "").strip())
    if found := STRETCH.fullmatch(text):
        end = parse_seconds(found[3]) if found[3].strip() else None
        return Stretch(parse_seconds(found[2]), end, int(found[1] or 1))
    raise InputError(f"pieces: {text!r} is neither START-END nor gap:SECONDS; for example 0-1.5 gap:1 3-4.2", field="pieces")


def parse_seconds(text: str) -> float:
    """A time as ``parse_time`` reads it, but for frames, which mean nothing before the clip's rate is known."""
    if FRAMES.fullmatch(text.strip()):
        raise InputError(f"pieces: {text!r} counts frames; write seconds (2.5) or a timecode (0:02.5)", field="pieces")
    return parse_time(text, math.nan, "pieces")

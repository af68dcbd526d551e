"""Loop: the clip's end is led back to its beginning, so that it plays round and round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from misora.base.errors import InputError
from misora.editing.footage import Footage, makeable
from misora.editing.joining import bridge
from misora.editing.plan import Kept, Plan
from misora.editing.scene import Scene
from misora.editing.tool import check_seconds, frames_in, is_number

LENGTHS = {"short": 2 / 3, "normal": 1.0, "long": 2.0}
"""Seconds of the way back; up to a second is seen whole by the network."""


@dataclass(frozen=True, slots=True)
class Loop:
    """The way back: "short", "normal", "long", or seconds."""

    name: ClassVar[str] = "loop"
    num_clips: ClassVar[tuple[int, int]] = (1, 1)
    roles: ClassVar[tuple[str, ...]] = ("parent",)

    length: str | float = "normal"

    def __post_init__(self) -> None:
        check_seconds(self.seconds, "length")

    @property
    def seconds(self) -> float:
        """How long the way back is."""
        if isinstance(self.length, str):
            if self.length not in LENGTHS:
                raise InputError(f"length={self.length!r} is not known; choose one of {', '.join(LENGTHS)}, or seconds", field="length")
            return LENGTHS[self.length]
        if not is_number(self.length):
            raise InputError(f"length={self.length!r} is neither a name nor seconds; choose one of {', '.join(LENGTHS)}", field="length")
        return self.length

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """The clip, kept, then frames between its tail and its own head: time bent into a ring and cut open."""
        clip, notes = makeable(clips[0])
        made = bridge(clip.frames, frames_in(self.seconds, clip.fps), clip.frames, clip.fps, scene)
        return Plan((Kept(clip.frames), made), clip.fps, notes)


def parse_length(text: str) -> str | float:
    """A length as people type it: a name, or seconds."""
    try:
        return float(text)
    except ValueError:
        return text

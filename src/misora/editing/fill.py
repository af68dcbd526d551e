"""Fill: a hole in a clip is made anew between the frames on either side of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from misora.base.errors import InputError
from misora.editing.footage import Footage, makeable
from misora.editing.joining import bridge
from misora.editing.plan import Kept, Plan
from misora.editing.scene import Scene
from misora.editing.tool import check_seconds


@dataclass(frozen=True, slots=True)
class Fill:
    """The frames from ``start`` to ``end`` seconds; a hole at an end of the clip is open on that side."""

    name: ClassVar[str] = "fill"
    num_clips: ClassVar[tuple[int, int]] = (1, 1)
    roles: ClassVar[tuple[str, ...]] = ("parent",)

    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise InputError(f"end={self.end:g} must be after start={self.start:g} s", field="end")
        check_seconds(self.end - self.start, "end - start")

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """What lies before the hole and after it, kept, and the frames between."""
        clip, notes = makeable(clips[0])
        start, end = clip.frame_at(self.start, "start"), clip.frame_at(self.end, "end")
        if end <= start:
            raise InputError(f"the hole from {self.start:g} to {self.end:g} s holds no frame; one lasts {1 / clip.fps:.3g} s", field="end")
        before, after = clip.frames[:start], clip.frames[end:]
        if not len(before) and not len(after):
            raise InputError(f"the hole is the whole clip of {clip.seconds:.4g} s; leave some of it, or generate a new one", field="end")
        made = bridge(before if len(before) else None, end - start, after if len(after) else None, clip.fps, scene)
        parts = [Kept(before)] * bool(len(before)) + [made] + [Kept(after)] * bool(len(after))
        return Plan(tuple(parts), clip.fps, notes)

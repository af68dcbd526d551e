"""Connect: two clips, related or not, become one with new frames between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from misora.editing.footage import Footage, conformed, makeable
from misora.editing.joining import bridge
from misora.editing.plan import Kept, Plan
from misora.editing.scene import Scene
from misora.editing.tool import check_seconds, frames_in


@dataclass(frozen=True, slots=True)
class Connect:
    """``seconds`` of new frames between the first clip and the second."""

    name: ClassVar[str] = "connect"
    num_clips: ClassVar[tuple[int, int]] = (2, 2)
    roles: ClassVar[tuple[str, ...]] = ("parent", "parent")

    seconds: float = 1.0

    def __post_init__(self) -> None:
        check_seconds(self.seconds)

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """Both clips kept, the second at the size and rate of the first."""
        first, notes = makeable(clips[0])
        second = conformed(clips[1], *first.size, first.fps)
        if second.size != clips[1].size or second.fps != clips[1].fps:
            was, now = clips[1], second
            notes += (
                f"the second clip became {now.size[1]}x{now.size[0]} at {now.fps:g}, like the first;"
                f" it was {was.size[1]}x{was.size[0]} at {was.fps:g}",
            )
        made = bridge(first.frames, frames_in(self.seconds, first.fps), second.frames, first.fps, scene)
        return Plan((Kept(first.frames), made, Kept(second.frames)), first.fps, notes)

"""Restyle: the whole clip in another look, its composition and motion kept as far as the strength lets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from misora.editing.footage import Footage, makeable
from misora.editing.plan import Plan
from misora.editing.remix import change, level_of
from misora.editing.scene import Scene


@dataclass(frozen=True, slots=True)
class Restyle:
    """As a remix of everything; the look comes with the caption and the preset."""

    name: ClassVar[str] = "restyle"
    num_clips: ClassVar[tuple[int, int]] = (1, 1)
    roles: ClassVar[tuple[str, ...]] = ("parent",)

    strength: str | float = "subtle"

    def __post_init__(self) -> None:
        level_of(self.strength)

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """Every frame of the clip, pinned as firmly as the change is weak."""
        clip, notes = makeable(clips[0])
        return Plan((change(clip, 0, len(clip.frames), level_of(self.strength), None, scene),), clip.fps, notes)

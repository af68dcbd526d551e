"""Extend: the clip goes on, or begins earlier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from misora.editing.footage import Footage, makeable
from misora.editing.joining import bridge, resume
from misora.editing.plan import Kept, Plan
from misora.editing.scene import Scene
from misora.editing.tool import check_seconds, frames_in


@dataclass(frozen=True, slots=True)
class Extend:
    """``seconds`` more after the clip, or, ``backward``, before it."""

    name: ClassVar[str] = "extend"
    num_clips: ClassVar[tuple[int, int]] = (1, 1)
    roles: ClassVar[tuple[str, ...]] = ("parent",)

    seconds: float = 2.0
    backward: bool = False

    def __post_init__(self) -> None:
        check_seconds(self.seconds)

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """The clip, kept, and the new frames pinned to its tail or head."""
        clip, notes = makeable(clips[0])
        count, kept = frames_in(self.seconds, clip.fps), Kept(clip.frames)
        if self.backward:
            return Plan((bridge(None, count, clip.frames, clip.fps, scene), kept), clip.fps, notes)
        # A tail of one latent frame holds its last picture alone within the context, and none where it overhangs.
        if clip.tail is not None and clip.tail.latents.shape[1] > 1:
            return Plan((kept, resume(clip, clip.tail, count, scene)), clip.fps, notes)
        return Plan((kept, bridge(clip.frames, count, None, clip.fps, scene)), clip.fps, notes)

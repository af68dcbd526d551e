"""The storyboard as a tool like the others: its files are the clips that it takes, in the order of ``board.media``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from misora.editing.footage import Footage
from misora.editing.plan import Plan
from misora.editing.scene import Scene
from misora.editing.storyboard.records import MAX_CARDS, Storyboard
from misora.editing.storyboard.shots import compile_storyboard


@dataclass(frozen=True, slots=True)
class Shoot:
    """Makes the film of a storyboard whose texts are captions as the model reads them."""

    name: ClassVar[str] = "storyboard"
    num_clips: ClassVar[tuple[int, int]] = (0, MAX_CARDS)
    roles: ClassVar[tuple[str, ...]] = ("card",) * MAX_CARDS

    board: Storyboard

    def __post_init__(self) -> None:
        # A recipe hands the board in as plain data.
        given: Any = self.board
        if not isinstance(given, Storyboard):
            object.__setattr__(self, "board", Storyboard(**given))

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """The plan of the board's shots."""
        return compile_storyboard(self.board, clips, scene)

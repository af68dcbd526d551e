"""The critic: scores clips against what was asked, to rank takes and to throw a bad one again.

It is one of two parsers that were trained apart. The other, the judge, only ever evaluates; this room cannot load it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from misora.base.canvas import Frames
from misora.models.parser.model import Parser
from misora.models.registry import load_parser
from misora.pipelines.adherence import Check, check_clip, score
from misora.pipelines.runtime import choose_device, choose_dtype
from misora.world.captions import Story


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the critic thinks of a clip: ``score`` 0 to 1 and the facts behind it."""

    score: float
    checks: tuple[Check, ...]

    @property
    def wrong(self) -> tuple[Check, ...]:
        """Facts that are not as asked."""
        return tuple(check for check in self.checks if not check.right)


class Critic:
    """A parser that gives verdicts."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser

    def judge(self, frames: Frames, fps: float, story: Story) -> Verdict:
        """How well ``frames`` (T, H, W, 3) uint8 show ``story``."""
        checks = check_clip(story, self.parser.read(frames, fps))
        return Verdict(score(checks), tuple(checks))


def load_critic(weights: Path, device: str = "auto") -> Critic:
    """The critic of a weights folder."""
    where = choose_device(device)
    return Critic(load_parser(weights, "critic", choose_dtype(where), where))

"""What the free part of an edit shows and how it is sampled: everything of a canvas but its shape and pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from misora.base.canvas import Canvas, Pin, Span
from misora.base.shapes import VideoShape


@dataclass(frozen=True, slots=True)
class Scene:
    """A caption as the model reads it, and the sampler's choices; None is the model's own default.

    Args:
        spans: Captions over time instead of ``caption``, in seconds of the part that is made; empty is ``caption`` throughout.
    """

    caption: str
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    negative_prompt: str = ""
    spans: tuple[Span, ...] = ()

    def numbered(self, number: int) -> Scene:
        """The same for the ``number``-th part of a plan, with noise of its own."""
        return replace(self, seed=(self.seed + number) % 2**63)

    def said(self, spans: Sequence[Span]) -> Scene:
        """The same with captions over time."""
        return replace(self, spans=tuple(spans))

    def canvas(self, shape: VideoShape, pins: Sequence[Pin], start: int = 0) -> Canvas:
        """A canvas whose free part begins at frame ``start``."""
        spans = tuple(later(span, start / shape.fps) for span in self.spans) or (Span(self.caption),)
        return Canvas(shape, spans, tuple(pins), self.seed, self.steps, self.guidance, self.negative_prompt)


def later(span: Span, seconds: float) -> Span:
    """``span`` moved by ``seconds``."""
    return Span(span.caption, span.start + seconds, None if span.end is None else span.end + seconds)

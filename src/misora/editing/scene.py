"""What the free part of an edit shows and how it is sampled: everything of a canvas but its shape and pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from misora.base.canvas import Canvas, Pin, Quality, Span, share_time
from misora.base.shapes import VideoShape


@dataclass(frozen=True, slots=True)
class Telling:
    """A text as the model reads it.

    Args:
        text: All of it.
        beats: A caption for each of its moments where it has several, to be spread over time; empty is ``text`` throughout.
    """

    text: str
    beats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """A caption as the model reads it, and the sampler's choices; None is the model's own default.

    Args:
        beats: Captions of moments that share the time of each part that is made, instead of ``caption``; empty is ``caption`` throughout.
        spans: Captions at times of their own, in seconds of the part that is made, instead of both.
        quality: Which model fills it; None is the pipeline's own choice.
        planned: Whether a planner, where the model has one, says beforehand who is where.
    """

    caption: str
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    negative_prompt: str = ""
    beats: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    quality: Quality | None = None
    planned: bool = True

    def numbered(self, number: int) -> Scene:
        """The same for the ``number``-th part of a plan, with noise of its own."""
        return replace(self, seed=(self.seed + number) % 2**63)

    def drawn(self, seed: int | None, negatives: Sequence[str]) -> Scene:
        """The same with a seed of its own, where there is one, and more that should not be seen."""
        unseen = ", ".join(dict.fromkeys(text for text in (self.negative_prompt, *negatives) if text.strip()))
        return replace(self, seed=self.seed if seed is None else seed, negative_prompt=unseen)

    def said(self, spans: Sequence[Span]) -> Scene:
        """The same with captions over time."""
        return replace(self, spans=tuple(spans))

    def told(self, telling: Telling) -> Scene:
        """The same showing something else."""
        return replace(self, caption=telling.text, beats=telling.beats)

    def canvas(self, shape: VideoShape, pins: Sequence[Pin], start: int = 0, stop: int | None = None) -> Canvas:
        """A canvas whose free part is frames ``[start, stop)``, by default to its end."""
        begin, end = start / shape.fps, (shape.num_frames if stop is None else stop) / shape.fps
        spans = tuple(later(span, begin) for span in self.spans)
        if not spans:
            spans = share_time(self.beats, begin, end) if self.beats else (Span(self.caption),)
        return Canvas(
            shape,
            spans,
            tuple(pins),
            self.seed,
            self.steps,
            self.guidance,
            self.negative_prompt,
            quality=self.quality,
            planned=self.planned,
        )


def later(span: Span, seconds: float) -> Span:
    """``span`` moved by ``seconds``."""
    return Span(span.caption, span.start + seconds, None if span.end is None else span.end + seconds)

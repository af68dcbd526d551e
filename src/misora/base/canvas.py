"""The canvas: what is asked of a pipeline, as plain data.

Every tool fills the unknown part of a canvas. ``spans`` say what happens when, ``pins`` hold pictures or
clips that are already known, each with a strength. The canvas knows no model and no tensor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from misora.base.errors import InputError
from misora.base.shapes import VideoShape

Frames = npt.NDArray[np.uint8]
"""uint8 sRGB, (T, H, W, 3)."""

Mask = npt.NDArray[np.bool_]
"""(H, W), or (T, H, W) where it moves; what True does is said where it is used."""

Latents = npt.NDArray[np.float32]
"""(C, t, h, w), as the autoencoder normalises them."""


Quality = Literal["turbo", "base"]
"""The distilled model in few steps, or the guided one in many."""


def check_quality(quality: str | None, guidance: float | None = None, negative_prompt: str = "") -> Quality | None:
    """``quality`` if there is such a one and it has what is asked of it; raises InputError otherwise."""
    if quality is not None and quality not in get_args(Quality):
        raise InputError(f"quality={quality[:80]!r} is not known; choose turbo or base", field="quality")
    if quality == "turbo" and guidance not in (None, 1.0):
        raise InputError(f"quality=turbo has no guidance, guidance={guidance:g} goes with quality=base; leave one out", field="guidance")
    if quality == "turbo" and negative_prompt:
        raise InputError(
            "quality=turbo has no guidance, so nothing to push away; a negative prompt goes with quality=base", field="quality"
        )
    return quality  # type: ignore[return-value]  # one of the two, as was checked


@dataclass(frozen=True, slots=True)
class Span:
    """A caption over ``[start, end)`` seconds; ``end`` None means until the end of the canvas."""

    caption: str
    start: float = 0.0
    end: float | None = None

    def __post_init__(self) -> None:
        if not self.caption.strip():
            raise InputError("prompt is empty; describe the scene, for example 'a dog runs along the beach'", field="prompt")
        if not 0 <= self.start < math.inf:
            raise InputError(f"span.start={self.start:g} must be 0 s or later; nearest: 0", field="spans.start")
        if self.end is not None and not self.end > self.start:
            raise InputError(
                f"span.end={self.end:g} must be after span.start={self.start:g} s; leave it out for the rest", field="spans.end"
            )


def share_time(captions: Sequence[str], start: float, end: float, *, last_end: float | None = None) -> tuple[Span, ...]:
    """``captions`` one after another, each for an equal share of ``start`` to ``end`` seconds; the last holds until ``last_end``."""
    edges = [start + (end - start) * index / len(captions) for index in range(len(captions))]
    return tuple(Span(caption, first, last) for caption, first, last in zip(captions, edges, [*edges[1:], last_end], strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Pin:
    """A known picture (one frame) or clip at ``frame_index`` of the canvas.

    Args:
        frames: (T, H, W, 3) uint8 at the canvas's own size and rate.
        frame_index: First canvas frame that it covers.
        strength: 1 is never touched; s starts at noise 1 - s; 0 is ignored. One number for all frames, or one for each.
        mask: (H, W), or (T, H, W) where it moves; True where the pin holds; None is everywhere.
        touching: Whether it also holds what the mask only touches a part of: cells of whatever grid the canvas is made on.
    """

    frames: Frames
    frame_index: int = 0
    strength: float | tuple[float, ...] = 1.0
    mask: Mask | None = None
    touching: bool = False

    def __post_init__(self) -> None:
        if self.frames.ndim != 4 or self.frames.shape[-1] != 3 or self.frames.dtype != np.uint8 or not len(self.frames):
            raise InputError(
                f"pin.frames must be uint8 (T, H, W, 3) with T >= 1, got {self.frames.dtype} {self.frames.shape}", field="pins.frames"
            )
        self._check_strength()
        if self.mask is not None and self.mask.shape not in (self.frames.shape[1:3], self.frames.shape[:3]):
            raise InputError(
                f"pin.mask is {self.mask.shape}, its frames are {self.frames.shape[:3]}; it must be (H, W) or (T, H, W)", field="pins.mask"
            )

    def _check_strength(self) -> None:
        if isinstance(self.strength, tuple) and len(self.strength) != len(self.frames):
            raise InputError(
                f"pin.strength has {len(self.strength)} numbers for {len(self.frames)} frames; give one for each, or one for all",
                field="pins.strength",
            )
        for strength in self.strengths:
            if not 0.0 <= strength <= 1.0:
                raise InputError(
                    f"pin.strength={strength:g} is outside 0 to 1; nearest: {min(max(strength, 0), 1):g}", field="pins.strength"
                )

    @property
    def strengths(self) -> tuple[float, ...]:
        """One number for each frame."""
        return self.strength if isinstance(self.strength, tuple) else (self.strength,) * len(self.frames)


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """One piece of work: a shape, captions over time, known pictures, and how to sample the rest.

    Args:
        shape: Size, length and rate to deliver, exactly.
        spans: At least one caption; later spans win where they overlap.
        pins: Known pictures and clips.
        seed: Noise seed; the same canvas gives the same frames on one machine.
        steps: Network evaluations of the sampler, 1 to 200; None is the model's own default.
        guidance: Classifier-free guidance scale; 1 is off; None is the model's own default.
        negative_prompt: What guidance pushes away from; empty is the unconditional caption.
        past: Latents that the canvas goes on from, never touched: its frame 0 is the last picture of the first of them, and each further
            one is eight frames, so that a clip made in pieces is the one that would have been made at once.
        sampled: (height, width) at which the network works, to be upsampled to the canvas's own size afterwards; None is its own size.
        planned: Whether a planner, where the model has one, says beforehand who is where; what is known already, it leaves alone.
        quality: None is Turbo where the model has one and neither steps, guidance nor a negative prompt is given, else the many-step model.
    """

    shape: VideoShape
    spans: tuple[Span, ...]
    pins: tuple[Pin, ...] = ()
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    negative_prompt: str = ""
    past: Latents | None = None
    sampled: tuple[int, int] | None = None
    quality: Quality | None = None
    planned: bool = True

    def __post_init__(self) -> None:
        if not self.spans:
            raise InputError("canvas.spans is empty; at least one caption is needed", field="spans")
        if self.steps is not None and not 1 <= self.steps <= 200:
            raise InputError(f"steps={self.steps} is outside 1 to 200; nearest: {min(max(self.steps, 1), 200)}", field="steps")
        if self.guidance is not None and not 0 <= self.guidance <= 30:
            raise InputError(
                f"guidance={self.guidance:g} is outside 0 to 30; nearest: {min(max(self.guidance, 0), 30):g}", field="guidance"
            )
        if not 0 <= self.seed < 2**63:
            raise InputError(f"seed={self.seed} is outside 0 to 2**63 - 1; nearest: {min(max(self.seed, 0), 2**63 - 1)}", field="seed")
        check_quality(self.quality, self.guidance, self.negative_prompt)
        for pin in self.pins:
            self._check_pin(pin)
        if self.sampled is not None and not (self.sampled[0] <= self.shape.height and self.sampled[1] <= self.shape.width):
            raise InputError(
                f"sampled={self.sampled[1]}x{self.sampled[0]} is larger than the canvas, {self.shape.width}x{self.shape.height}",
                field="sampled",
            )
        if self.past is not None:
            self._check_past(self.past)

    @property
    def sampled_shape(self) -> VideoShape:
        """The shape at which the network works."""
        height, width = self.sampled or (self.shape.height, self.shape.width)
        return replace(self.shape, height=height, width=width)

    def _check_pin(self, pin: Pin) -> None:
        size = (self.shape.height, self.shape.width)
        if pin.frames.shape[1:3] != size:
            raise InputError(
                f"pin is {pin.frames.shape[2]}x{pin.frames.shape[1]}, the canvas {size[1]}x{size[0]}; fit it first", field="pins"
            )
        last = pin.frame_index + len(pin.frames)
        if pin.frame_index < 0 or last > self.shape.num_frames:
            raise InputError(
                f"pin covers frames {pin.frame_index} to {last - 1}, the canvas has 0 to {self.shape.num_frames - 1}",
                field="pins.frame_index",
            )

    def _check_past(self, past: Latents) -> None:
        grid = self.sampled_shape.latent
        if past.ndim != 4 or past.shape[2:] != (grid.height, grid.width) or not 0 < past.shape[1] <= grid.num_frames:
            wanted = f"(C, 1 to {grid.num_frames}, {grid.height}, {grid.width})"
            raise InputError(f"canvas.past is {past.shape}, the canvas's latent grid takes {wanted}", field="past")

    def caption_at(self, seconds: float) -> str:
        """The caption in force at ``seconds``; in a gap the span that ended last, before the first span the first one."""
        started = [span for span in self.spans if span.start <= seconds + 1e-9]
        if not started:
            return min(self.spans, key=lambda span: span.start).caption
        in_force = [span for span in started if span.end is None or seconds < span.end]
        return (in_force or sorted(started, key=lambda span: span.end or 0.0))[-1].caption

    def captions(self) -> Iterator[str]:
        """Each distinct caption once, in order of first use."""
        yield from dict.fromkeys(span.caption for span in self.spans)

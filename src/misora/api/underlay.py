"""A draft under a full-size clip: it is made first, enlarged, and pinned with partial strength, so that its composition stays.

Works with any pipeline that takes pins; the network needs to know nothing of drafts. The enlarged draft is held whole in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from misora.base.canvas import Canvas, Frames, Pin
from misora.base.errors import InputError
from misora.base.parts import NO_PARTS, Parts, PartsOf
from misora.base.progress import Progress, Step
from misora.base.recipe import Draft
from misora.base.shapes import MIN_SIDE, VideoShape
from misora.media.fit import fit_frames

if TYPE_CHECKING:
    from misora.pipelines.native import NativePipeline

SCALE = 2
"""How many times smaller the sides of a draft are."""
STEPS = 8
STRENGTH = 0.5
"""At 1 the full clip is the enlarged draft, at 0 it knows nothing of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Underlay:
    """The draft's own canvas, and how firmly its frames are pinned under the full one."""

    canvas: Canvas
    strength: float

    @property
    def record(self) -> Draft:
        """What a recipe keeps of it."""
        shape = self.canvas.shape
        return Draft(shape.height, shape.width, self.canvas.steps or STEPS, self.strength, self.canvas.sampled)


def draft_shape(full: VideoShape) -> VideoShape:
    """``full`` with sides half as long, even, and long enough."""
    height, width = (max(MIN_SIDE, side // SCALE // 2 * 2) for side in (full.height, full.width))
    return replace(full, height=height, width=width)


def check_strength(strength: float) -> None:
    """Raises InputError unless ``strength`` lies between 0 and 1."""
    if not 0 <= strength <= 1:
        raise InputError(f"strength={strength:g} is outside 0 to 1; nearest: {min(max(strength, 0), 1):g}", field="strength")


def iter_underlaid(
    pipeline: NativePipeline,
    canvas: Canvas,
    under: Underlay,
    progress: Progress,
    preview: Callable[[Frames], None] | None = None,
    parts: Parts = NO_PARTS,
) -> Iterator[Frames]:
    """Frames of ``canvas`` with ``under`` made, enlarged and pinned below its own pins; the draft's steps are reported as "draft"."""

    def report(step: Step) -> None:
        if step.stage == "denoise":
            progress(Step("draft", step.done, step.total))

    small = pipeline.sample(under.canvas, report, parts=PartsOf(parts, "draft"))
    large = fit_frames(small, canvas.shape.height, canvas.shape.width, "stretch")
    yield from pipeline.iter_frames(replace(canvas, pins=(Pin(large, 0, under.strength), *canvas.pins)), progress, preview, parts=parts)

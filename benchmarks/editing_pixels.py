"""What of an edit shows in its pixels: seams, drift of colour, pins. Knows no captions and no critic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

import misora
from misora.api.edit import Choices, prepare_edit
from misora.api.generate import resident_pipeline
from misora.base.canvas import Frames
from misora.base.settings import load_settings
from misora.editing.blend import Blend
from misora.editing.connect import Connect
from misora.editing.curves import influences
from misora.editing.extend import Extend
from misora.editing.fill import Fill
from misora.editing.loop import Loop
from misora.editing.plan import Made, Plan, assemble
from misora.editing.tool import Tool

LEAST_CHANGE = 0.1
"""Levels; a clip that stands still has no median to divide by."""
DRIFTS = ("latents", "pictures", "last frame")
"""How a clip is gone on from; the last is what is done where a model only takes a picture."""
TOOLS: dict[str, tuple[Tool, tuple[int, ...]]] = {
    "extend": (Extend(1.0), (48,)),
    "extend backward": (Extend(1.0, backward=True), (24,)),
    "fill": (Fill(0.75, 1.25), (18, 30)),
    "connect": (Connect(1.0), (48, 72)),
    "loop": (Loop(), (48, 72)),
    "blend": (Blend(), ()),
}
"""Tools that join, on clips of 48 frames, and the frames at which they do; a blend's follow its curve."""


@dataclass(frozen=True)
class Seams:
    """A tool's largest change at a joint in each clip, as it is delivered and as the network left it, and the first clip's result."""

    mended: list[float]
    raw: list[float]
    frames: Frames


def blend_ends(count: int, fps: float) -> tuple[int, int]:
    """Where a transition leaves the first clip alone no more, and where it shows the second alone."""
    share = influences("transition", count, fps)
    return int(np.argmax(share > 0)), int(np.argmax(share >= 1))


def changes(frames: Frames) -> np.ndarray:
    """Mean difference of each frame from the one before, in levels of 255."""
    return np.array([np.abs(after.astype(np.int16) - before).mean() for before, after in pairwise(frames)])


def seam(frames: Frames, joints: tuple[int, ...]) -> float:
    """The largest change at a joint, in medians of the clip's own; the joint after the last frame leads to the first."""
    steps = changes(np.concatenate([frames, frames[:1]]))
    return max(float(steps[joint - 1]) for joint in joints) / max(LEAST_CHANGE, float(np.median(steps[:-1])))


def seams(clips: list[misora.Video], options: dict[str, int]) -> Iterator[tuple[str, Seams]]:
    """Each tool that joins, on each clip and the next."""
    choices = Choices(seed=options["seed"], steps=options["steps"])
    for name, (tool, joints) in TOOLS.items():
        made = []
        for clip, other in zip(clips, [*clips[1:], clips[0]], strict=True):
            prepared = prepare_edit(tool, [clip, other][: tool.num_clips[0]], choices)
            made.append(both_ways(prepared.plan.sampled(prepared.sampled)))
        at = joints or blend_ends(len(made[0][0]), clips[0].fps)
        yield name, Seams([seam(mended, at) for mended, _ in made], [seam(raw, at) for _, raw in made], made[0][0])


def both_ways(plan: Plan) -> tuple[Frames, Frames]:
    """The plan's frames as they are delivered, and without what mends its seams; the network is asked once."""
    pipeline = resident_pipeline(load_settings())
    answers = {id(canvas): pipeline.sample(canvas) for canvas in plan.canvases}
    bare = replace(plan, parts=tuple(replace(part, mend=None) if isinstance(part, Made) else part for part in plan.parts))
    mended, raw = (np.concatenate(list(assemble(one, lambda canvas: iter([answers[id(canvas)]])))) for one in (plan, bare))
    return mended, raw


def drift(clip: misora.Video, extensions: int, how: str, options: dict[str, int]) -> float:
    """Distance of the last second's mean colour from that of the second gone on from, in levels, after ``extensions`` of two seconds."""
    video = replace(clip, frames=clip.frames[-24:])
    for number in range(extensions):
        if how == "last frame":
            size = (clip.frames.shape[2], clip.frames.shape[1])
            video = misora.generate(
                clip.recipe.caption, image=video.frames[-1], size=size, seconds=2.0, rewrite=False, **(options | {"seed": number})
            )
        else:
            source = video if how == "latents" else replace(video, tail=None)
            longer = misora.extend(source, 2.0, **(options | {"seed": number}))
            video = replace(longer, frames=longer.frames[-24:])
    return colour_distance(clip.frames[-24:], video.frames[-24:])


def colour_distance(first: Frames, second: Frames) -> float:
    """Between mean colours, in levels, of the channel that differs most."""
    return float(np.abs(first.mean((0, 1, 2)) - second.mean((0, 1, 2))).max())


def pin_loss(clip: misora.Video, options: dict[str, int]) -> float:
    """Decibels by which a pinned first frame comes back worse than the autoencoder's own reconstruction of it."""
    codec = resident_pipeline(load_settings()).codec
    own = next(codec.decode([codec.encode(clip.frames[:1])]))[0]
    size = (clip.frames.shape[2], clip.frames.shape[1])
    made = misora.generate(clip.recipe.caption, image=clip.frames[0], size=size, seconds=0.7, rewrite=False, **options).frames[0]
    return psnr(own, clip.frames[0]) - psnr(made, clip.frames[0])


def psnr(first: Frames, second: Frames) -> float:
    error = float(np.square(first.astype(np.float32) - second).mean())
    return 10 * float(np.log10(255**2 / max(error, 1e-3)))

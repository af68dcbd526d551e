"""What of an edit shows in its pixels: seams, drift of colour, pins. Knows no captions and no critic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

import misora
from misora.api.generate import resident_pipeline
from misora.base.canvas import Frames
from misora.base.settings import load_settings
from misora.editing.curves import influences

Joined = Callable[[misora.Video, misora.Video, dict[str, int]], misora.Video]
LEAST_CHANGE = 0.1
"""Levels; a clip that stands still has no median to divide by."""
DRIFTS = ("latents", "pictures", "last frame")
"""How a clip is gone on from; the last is what is done where a model only takes a picture."""
TOOLS: dict[str, tuple[Joined, tuple[int, ...]]] = {
    "extend": (lambda clip, other, options: misora.extend(clip, 1.0, **options), (48,)),
    "extend backward": (lambda clip, other, options: misora.extend(clip, 1.0, backward=True, **options), (24,)),
    "fill": (lambda clip, other, options: misora.fill(clip, 0.75, 1.25, **options), (18, 30)),
    "connect": (lambda clip, other, options: misora.connect(clip, other, 1.0, **options), (48, 72)),
    "loop": (lambda clip, other, options: misora.loop(clip, **options), (48, 72)),
    "blend": (lambda clip, other, options: misora.blend(clip, other, **options), ()),
}
"""Tools that join, on clips of 48 frames, and the frames at which they do; a blend's follow its curve."""


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


def seams(clips: list[misora.Video], options: dict[str, int]) -> Iterator[tuple[str, list[float], Frames]]:
    """Each tool that joins, its seams, and the first clip's result; the other clip is the next."""
    for name, (make, joints) in TOOLS.items():
        made = [make(clip, other, options) for clip, other in zip(clips, [*clips[1:], clips[0]], strict=True)]
        at = joints or blend_ends(len(made[0].frames), made[0].fps)
        yield name, [seam(video.frames, at) for video in made], made[0].frames


def drift(clip: misora.Video, extensions: int, how: str, options: dict[str, int]) -> float:
    """Distance of the last second's mean colour from the first's, in levels, after ``extensions`` of two seconds."""
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
    return colour_distance(clip.frames[:24], video.frames[-24:])


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

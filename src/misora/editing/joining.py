"""The act that most tools share: new frames between what comes before and what comes after, either of which may be missing.

A latent frame after the first stands for eight pictures, so contexts are placed on that grid. Where the gap's length does not fit it, the
latent frame at the far joint holds some known pictures and some not: it is pinned by the share that is known, its first picture standing in
for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from misora.base.canvas import Frames, Pin
from misora.base.shapes import TIME_STRIDE, VideoShape
from misora.base.tail import Tail
from misora.editing.footage import Footage
from misora.editing.plan import Made
from misora.editing.scene import Scene
from misora.editing.seams import LOOKED_AT, Joint

LONG_CONTEXT = 3
"""Latent frames of context on the only known side: a second of motion at 24 frames a second."""
SHORT_CONTEXT = 2
"""On each of two sides: with three free ones between them, all fit in one look of the network."""


def bridge(
    before: Frames | None,
    count: int,
    after: Frames | None,
    fps: float,
    scene: Scene,
    *,
    size: tuple[int, int] | None = None,
    pins: Sequence[Pin] = (),
) -> Made:
    """``count`` new frames between two known clips of one size, which are kept beside them.

    Args:
        before, after: (T, H, W, 3), whole clips or at least a second of them; None where nothing is known.
        size: (height, width), needed where neither is given.
        pins: What else is known, placed in frames of the new part; what reaches beyond it is cut off.
    """
    start, held = 0, []
    if before is not None:
        context = tail(before, SHORT_CONTEXT if after is not None else LONG_CONTEXT)
        held.append(Pin(context))
        start = len(context)
    elif after is not None:
        # The new frames end on the grid, so that what comes after is held whole.
        start = (1 - count) % TIME_STRIDE
    stop = total = start + count
    held += [shifted(pin, start, count) for pin in pins]
    if after is not None:
        pin = head_pin(after, stop, SHORT_CONTEXT if before is not None else LONG_CONTEXT)
        held.append(pin)
        total = pin.frame_index + len(pin.frames)
    height, width = size or (before if before is not None else after).shape[1:3]  # type: ignore[union-attr]
    joint = Joint(None if before is None else before[-LOOKED_AT:], None if after is None else after[:LOOKED_AT])
    canvas = scene.canvas(VideoShape(total, height, width, fps), held, start, stop)
    return Made(canvas, start, stop, None if before is None and after is None else joint)


def resume(clip: Footage, tail: Tail, count: int, scene: Scene) -> Made:
    """``count`` new frames after ``clip``, from its last latents instead of its pictures, so that nothing is lost on the way."""
    context = 1 + TIME_STRIDE * (tail.latents.shape[1] - 1)
    start = context - tail.overhang
    shape = VideoShape(max(start + count, context), *clip.size, clip.fps)
    canvas = replace(scene.canvas(shape, (), start, start + count), past=tail.latents, sampled=tail.sampled)
    return Made(canvas, start, start + count, Joint(before=clip.frames[-LOOKED_AT:]))


def shifted(pin: Pin, start: int, count: int) -> Pin:
    """``pin``, placed in a part of ``count`` frames, on a canvas where that part begins at ``start``."""
    frames = pin.frames[: count - pin.frame_index]
    return replace(pin, frames=frames, frame_index=start + pin.frame_index)


def tail(clip: Frames, latents: int) -> Frames:
    """The last 1 + 8 k frames, as many as ``latents`` latent frames hold and the clip has."""
    count = min(latents - 1, (len(clip) - 1) // TIME_STRIDE)
    return clip[len(clip) - 1 - TIME_STRIDE * count :]


def head_pin(clip: Frames, at: int, latents: int) -> Pin:
    """The clip's first frames pinned from canvas frame ``at``, ``latents`` whole latent frames of them where it has so many."""
    guessed = (at - 1) % TIME_STRIDE
    wanted = TIME_STRIDE * (latents + (guessed > 0)) - guessed
    frames = clip[:wanted]
    if not guessed:
        return Pin(frames, at)
    # The autoencoder sees the first picture standing still where the new frames will be; strength 0 leaves those to the network.
    stand_in = np.repeat(clip[:1], guessed, axis=0)
    return Pin(np.concatenate([stand_in, frames]), at - guessed, (0.0,) * guessed + (1.0,) * len(frames))

"""The act that most tools share: new frames between what comes before and what comes after, either of which may be missing.

A latent frame after the first stands for eight pictures, so contexts are placed on that grid. Where the gap's length does not fit it, the
latent frame at the far joint holds some known pictures and some not: it is pinned by the share that is known, its first picture standing in
for the others.
"""

from __future__ import annotations

import numpy as np

from misora.base.canvas import Frames, Pin
from misora.base.shapes import TIME_STRIDE, VideoShape
from misora.editing.plan import Made
from misora.editing.scene import Scene
from misora.editing.seams import Joint

LONG_CONTEXT = 3
"""Latent frames of context on the only known side: a second of motion at 24 frames a second."""
SHORT_CONTEXT = 2
"""On each of two sides: with three free ones between them, all fit in one look of the network."""


def bridge(before: Frames | None, count: int, after: Frames | None, fps: float, scene: Scene, *, mended: bool = True) -> Made:
    """``count`` new frames between two known clips of one size.

    Args:
        before, after: (T, H, W, 3), whole clips or at least a second of them; None where nothing is known. One must be given.
        mended: Whether the known clips are kept beside the new frames, so that their seams are to be hidden.
    """
    known = before if before is not None else after
    assert known is not None
    height, width = known.shape[1:3]
    pins: list[Pin] = []
    start = (-count) % TIME_STRIDE + 1 if before is None else 0
    if before is not None:
        context = tail(before, SHORT_CONTEXT if after is not None else LONG_CONTEXT)
        pins.append(Pin(context))
        start = len(context)
    stop = total = start + count
    if after is not None:
        pin = head_pin(after, stop, SHORT_CONTEXT if before is not None else LONG_CONTEXT)
        pins.append(pin)
        total = pin.frame_index + len(pin.frames)
    joint = Joint(None if before is None else before[-1], None if after is None else after[0])
    canvas = scene.canvas(VideoShape(total, height, width, fps), pins, start)
    return Made(canvas, start, stop, joint if mended else None)


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

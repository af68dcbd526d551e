"""A canvas at the size at which it is sampled: what is known in it, shrunk so that upsampling and cropping bring it back to its place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from misora.base.canvas import Canvas, Mask, Pin
from misora.media.fit import edge_margins, fit_frames


def sampled_canvas(canvas: Canvas) -> Canvas:
    """``canvas`` as the network is to see it; its latents, where it goes on from some, are of that size already."""
    shape = canvas.sampled_shape
    pins = tuple(shrunk_pin(pin, shape.height, shape.width) for pin in canvas.pins)
    return replace(canvas, shape=shape, pins=pins, sampled=None)


def shrunk_pin(pin: Pin, height: int, width: int) -> Pin:
    """``pin`` on a smaller canvas of nearly the same aspect; the rim that the aspect leaves repeats the edge."""
    mask = None if pin.mask is None else touched_mask(pin.mask, height, width) if pin.touching else shrunk_mask(pin.mask, height, width)
    return replace(pin, frames=fit_frames(pin.frames, height, width, "edge"), mask=mask)


def shrunk_mask(mask: Mask, height: int, width: int) -> Mask:
    """(height, width), or (T, height, width), True where every pixel of ``mask`` below is True: nothing is held that was free."""
    rows, columns = mask.shape[-2:]
    scale = min(height / rows, width / columns)
    above, before = edge_margins(rows, columns, height, width)
    tops, bottoms = covered(rows, height, scale, above)
    lefts, rights = covered(columns, width, scale, before)
    free = np.pad(~mask, [(0, 0)] * (mask.ndim - 2) + [(1, 0), (1, 0)]).cumsum(-1).cumsum(-2)
    counted = free[..., bottoms[:, None], rights] - free[..., tops[:, None], rights]
    counted -= free[..., bottoms[:, None], lefts] - free[..., tops[:, None], lefts]
    return np.asarray(counted == 0, dtype=np.bool_)


def touched_mask(mask: Mask, height: int, width: int) -> Mask:
    """The same, True where any pixel of ``mask`` below is."""
    return ~shrunk_mask(~mask, height, width)


def covered(source: int, side: int, scale: float, margin: float) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """First source pixel under each of ``side`` small ones, and the one after the last; at least one, the nearest, beyond the edge."""
    lines = np.arange(side + 1) / scale - margin
    first = np.floor(lines[:-1] + 1e-6).astype(int).clip(0, source - 1)
    stop = np.ceil(lines[1:] - 1e-6).astype(int).clip(1, source)
    return first, stop

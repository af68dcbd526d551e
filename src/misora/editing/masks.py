"""Where a picture may change: boxes and drawn masks, at the size of the clip that is edited, and their feathered rims."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from misora.base.canvas import Frames, Mask
from misora.base.errors import InputError
from misora.editing.footage import Footage, at_rate
from misora.media.fit import fit_frames

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels."""
WHITE = 128
"""Brightness from which a mask's pixel may change."""
SOFT_PIXELS = 12
"""Width of the rim, inside the mask, over which the change comes in."""


def check_box(box: Any) -> Box:
    """``box`` as four whole numbers; raises InputError unless it holds a pixel."""
    try:
        left, top, right, bottom = (int(side) for side in box)
    except (TypeError, ValueError) as error:
        raise InputError(f"box={box!r} is not (left, top, right, bottom) in pixels", field="box") from error
    if not (0 <= left < right and 0 <= top < bottom):
        raise InputError(
            f"box={left},{top},{right},{bottom} holds no pixel; it is left,top,right,bottom from the upper left corner", field="box"
        )
    return left, top, right, bottom


def parse_box(text: str) -> Box:
    """``left,top,right,bottom`` as people type it."""
    return check_box(text.split(","))


def box_mask(box: Box, source: Footage, clip: Footage) -> Mask:
    """(H, W) of ``clip``, True in the box, which is given in pixels of ``source``."""
    height, width = source.size
    left, top, right, bottom = box
    if right > width or bottom > height:
        nearest = f"{min(left, width - 1)},{min(top, height - 1)},{min(right, width)},{min(bottom, height)}"
        raise InputError(f"box={left},{top},{right},{bottom} is outside the clip's {width}x{height}; nearest: {nearest}", field="box")
    drawn = np.zeros((1, height, width, 3), np.uint8)
    drawn[:, top:bottom, left:right] = 255
    where: Mask = at_size(drawn, clip)[0]
    return where


def mask_from(drawn: Footage, source: Footage, clip: Footage) -> Mask:
    """A drawn mask, or a clip of masks, as (H, W) or (T, H, W) of ``clip``: True where it is white.

    Raises:
        InputError: It is not of the size of ``source``, is shorter, or is white nowhere.
    """
    if drawn.size != source.size:
        (height, width), (wanted_height, wanted_width) = drawn.size, source.size
        raise InputError(f"mask is {width}x{height}, the clip {wanted_width}x{wanted_height}; nearest: the clip's own size", field="mask")
    where: Mask
    if len(drawn.frames) == 1:
        where = at_size(drawn.frames, clip)[0]
    else:
        moving = at_rate(drawn.frames, drawn.fps, clip.fps)
        if len(moving) < len(clip.frames):
            raise InputError(
                f"mask lasts {drawn.seconds:.4g} s, the clip {clip.seconds:.4g} s; give a picture, or as many frames", field="mask"
            )
        where = at_size(moving[: len(clip.frames)], clip)
    if not where.any():
        raise InputError("mask is white nowhere, so nothing would change; paint white what may", field="mask")
    return where


def at_size(drawn: Frames, clip: Footage) -> Mask:
    """(T, H, W): where ``drawn`` (T, h, w, 3) is white, at the clip's size."""
    white: Mask = fit_frames(drawn, *clip.size).max(axis=-1) >= WHITE
    return white


def to_picture(where: Mask) -> Frames:
    """A mask (T, H, W) as white on black, (T, H, W, 3)."""
    return np.repeat(np.where(where, 255, 0).astype(np.uint8)[..., None], 3, axis=-1)


def feather(where: Mask, soft: int = SOFT_PIXELS) -> npt.NDArray[np.float32]:
    """(H, W) from 0 outside a mask to 1 deep inside it, rising with the distance from its rim.

    A mask too thin for the whole rise reaches 1 in its middle all the same.
    """
    picture = Image.fromarray(np.pad(where, 1, mode="edge").astype(np.uint8) * 255)
    layers = [np.asarray(picture)[1:-1, 1:-1] > 0]
    while len(layers) < soft and layers[-1].any():
        picture = picture.filter(ImageFilter.MinFilter(3))
        layers.append(np.asarray(picture)[1:-1, 1:-1] > 0)
    counted = [layer for layer in layers if layer.any()]
    if not counted:
        return np.zeros(where.shape, np.float32)
    return np.asarray(np.mean(counted, axis=0), dtype=np.float32)

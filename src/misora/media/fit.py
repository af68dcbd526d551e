"""Brings frames to a size: crop to cover it, fit inside it with bars or with a repeated edge, or stretch."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from PIL import Image

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.media.pictures import Picture, to_pillow
from misora.media.spool import room_for

FitMode = Literal["crop", "pad", "edge", "stretch"]


def fit_frames(frames: Frames, height: int, width: int, mode: FitMode = "crop") -> Frames:
    """Resizes every frame with Lanczos filtering.

    Args:
        frames: (T, H, W, 3) uint8.
        height, width: Size to deliver, exactly.
        mode: "crop" keeps the aspect and cuts what overhangs, centred; "pad" keeps all and adds black bars; "edge" keeps all
            and repeats the edge, to a fraction of a pixel, so that "crop" undoes it; "stretch" bends the aspect.
    Returns:
        (T, height, width, 3) uint8; ``frames`` itself when it already has the size.
    """
    if frames.shape[1:3] == (height, width):
        return frames
    fitted = room_for((len(frames), height, width, 3))
    for index, frame in enumerate(frames):
        fitted[index] = fit_picture(frame, height, width, mode)
    return fitted


def fit_picture(picture: Picture, height: int, width: int, mode: FitMode = "crop") -> Picture:
    """One picture (H, W, 3) resized to (height, width, 3); see ``fit_frames``."""
    if height < 1 or width < 1:
        raise InputError(f"size {width}x{height} has no pixels; both sides must be at least 1", field="size")
    if mode not in get_args(FitMode):
        raise InputError(f"fit={mode!r} is not known; choose one of {', '.join(get_args(FitMode))}", field="fit")
    if mode == "pad":
        return _pad(picture, height, width)
    if mode == "edge":
        return _extend(picture, height, width)
    box = _cover_box(picture.shape[0], picture.shape[1], height, width) if mode == "crop" else None
    return _resize(picture, height, width, box)


def _cover_box(source_height: int, source_width: int, height: int, width: int) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of the largest centred part with the target's aspect, in source pixels."""
    scale = min(source_height / height, source_width / width)
    left, top = (source_width - width * scale) / 2, (source_height - height * scale) / 2
    return max(left, 0.0), max(top, 0.0), min(left + width * scale, source_width), min(top + height * scale, source_height)


def _pad(picture: Picture, height: int, width: int) -> Picture:
    scale = min(height / picture.shape[0], width / picture.shape[1])
    inner_height, inner_width = (max(1, round(length * scale)) for length in picture.shape[:2])
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    padded = np.zeros((height, width, 3), np.uint8)
    padded[top : top + inner_height, left : left + inner_width] = _resize(picture, inner_height, inner_width)
    return padded


def _extend(picture: Picture, height: int, width: int) -> Picture:
    margins = edge_margins(picture.shape[0], picture.shape[1], height, width)
    (above, below), (before, after) = whole = [(math.ceil(margin), math.ceil(margin)) for margin in margins]
    padded = np.pad(picture, (*whole, (0, 0)), mode="edge")
    top, left = above - margins[0], before - margins[1]
    box = (left, top, padded.shape[1] - (after - margins[1]), padded.shape[0] - (below - margins[0]))
    return _resize(padded, height, width, box)


def edge_margins(source_height: int, source_width: int, height: int, width: int) -> tuple[float, float]:
    """Source pixels that "edge" adds above and below, and to the left and right."""
    scale = min(height / source_height, width / source_width)
    return (height / scale - source_height) / 2, (width / scale - source_width) / 2


def _resize(picture: Picture, height: int, width: int, box: tuple[float, float, float, float] | None = None) -> Picture:
    return np.asarray(to_pillow(picture).resize((width, height), Image.Resampling.LANCZOS, box=box), dtype=np.uint8)

"""Animated WebP and GIF, through Pillow: FFmpeg cannot read the one and dithers the other poorly.

GIF counts time in 10 ms ticks, so frame ends are rounded, not durations: 24 fps stays 24 fps on average.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from misora.base.canvas import Frames
from misora.base.errors import InputError, MediaError
from misora.media.atomic import StrPath, write_bytes
from misora.media.metadata import check_metadata, to_json, to_xmp
from misora.media.pictures import check_picture, to_picture, to_pillow
from misora.media.timing import TimedFrame, to_rational

MAX_ANIMATION_FRAMES = 3600
_ANIMATED_FORMATS = ("GIF", "WEBP", "PNG")
_PALETTE_SAMPLES = 8


def write_animation(path: StrPath, frames: Frames, fps: float, *, metadata: Mapping[str, str] | None = None, quality: int = 80) -> None:
    """Writes frames (T, H, W, 3) as an endless animation, format by suffix (.webp, .gif), whole or not at all."""
    suffix = Path(path).suffix.lower()
    if suffix not in (".webp", ".gif"):
        raise InputError(f"{path} does not end in an animation's suffix; choose .webp or .gif", field="out")
    write_bytes(path, encode_animation(frames, fps, suffix[1:].upper(), metadata=metadata, quality=quality))


def encode_animation(
    frames: Frames, fps: float, image_format: str = "WEBP", *, metadata: Mapping[str, str] | None = None, quality: int = 80
) -> bytes:
    """Frames (T, H, W, 3) as the bytes of an endless "WEBP" or "GIF" animation; ``quality`` is WebP's."""
    if frames.ndim != 4 or not len(frames):
        raise InputError(f"frames must be uint8 (T, H, W, 3) with T >= 1, got {frames.dtype} {frames.shape}", field="frames")
    check_picture(frames[0], field="frames")
    kept = check_metadata(metadata)
    buffer = io.BytesIO()
    if image_format == "GIF":
        first, *rest = _with_shared_palette(frames)
        comment = {"comment": to_json(kept).encode()} if kept else {}
        first.save(buffer, "GIF", save_all=True, append_images=rest, duration=_durations_ms(len(frames), fps, 10), loop=0, **comment)
    else:
        first, *rest = [to_pillow(frame) for frame in frames]
        xmp = {"xmp": to_xmp(kept)} if kept else {}
        durations = _durations_ms(len(frames), fps, 1)
        first.save(buffer, "WEBP", save_all=True, append_images=rest, duration=durations, loop=0, quality=quality, **xmp)
    return buffer.getvalue()


def is_animated(image: Image.Image) -> bool:
    """Whether an open picture moves; the second picture in a phone's JPEG is a preview, not a frame."""
    return image.format in _ANIMATED_FORMATS and getattr(image, "n_frames", 1) > 1


def iter_animation(image: Image.Image, name: str, *, max_frames: int = MAX_ANIMATION_FRAMES) -> Iterator[tuple[TimedFrame, float]]:
    """Frames of an open animation, each with the second at which it ends; raises MediaError beyond ``max_frames``."""
    count = int(getattr(image, "n_frames", 1))
    if count > max_frames:
        raise MediaError(f"{name} has {count} frames; the limit is {max_frames}")
    start = 0.0
    for index in range(count):
        image.seek(index)
        picture = to_picture(image)
        stop = start + _shown_seconds(image)
        yield TimedFrame(picture, start), stop
        start = stop


def _shown_seconds(image: Image.Image) -> float:
    """How long the current frame stays; as browsers do, 10 ms or less means 100 ms."""
    duration_ms = float(image.info.get("duration") or 0)
    return duration_ms / 1000 if duration_ms > 10 else 0.1


def _durations_ms(num_frames: int, fps: float, tick_ms: int) -> list[int]:
    """Milliseconds a frame, whole ticks, at least one each, whose sum keeps the rate."""
    rate = to_rational(fps)
    ends = [round(Fraction(1000 * index, tick_ms) / rate) for index in range(num_frames + 1)]
    return [max(1, later - earlier) * tick_ms for earlier, later in pairwise(ends)]


def _with_shared_palette(frames: Frames) -> list[Image.Image]:
    """Palette pictures with one palette for all, so that colours do not flicker from frame to frame."""
    picked = frames[np.linspace(0, len(frames) - 1, min(len(frames), _PALETTE_SAMPLES)).round().astype(int)]
    palette = to_pillow(np.concatenate(list(picked))).quantize(256, method=Image.Quantize.MEDIANCUT)
    return [to_pillow(frame).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]

"""Pictures and clips that a person gives, as pins: read within limits, fitted to the canvas, placed in time."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from misora.base.canvas import Frames, Pin
from misora.base.errors import InputError
from misora.base.recipe import RecipeInput
from misora.base.shapes import VideoShape
from misora.media.decode import read_video
from misora.media.fit import fit_frames
from misora.media.pictures import check_picture
from misora.media.probe import is_picture_file, probe
from misora.media.stills import read_image

PinSource = str | os.PathLike[str] | np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
CLIP_SUFFIXES = (".mp4", ".mov", ".m4v", ".webm", ".mkv")


@dataclass(frozen=True, slots=True)
class PinRequest:
    """A picture or clip and when it is seen.

    Args:
        source: A file, or uint8 sRGB of one picture (H, W, 3) or a clip (T, H, W, 3) at the canvas's rate.
        seconds: Time of its first frame; infinity is the end of the video.
    """

    source: PinSource
    seconds: float = 0.0
    strength: float = 1.0


ImageArgument = PinSource | tuple[PinSource, float] | PinRequest


def parse_image(text: str) -> PinRequest:
    """``FILE``, ``FILE@SECONDS`` or ``FILE@end``; an @ that belongs to an existing file's name stays in it."""
    file, separator, when = text.rpartition("@")
    if not separator or Path(text).is_file():
        return PinRequest(text)
    if when == "end":
        return PinRequest(file, math.inf)
    try:
        return PinRequest(file, float(when))
    except ValueError as error:
        raise InputError(
            f"image={text!r}: what follows @ is neither seconds nor 'end'; for example photo.png@2.5", field="image"
        ) from error


def to_requests(image: ImageArgument | list[ImageArgument] | None) -> tuple[PinRequest, ...]:
    """The ``image`` argument of the Python API, in any of its forms."""
    if image is None:
        return ()
    if isinstance(image, list):
        return tuple(request for one in image for request in to_requests(one))
    if isinstance(image, PinRequest):
        return (image,)
    if isinstance(image, tuple):
        source, seconds = image
        return (PinRequest(source, float(seconds)),)
    if isinstance(image, (str, os.PathLike, np.ndarray)):
        return (PinRequest(image),)
    raise InputError(f"image is a {type(image).__name__}; give a path, an array, (path, seconds), or a list of these", field="image")


def build_pin(request: PinRequest, shape: VideoShape) -> tuple[Pin, RecipeInput]:
    """The pin, and what a recipe remembers of it.

    Raises:
        InputError: The file cannot be read, or lies outside the video.
    """
    frames = read_frames(request.source, shape)
    index = place(request.seconds, len(frames), shape)
    frames = fit_frames(frames[: shape.num_frames - index], shape.height, shape.width)
    return Pin(frames, index, request.strength), RecipeInput(digest_of(request.source), index, request.strength)


def place(seconds: float, num_frames: int, shape: VideoShape) -> int:
    """Index of the first canvas frame that a pin of ``num_frames`` covers."""
    if seconds == math.inf:
        return max(0, shape.num_frames - num_frames)
    index = round(seconds * shape.fps) if math.isfinite(seconds) else -1
    if not 0 <= index < shape.num_frames:
        last = (shape.num_frames - 1) / shape.fps
        raise InputError(
            f"image at {seconds:g} s is outside the video, 0 to {last:.3g} s; nearest: {min(max(seconds, 0), last):.3g}", field="image"
        )
    return index


def read_frames(source: PinSource, shape: VideoShape) -> Frames:
    """(T, H, W, 3) at the canvas's rate, at the source's own size; one frame of a still or where the canvas has one."""
    if isinstance(source, np.ndarray):
        frames = source[None] if source.ndim == 3 else source
        check_picture(frames[0] if frames.ndim == 4 and len(frames) else frames, field="image")
        return frames
    if not is_clip(source):
        return read_image(source)[None]
    clip = read_video(source)
    count = max(1, round(len(clip.frames) * shape.fps / clip.fps))
    picked = (np.arange(min(count, shape.num_frames)) * clip.fps / shape.fps).round().astype(int)
    frames = clip.frames[picked.clip(0, len(clip.frames) - 1)]
    return np.asarray(frames, dtype=np.uint8)


def is_clip(source: str | os.PathLike[str]) -> bool:
    """Whether a file is to be read as a clip: an animation, or what a clip is named like; anything else must be a picture.

    A file of the vault has no suffix; one that does not begin like a picture is a clip.
    """
    if is_picture_file(source):
        return probe(source).kind == "video"
    return Path(source).suffix.lower() in ("", *CLIP_SUFFIXES)


def digest_of(source: PinSource) -> str:
    """SHA-256 of a file's bytes, or of an array's shape and values."""
    if isinstance(source, np.ndarray):
        return hashlib.sha256(str(source.shape).encode() + np.ascontiguousarray(source).tobytes()).hexdigest()
    with open(source, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

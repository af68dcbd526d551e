"""The pixel grid, the latent grid, and the one rule that ties them: ``T = 1 + 8 (t - 1)``.

The autoencoder is causal: the first latent frame holds one picture, every later one holds eight.
In space a latent cell is 32 x 32 pixels. Nothing else in Misora may restate these numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from misora.base.errors import InputError

SPACE_STRIDE = 32
TIME_STRIDE = 8

RESOLUTIONS = {"240p": 240, "360p": 360, "480p": 480, "720p": 720, "1080p": 1080}
ASPECTS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:3": (4, 3), "3:4": (3, 4)}
MIN_SIDE, MAX_SIDE = 64, 2048
MIN_FPS, MAX_FPS = 8, 60
MAX_SECONDS = 60.0


def latent_frames(num_frames: int) -> int:
    """Latent frames that cover ``num_frames`` pixel frames, rounding up to the grid."""
    return 1 + math.ceil((num_frames - 1) / TIME_STRIDE)


def pixel_frames(num_latent_frames: int) -> int:
    """Pixel frames held by ``num_latent_frames``: 1, 9, 17, ..."""
    return 1 + TIME_STRIDE * (num_latent_frames - 1)


def latent_side(side: int) -> int:
    """Latent cells that cover ``side`` pixels, rounding up to the grid."""
    return math.ceil(side / SPACE_STRIDE)


def check_fps(fps: float) -> None:
    """Raises InputError unless ``fps`` is a rate that can be made."""
    if not MIN_FPS <= fps <= MAX_FPS:
        nearest = MAX_FPS if fps > MAX_FPS else MIN_FPS
        raise InputError(f"fps={fps:g} is outside {MIN_FPS} to {MAX_FPS}; nearest: {nearest}", field="fps")


@dataclass(frozen=True, slots=True)
class VideoShape:
    """What was asked for, in pixels: ``num_frames`` x ``height`` x ``width`` at ``fps``."""

    num_frames: int
    height: int
    width: int
    fps: float

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            side = getattr(self, name)
            if not MIN_SIDE <= side <= MAX_SIDE:
                nearest = min(max(side, MIN_SIDE), MAX_SIDE)
                raise InputError(f"{name}={side} is outside {MIN_SIDE} to {MAX_SIDE} pixels; nearest: {nearest}", field=name)
        check_fps(self.fps)
        if self.num_frames < 1:
            raise InputError(f"num_frames={self.num_frames} must be at least 1; nearest: 1", field="num_frames")

    @property
    def seconds(self) -> float:
        return self.num_frames / self.fps

    @property
    def latent(self) -> LatentShape:
        """The smallest latent grid that covers this shape."""
        return LatentShape(latent_frames(self.num_frames), latent_side(self.height), latent_side(self.width))


@dataclass(frozen=True, slots=True)
class LatentShape:
    """Latent grid (t, h, w)."""

    num_frames: int
    height: int
    width: int

    @property
    def num_tokens(self) -> int:
        return self.num_frames * self.height * self.width

    @property
    def pixel_size(self) -> tuple[int, int, int]:
        """Pixels that the grid covers: (T, H, W)."""
        return pixel_frames(self.num_frames), self.height * SPACE_STRIDE, self.width * SPACE_STRIDE


def parse_size(text: str) -> tuple[int, int]:
    """``"832x480"`` (width first, as people write it) to (height, width)."""
    width, separator, height = text.lower().replace("×", "x").partition("x")
    if not separator or not width.strip().isdecimal() or not height.strip().isdecimal():
        raise InputError(f"size={text!r} is not WIDTHxHEIGHT in pixels; for example 832x480", field="size")
    return int(height), int(width)


def size_for(resolution: str, aspect: str) -> tuple[int, int]:
    """(height, width) of a named resolution and aspect; the short side is the resolution, sides are even.

    480p at 16:9 is 832x480 by custom of the field (854 rounded to the 32-pixel grid).
    """
    if resolution not in RESOLUTIONS:
        raise InputError(f"resolution={resolution!r} is not known; choose one of {', '.join(RESOLUTIONS)}", field="resolution")
    if aspect not in ASPECTS:
        raise InputError(f"aspect={aspect!r} is not known; choose one of {', '.join(ASPECTS)}, or give size", field="aspect")
    short = RESOLUTIONS[resolution]
    across, down = ASPECTS[aspect]
    long = short * max(across, down) / min(across, down)
    long = int(long // SPACE_STRIDE * SPACE_STRIDE) if short == 480 else int(round(long / 2) * 2)
    return (short, long) if across >= down else (long, short)


def frames_for(seconds: float, fps: float) -> int:
    """Frames of a clip of ``seconds`` at ``fps``; at least one."""
    check_fps(fps)
    if not math.isfinite(seconds) or not 0 < seconds <= MAX_SECONDS:
        nearest = min(max(seconds, 1 / fps), MAX_SECONDS) if math.isfinite(seconds) else MAX_SECONDS
        raise InputError(f"seconds={seconds:g} must be above 0 and at most {MAX_SECONDS:g}; nearest: {nearest:.3g}", field="seconds")
    return max(1, round(seconds * fps))

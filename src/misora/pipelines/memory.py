"""How much memory a video in the making needs beside its networks, as arithmetic, so that one that does not fit is refused at once.

Fitted to the peaks of a process with the shipped weights, bfloat16 on a CPU, 9 frames: 61, 135 and 341 MiB at 256, 512 and 768 squared as
they are; 149 MiB at 832x480 and 503 at 1920x1080 sampled small and upsampled. 49 frames instead of 9 took 6 MiB more at 256 squared: what
counts is a frame's pixels, for frames are decoded, upsampled and written eight at a time. Sources of edits come on top.
"""

from __future__ import annotations

from misora.base.errors import InputError
from misora.base.shapes import VideoShape, size_for

MIB = 1 << 20
BASE_BYTES = 30 * MIB
DECODED_PIXEL_BYTES = 560
UPSAMPLED_PIXEL_BYTES = 210
SIZES = ("1080p", "720p", "480p")
"""What is proposed instead, with the video's own aspect where it is upright or square."""


def working_bytes(shape: VideoShape, sampled: tuple[int, int] | None) -> int:
    """Bytes for a video of ``shape``; ``sampled`` is the (height, width) at which it is sampled, None its own."""
    height, width = sampled or (shape.height, shape.width)
    upsampled = 0 if sampled is None else UPSAMPLED_PIXEL_BYTES * shape.height * shape.width
    return BASE_BYTES + DECODED_PIXEL_BYTES * height * width + upsampled


def check_memory(shape: VideoShape, sampled: tuple[int, int] | None, networks: int, budget: int | None) -> None:
    """Raises InputError when the video does not fit beside ``networks`` bytes of weights into ``budget``; None is no bound."""
    needed = working_bytes(shape, sampled)
    if budget is None or networks + needed <= budget:
        return
    raise InputError(
        f"a video of {shape.width}x{shape.height} takes about {needed / MIB:,.0f} MiB beside the networks' {networks / MIB:,.0f}, and"
        f" MISORA_MEMORY allows {budget / MIB:,.0f}{nearest(shape, sampled, budget - networks)}",
        field="size",
    )


def nearest(shape: VideoShape, sampled: tuple[int, int] | None, room: int) -> str:
    """The largest size of ``SIZES`` that fits into ``room`` bytes, sampled as small as this one is; in words, or nothing."""
    aspect = "16:9" if shape.width > shape.height else "9:16" if shape.width < shape.height else "1:1"
    for name in SIZES:
        height, width = size_for(name, aspect)
        smaller = VideoShape(shape.num_frames, height, width, shape.fps)
        if height * width < shape.height * shape.width and working_bytes(smaller, sampled) <= room:
            return f"; nearest: {width}x{height}"
    return ""

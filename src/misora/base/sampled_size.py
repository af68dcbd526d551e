"""At which size a video is sampled where there is an upsampler: the size at which the model has seen most.

A player at 832x480 is of a scale that the model has hardly met, and a latent frame holds four times as many tokens as at 416x240. So what
is larger is sampled with a short side of 240 to 288 pixels, such that doublings bring it to what was asked for, or near: 480p is one
doubling of 416x240, 1080p two of 480x270. What the aspect leaves over is cropped, never stretched. Plain numbers; knows no network.
"""

from __future__ import annotations

import math

SMALLEST_SIDE, LARGEST_SIDE = 240, 288
"""Short sides at which the model samples."""


def sampled_size(height: int, width: int) -> tuple[int, int] | None:
    """(height, width), both even, at which a video of this size is sampled; None where that is its own size."""
    short, long = sorted((height, width))
    if short <= LARGEST_SIDE:
        return None
    side = even(max(SMALLEST_SIDE, short / 2 ** doublings(short, LARGEST_SIDE)))
    other = even(long * side / short)
    return (side, other) if height <= width else (other, side)


def doublings(large: float, small: float) -> int:
    """How often ``small`` must be doubled to reach ``large``."""
    return max(0, math.ceil(math.log2(large / small) - 1e-9))


def even(side: float) -> int:
    """The even whole number at or above ``side``."""
    return 2 * math.ceil(side / 2 - 1e-9)

"""What a video costs: credits for pixels and seconds, the same before a run as after it."""

from __future__ import annotations

import math

from misora.base.shapes import VideoShape

REFERENCE_PIXELS = 832 * 480
CREDITS_A_SECOND = 4.0
"""At 832x480; 5 s are 20 credits."""
GROWTH = 1.2
"""Cost grows faster than pixels, for attention looks at pairs: 720p costs 2.8 times 480p, 1080p 7.3 times."""
EDIT_SHARE = 0.8
"""Edits begin from frames that exist."""
STILL_SECONDS = 0.25


def price(shape: VideoShape, *, is_edit: bool = False) -> int:
    """Whole credits, at least one."""
    seconds = max(shape.seconds, STILL_SECONDS)
    size = math.pow(shape.height * shape.width / REFERENCE_PIXELS, GROWTH)
    return max(1, math.ceil(CREDITS_A_SECOND * seconds * size * (EDIT_SHARE if is_edit else 1.0) - 1e-9))

"""What becomes of a clip's frames when its frame rate is raised."""

from __future__ import annotations

import math

NEAR = 1e-6
"""Frames; a moment so near to a frame is that frame."""


def raised_count(count: int, fps: float, wanted: float) -> int:
    """Frames of a clip of ``count`` after its rate was raised from ``fps`` to ``wanted``: as many seconds."""
    return max(1, round(count * wanted / fps))


def raised_cut(cut: int, fps: float, wanted: float) -> int:
    """Where the shot that began at frame ``cut`` begins then: the frame before is shown until half way."""
    return math.ceil((cut - 0.5) * wanted / fps - NEAR)

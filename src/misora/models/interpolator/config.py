"""Sizes of the interpolator; plain numbers, no torch."""

from __future__ import annotations

from dataclasses import dataclass

from misora.base.errors import InputError

MOTION = 4
"""Channels of the motion: columns and rows to where a place is found in the first picture, then in the second; in pixels."""
SEEN = 4 * 3 + MOTION + 2
"""Channels of a look: both pictures, both moved, the motion, the share so far, the moment."""
CELL = 2
"""Sides of the cells in which the last detail is written."""


@dataclass(frozen=True, slots=True)
class InterpolatorConfig:
    """Width, number of residual blocks, and the scales at which motion is looked for.

    Args:
        width: Channels at every scale.
        blocks: Residual blocks at every scale.
        scales: Pixels of a cell at each look, the coarsest first; each a multiple of the next, and of ``CELL``.
    """

    width: int = 48
    blocks: int = 2
    scales: tuple[int, ...] = (16, 8, 4)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", tuple(self.scales))
        finer = (*self.scales[1:], CELL)
        if not self.scales or any(coarse % fine for coarse, fine in zip(self.scales, finer, strict=True)):
            raise InputError(f"interpolator.scales={self.scales} must each be a multiple of the next, the last of {CELL}", field="scales")

    def flops_per_pixel(self) -> float:
        """Multiply-adds times two for each pixel of a picture between."""
        look = 9 * self.width * (SEEN + 2 * self.blocks * self.width + MOTION + 1)
        detail = 9 * self.width * 3 * CELL**2 * (3 + 1)
        return 2 * (sum(look / scale**2 for scale in self.scales) + detail / CELL**2)


TINY = InterpolatorConfig(width=8, blocks=1, scales=(8, 4))
"""Toy size for tests."""

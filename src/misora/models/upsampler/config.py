"""Sizes of the upsampler and what they cost; plain numbers, no torch."""

from __future__ import annotations

from dataclasses import dataclass

SCALE = 2
"""Sides of the result over sides of the input; larger factors are several passes."""

CELL = 2
"""Sides of the input's cells in which the network computes: four pixels wide there is as cheap as one, and sees as far again."""

CELL_CHANNELS = 3 * CELL**2
DETAIL_CHANNELS = 3 * (SCALE * CELL) ** 2


@dataclass(frozen=True, slots=True)
class UpsamplerConfig:
    """Width and number of memory blocks."""

    width: int = 64
    blocks: int = 3

    def flops_per_pixel(self) -> float:
        """Multiply-adds times two for each pixel of the result."""
        block = (1.5 + 1) * self.width**2
        each_cell = 2 * 9 * (CELL_CHANNELS * self.width + self.blocks * block + self.width * DETAIL_CHANNELS)
        return each_cell / (SCALE * CELL) ** 2


TINY = UpsamplerConfig(width=8, blocks=1)
"""Toy size for tests."""

"""The parser's sizes and the words that it answers with, as data; no torch.

The vocabulary travels inside the weights file: a parser that was trained on another cast says so itself, and nothing
here counts characters or places.
"""

from __future__ import annotations

from dataclasses import dataclass

from misora.base.errors import InputError

STRIDE = 8
"""Pixels of the parser's canvas that one cell of its map covers, both ways."""
GRID = 16
"""Sides of the canvas are multiples of this: the context path halves the map once more."""
RATE = 8.0
"""Frames a second that the parser looks at, whatever the clip's own rate."""
GAP_SECONDS = 0.25
"""A frame is read together with the one so much earlier: what moved in between shows, and so does a cut."""


@dataclass(frozen=True, slots=True)
class ParserConfig:
    """Sizes of a ``Parser`` and its vocabulary.

    Args:
        characters, places, times, actions, directions, cameras: Names by class index, as the stage spells them.
        colours: Names of the colours that players are told apart by, its own among them; empty reads none.
        weathers: Names; empty reads none.
        short_side: Pixels of the short side of the canvas that clips are resized to.
        stem_dim, dim, context_dim: Widths at strides 4, 8 and 16.
        blocks, context_blocks: Residual blocks at strides 8 and 16.
        track_dim: Width of the networks that read tracks.
        max_players: Most players that are told apart.
    """

    characters: tuple[str, ...]
    places: tuple[str, ...]
    times: tuple[str, ...]
    actions: tuple[str, ...]
    directions: tuple[str, ...]
    cameras: tuple[str, ...]
    colours: tuple[str, ...] = ()
    weathers: tuple[str, ...] = ()
    short_side: int = 128
    stem_dim: int = 48
    dim: int = 88
    context_dim: int = 104
    blocks: int = 2
    context_blocks: int = 2
    track_dim: int = 64
    max_players: int = 2

    def __post_init__(self) -> None:
        if self.short_side % GRID:
            nearest = max(GRID, round(self.short_side / GRID) * GRID)
            raise InputError(f"parser.short_side={self.short_side} does not divide by {GRID}; nearest: {nearest}", field="short_side")
        if not self.characters:
            raise InputError("parser.characters is empty; a parser needs at least one character to look for", field="characters")

    def flops_per_pixel(self) -> float:
        """FLOPs of reading one frame, for each pixel of its canvas; heads and tracks are left out, being a hundredth of it."""
        stem, dim, wide = self.stem_dim, self.dim, self.context_dim
        convolutions = (
            (75 * stem, 2**2),
            (9 * stem // 2 * stem + 18 * stem**2, 4**2),
            (9 * stem * dim + (1 + self.blocks) * 18 * dim**2, STRIDE**2),
            (9 * dim * wide + self.context_blocks * 18 * wide**2, (2 * STRIDE) ** 2),
        )
        return sum(2 * weights / area for weights, area in convolutions)

    def canvas(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that a clip of that size is resized to: its aspect, on the parser's grid."""
        scale = self.short_side / min(height, width)
        return max(GRID, round(height * scale / GRID) * GRID), max(GRID, round(width * scale / GRID) * GRID)

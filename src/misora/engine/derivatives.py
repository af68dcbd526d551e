"""Small pictures of a video: the thumbnail and the spritesheet, made of frames that were judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from misora.media.fit import fit_frames
from misora.media.pictures import Picture

THUMBNAIL_SIDE = 640
SHEET_COLUMNS, SHEET_CELL_WIDTH = 5, 160


def thumbnail(picture: Picture) -> Picture:
    """``picture`` (H, W, 3), its longer side at most ``THUMBNAIL_SIDE``."""
    height, width = picture.shape[:2]
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    return resized(picture, max(1, round(height * scale)), max(1, round(width * scale)))


def spritesheet(pictures: Sequence[Picture]) -> Picture:
    """All ``pictures`` in rows of ``SHEET_COLUMNS`` from left to right; the rest of the last row is black."""
    height, width = pictures[0].shape[:2]
    cell = (max(1, round(SHEET_CELL_WIDTH * height / width)), SHEET_CELL_WIDTH)
    rows = -(-len(pictures) // SHEET_COLUMNS)
    sheet = np.zeros((rows * cell[0], min(len(pictures), SHEET_COLUMNS) * cell[1], 3), np.uint8)
    for index, picture in enumerate(pictures):
        top, left = index // SHEET_COLUMNS * cell[0], index % SHEET_COLUMNS * cell[1]
        sheet[top : top + cell[0], left : left + cell[1]] = resized(picture, *cell)
    return sheet


def resized(picture: Picture, height: int, width: int) -> Picture:
    fitted: Picture = fit_frames(picture[None], height, width)[0]
    return fitted

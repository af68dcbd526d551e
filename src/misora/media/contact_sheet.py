"""Many clips at a glance: one row a clip, evenly spaced frames, a label over each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.media.atomic import StrPath
from misora.media.fit import fit_picture
from misora.media.fonts import fit_text
from misora.media.pictures import Picture, to_pillow
from misora.media.stills import write_image

_GAP = 3
_LABEL_SIZE = 13
_LABEL_HEIGHT = 20
_PAPER, _INK = "#16181d", "#e8e8e8"


def contact_sheet(clips: Sequence[Frames], columns: int = 8, cell_height: int = 96, labels: Sequence[str] | None = None) -> Picture:
    """One row of evenly spaced frames for each clip, first and last frame included.

    Args:
        clips: Each (T, H, W, 3) uint8; sizes and lengths may differ.
        columns: Frames a row at most; a shorter clip shows each frame once.
        cell_height: Pixels; widths follow each clip's aspect.
        labels: One line of text over each row, cut to the row; None is no text.
    Returns:
        (H, W, 3) uint8.
    """
    _check(clips, columns, cell_height, labels)
    rows = [_row(clip, columns, cell_height) for clip in clips]
    top = _LABEL_HEIGHT if labels is not None else 0
    width = max(row.shape[1] for row in rows) + 2 * _GAP
    sheet = Image.new("RGB", (width, sum(top + len(row) + _GAP for row in rows) + _GAP), _PAPER)
    y = _GAP
    for index, row in enumerate(rows):
        if labels is not None:
            _draw_label(sheet, labels[index], y, width - 4 * _GAP)
        sheet.paste(to_pillow(row), (_GAP, y + top))
        y += top + len(row) + _GAP
    return np.asarray(sheet, dtype=np.uint8)


def write_contact_sheet(
    path: StrPath,
    clips: Sequence[Frames],
    columns: int = 8,
    cell_height: int = 96,
    labels: Sequence[str] | None = None,
    *,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes ``contact_sheet`` as PNG, WebP or JPEG by suffix."""
    write_image(path, contact_sheet(clips, columns, cell_height, labels), metadata=metadata)


def _row(clip: Frames, columns: int, cell_height: int) -> Picture:
    """(cell_height, W, 3): picked frames side by side with dark gaps."""
    picked = np.linspace(0, len(clip) - 1, min(columns, len(clip))).round().astype(int)
    cell_width = max(1, round(cell_height * clip.shape[2] / clip.shape[1]))
    gap = np.asarray(Image.new("RGB", (_GAP, cell_height), _PAPER))
    parts = [part for index in picked for part in (gap, fit_picture(clip[index], cell_height, cell_width, "stretch"))]
    return np.concatenate(parts[1:], axis=1)


def _draw_label(sheet: Image.Image, label: str, y: int, max_width: int) -> None:
    line, font = fit_text(label, _LABEL_SIZE, max_width)
    ImageDraw.Draw(sheet).text((2 * _GAP, y + _LABEL_HEIGHT / 2), line, fill=_INK, font=font, anchor="lm")


def _check(clips: Sequence[Frames], columns: int, cell_height: int, labels: Sequence[str] | None) -> None:
    if not len(clips):
        raise InputError("clips is empty; a contact sheet needs at least one clip", field="clips")
    for index, clip in enumerate(clips):
        if clip.ndim != 4 or clip.shape[-1] != 3 or clip.dtype != np.uint8 or not clip.size:
            raise InputError(f"clips[{index}] must be uint8 (T, H, W, 3), got {clip.dtype} {clip.shape}", field="clips")
    if columns < 1 or cell_height < 1:
        raise InputError(f"columns={columns}, cell_height={cell_height}: both must be at least 1", field="columns")
    if labels is not None and len(labels) != len(clips):
        raise InputError(f"{len(labels)} labels for {len(clips)} clips; give one each", field="labels")

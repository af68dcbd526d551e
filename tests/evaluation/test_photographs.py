"""Camera moves over photographs: exact size, something moves, nothing jumps, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.base.shapes import VideoShape
from misora.evaluation.photographs import moved, photographs
from misora.media.stills import write_image

SHAPE = VideoShape(9, 64, 96, 24.0)


def test_a_photograph_becomes_a_clip_that_moves_a_little(tmp_path: Path) -> None:
    y, x = np.mgrid[0:120, 0:200]
    write_image(tmp_path / "a.png", np.stack([x, y, (x + y) // 2], axis=-1).astype(np.uint8))
    (path,) = photographs(tmp_path)
    clip = moved(path, SHAPE)
    assert clip.shape == (9, 64, 96, 3) and np.array_equal(clip, moved(path, SHAPE))
    steps = np.abs(np.diff(clip.astype(int), axis=0)).mean((1, 2, 3))
    assert 0 < steps.min() and steps.max() < 12


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no picture"):
        photographs(tmp_path / "nowhere")

from __future__ import annotations

import numpy as np
import pytest

from misora.base.shapes import VideoShape
from misora.pipelines.grid import grid_of


@pytest.mark.parametrize(("height", "width"), [(64, 64), (70, 100), (65, 127), (480, 832)])
def test_padding_and_cropping_are_inverse(height: int, width: int, rng: np.random.Generator) -> None:
    grid = grid_of(VideoShape(2, height, width, 24.0))
    frames = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    padded = grid.pad(frames)
    assert padded.shape == (2, grid.latent.height * 32, grid.latent.width * 32, 3)
    assert np.array_equal(grid.crop(padded), frames)


def test_padding_is_centred_and_repeats_the_edge() -> None:
    grid = grid_of(VideoShape(1, 70, 100, 24.0))
    assert (grid.top, grid.left) == (13, 14)
    frames = np.zeros((1, 70, 100, 3), np.uint8)
    frames[:, 0], frames[:, -1] = 7, 9
    padded = grid.pad(frames)
    assert (padded[0, :14] == 7).all() and (padded[0, 82:] == 9).all()
    assert grid.pad_mask(np.ones((70, 100), np.bool_)).all()

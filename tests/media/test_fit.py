from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.media.fit import fit_frames, fit_picture


def stripes() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(1, 40, 120, 3): a red, a green and a blue third from left to right."""
    frames = np.zeros((1, 40, 120, 3), np.uint8)
    for third in range(3):
        frames[:, :, 40 * third : 40 * (third + 1), third] = 255
    return frames


def test_crop_keeps_the_middle() -> None:
    fitted = fit_frames(stripes(), 20, 20)
    assert fitted.shape == (1, 20, 20, 3)
    assert (fitted[0, :, 4:-4] == (0, 255, 0)).all()


def test_crop_of_a_tall_target_is_centred() -> None:
    fitted = fit_frames(stripes().swapaxes(1, 2), 20, 20)
    assert (fitted[0, 4:-4] == (0, 255, 0)).all()


def test_pad_shows_everything_between_black_bars() -> None:
    fitted = fit_frames(stripes(), 60, 60, "pad")
    assert not fitted[0, :20].any() and not fitted[0, 40:].any()
    assert fitted[0, 30, [5, 30, 55]].argmax(-1).tolist() == [0, 1, 2]


def test_stretch_fills() -> None:
    assert fit_frames(stripes(), 30, 30, "stretch")[0, 15, [3, 15, 27]].argmax(-1).tolist() == [0, 1, 2]


def test_same_size_is_the_same_array() -> None:
    frames = stripes()
    assert fit_frames(frames, 40, 120, "pad") is frames


@pytest.mark.parametrize("mode", ["crop", "pad", "stretch"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 333), (333, 2), (41, 119), (480, 832)])
def test_size_is_exact_and_flat_colour_stays_flat(mode: Any, height: int, width: int) -> None:
    fitted = fit_picture(np.full((37, 91, 3), 90, np.uint8), height, width, mode)
    assert fitted.shape == (height, width, 3)
    assert set(np.unique(fitted)) <= {0, 90} and 90 in fitted


@pytest.mark.parametrize(
    ("size", "mode", "sentence"), [((0, 5), "crop", "size 5x0 has no pixels"), ((5, 5), "zoom", "fit='zoom'.*crop, pad, edge, stretch")]
)
def test_bad_input_is_explained(size: tuple[int, int], mode: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        fit_frames(stripes(), *size, mode)

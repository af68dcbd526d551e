from __future__ import annotations

import numpy as np
import pytest

from misora.media.fit import fit_frames
from misora.models.upsampler.config import TINY
from misora.models.upsampler.model import Upsampler
from misora.pipelines.upsampling import Enlarger, passes
from tiny import tiny_upsampler


def frames(count: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width", "expected"), [(24, 32, 0), (30, 40, 1), (48, 64, 1), (72, 96, 1), (73, 96, 2), (96, 128, 2)])
def test_it_doubles_until_the_size_is_near(height: int, width: int, expected: int) -> None:
    assert passes(frames(1, 24, 32), height, width) == expected
    large = np.concatenate(list(Enlarger(tiny_upsampler()).enlarge([frames(2, 24, 32)], height, width)))
    assert large.shape == (2, height, width, 3) and large.dtype == np.uint8


def test_pieces_give_the_frames_of_the_whole_and_are_drawn_one_at_a_time() -> None:
    enlarger, clip, drawn = Enlarger(tiny_upsampler()), frames(5, 24, 32), []

    def pieces():  # type: ignore[no-untyped-def]
        for start in (0, 1, 3):
            drawn.append(start)
            yield clip[start : {0: 1, 1: 3, 3: 5}[start]]

    made = enlarger.enlarge(pieces(), 90, 120)
    first = next(made)
    assert drawn == [0] and len(first) == 1
    whole = np.concatenate(list(enlarger.enlarge([clip], 90, 120)))
    assert np.array_equal(np.concatenate([first, *made]), whole)


def test_nothing_is_remembered_across_a_cut() -> None:
    enlarger, clip = Enlarger(tiny_upsampler()), frames(6, 24, 32)
    cut = np.concatenate(list(enlarger.enlarge([clip[:2], clip[2:]], 48, 64, cuts=(4,))))
    apart = np.concatenate([*enlarger.enlarge([clip[:4]], 48, 64), *enlarger.enlarge([clip[4:]], 48, 64)])
    assert np.array_equal(cut, apart)
    assert not np.array_equal(cut, next(enlarger.enlarge([clip], 48, 64))), "it remembers otherwise"


def test_odd_sides_are_doubled_exactly() -> None:
    large = Enlarger(Upsampler(TINY).eval()).double(np.full((11, 13, 3), 77, np.uint8), {})
    assert large.shape == (22, 26, 3) and (large == 77).all()


def test_an_untrained_upsampler_agrees_with_an_independent_bicubic_enlargement() -> None:
    """Pillow's Lanczos: near it where the picture is smooth, far from it where it is only repeated."""
    smooth = fit_frames(frames(1, 3, 4), 24, 32, "stretch")
    ours = next(Enlarger(Upsampler(TINY).eval()).enlarge([smooth], 48, 64)).astype(int)
    repeated = smooth.repeat(2, axis=1).repeat(2, axis=2)
    near, far = (np.abs(other - fit_frames(smooth, 48, 64))[:, 4:-4, 4:-4].mean() for other in (ours, repeated.astype(int)))
    assert near < 1.5 and near < 0.35 * far


def test_what_overhangs_is_cropped_evenly_and_nothing_is_stretched() -> None:
    """A disc stays round and in the middle, though the sizes have different aspects."""
    rows, columns = np.mgrid[:24, :44]
    disc = (((rows - 11.5) ** 2 + (columns - 21.5) ** 2) < 64)[..., None] * np.full(3, 255, np.uint8)
    large = next(Enlarger(Upsampler(TINY).eval()).enlarge([disc.astype(np.uint8)[None]], 72, 128))[0, :, :, 0] > 127
    across, down = large.any(0).nonzero()[0], large.any(1).nonzero()[0]
    assert len(across) == pytest.approx(len(down), abs=1) and len(down) == pytest.approx(48, abs=2)
    assert across.mean() == pytest.approx(63.5, abs=0.6) and down.mean() == pytest.approx(35.5, abs=0.6)

"""More frames a second: the clip's own stay, the others lie between them, and it lasts as long."""

from __future__ import annotations

import numpy as np
import pytest

from misora.base.canvas import Frames
from misora.base.rates import raised_count, raised_cut
from misora.media.pictures import Picture
from misora.pipelines.raising import RateRaiser
from tiny import tiny_interpolator


class Counting(RateRaiser):
    """Says at which moment it was asked, in place of the picture."""

    def mixed(self, first: Picture, second: Picture, moment: float) -> Picture:
        return (first + (second - first) * moment).astype(np.uint8)


def clip(count: int, step: int = 40) -> Frames:
    """Frame n is ``step * n`` all over."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None] * step, (count, 20, 12, 3)).copy()


def levels(frames: Frames, fps: float, wanted: float, cuts: tuple[int, ...] = (), pieces: int = 1) -> list[int]:
    raiser = Counting(tiny_interpolator())
    return np.concatenate(list(raiser.raised(np.array_split(frames, pieces), fps, wanted, cuts)))[:, 0, 0, 0].tolist()


def test_own_frames_stay_and_others_lie_between() -> None:
    assert levels(clip(3), 12, 24) == [0, 20, 40, 60, 80, 80]
    assert levels(clip(3), 24, 60) == [0, 16, 32, 48, 64, 80, 80, 80]
    assert levels(clip(5), 24, 30) == [0, 32, 64, 96, 128, 160]


@pytest.mark.parametrize(("fps", "wanted"), [(8, 60), (24, 25), (23.976, 59.94), (30, 60)])
@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_it_lasts_as_long_and_pieces_change_nothing(fps: float, wanted: float, pieces: int) -> None:
    frames = clip(7, 1)
    made = levels(frames, fps, wanted, pieces=pieces)
    assert len(made) == raised_count(7, fps, wanted) and abs(len(made) / wanted - 7 / fps) <= 0.5 / wanted
    assert made == levels(frames, fps, wanted) and made == sorted(made)


def test_nothing_is_mixed_across_a_cut() -> None:
    assert levels(clip(4), 12, 36, cuts=(2,)) == [0, 13, 26, 40, 40, 80, 80, 93, 106, 120, 120, 120]
    assert raised_cut(2, 12, 36) == 5


def test_the_network_sees_any_size_and_its_own_frames_pass_bit_for_bit(rng: np.random.Generator) -> None:
    frames = rng.integers(0, 256, (3, 21, 13, 3), dtype=np.uint8)
    made = np.concatenate(list(RateRaiser(tiny_interpolator()).raised([frames], 12, 24)))
    assert made.shape == (6, 21, 13, 3)
    assert np.array_equal(made[0:5:2], frames)
    assert not np.array_equal(made[1], frames[0]) and not np.array_equal(made[1], frames[1])


def test_no_frames_give_none() -> None:
    assert not list(RateRaiser(tiny_interpolator()).raised([], 12, 24))

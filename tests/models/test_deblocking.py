from __future__ import annotations

import pytest
import torch
from torch import Tensor

from misora.models.video_vae.deblocking import Deblocker, deblock

BORDER = 32
LEVEL = 1 / 127.5


def tiles(step: float) -> Tensor:
    """A slope with the right one of two cells ``step`` levels lighter, (1, 3, 32, 64)."""
    picture = torch.linspace(-0.5, 0.5, 2 * BORDER).expand(1, 3, BORDER, -1).clone()
    picture[..., BORDER:] += step * LEVEL
    return picture


def jump(picture: Tensor) -> float:
    """Most that the border between the cells jumps by, in levels, beyond the slope of ``tiles``."""
    slope = 1 / (2 * BORDER - 1)
    return float((picture[..., BORDER] - picture[..., BORDER - 1] - slope).abs().max()) / LEVEL


@pytest.mark.parametrize("step", [-6.0, 3.0, 8.0])
def test_a_small_step_is_spread_over_half_of_either_cell(step: float) -> None:
    before = tiles(step)
    after = deblock(before)
    assert jump(after) < 0.2 * abs(step)
    assert torch.equal(after[..., : BORDER // 2], before[..., : BORDER // 2])
    assert torch.equal(after[..., -BORDER // 2 :], before[..., -BORDER // 2 :])


def test_an_outline_on_a_border_stays() -> None:
    assert jump(deblock(tiles(60.0))) > 59


def test_an_outline_that_ends_half_way_along_a_border_does_not_hide_the_step_beside_it() -> None:
    picture = tiles(5.0)
    picture[..., : BORDER // 2, BORDER:] += 60 * LEVEL
    after = deblock(picture)
    assert jump(after[..., -8:, :]) < 1
    assert jump(after[..., :8, :]) > 64


def test_slopes_and_what_lies_inside_a_cell_are_left_alone() -> None:
    slope = tiles(0.0)
    assert torch.allclose(deblock(slope), slope, atol=1e-6)
    dot = torch.zeros(1, 3, BORDER, BORDER)
    dot[..., 10:20, 10:20] = 1
    assert torch.equal(deblock(dot), dot)


def test_rows_of_cells_are_treated_as_columns_are() -> None:
    upright = deblock(tiles(6.0).transpose(2, 3).contiguous()).transpose(2, 3)
    assert torch.allclose(upright, deblock(tiles(6.0)), atol=1e-6)


def test_what_is_given_is_not_changed_and_each_picture_is_treated_alone() -> None:
    pictures = torch.rand(3, 3, 2 * BORDER, 3 * BORDER, generator=torch.Generator().manual_seed(0))
    given = pictures.clone()
    together = deblock(pictures)
    assert torch.equal(pictures, given)
    for picture, alone in zip(pictures, together, strict=True):
        assert torch.allclose(deblock(picture[None])[0], alone, atol=1e-6)


def shown(*pictures: Tensor) -> Tensor:
    """``pictures`` (3, H, W) of one clip as they are shown."""
    deblocker = Deblocker()
    return torch.stack([deblocker.shown(picture) for picture in pictures])


def grey(value: float) -> Tensor:
    """``value`` levels over the middle."""
    return torch.full((3, BORDER, BORDER), value * LEVEL)


def test_a_small_change_comes_slowly_and_comes_whole() -> None:
    levels = shown(grey(0), *[grey(5)] * 9).mean((1, 2, 3)) / LEVEL
    assert levels[0] == 0 and levels[1] < 2.5
    assert bool((levels.diff() > 0).all()) and levels[-1] > 4.8


def test_what_moves_is_not_held_back_and_does_not_hide_the_change_beside_it() -> None:
    later = grey(4)
    later[..., : BORDER // 2] = 80 * LEVEL
    after = shown(grey(0), later)[1]
    assert torch.allclose(after[..., : BORDER // 2], later[..., : BORDER // 2], atol=0.1 * LEVEL)
    assert float(after[..., -8:].mean()) < 2 * LEVEL


def test_a_picture_like_the_one_before_is_left_alone() -> None:
    assert all(torch.equal(picture, grey(7)) for picture in shown(grey(7), grey(7), grey(7)))

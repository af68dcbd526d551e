from __future__ import annotations

import dataclasses

import pytest
import torch

from misora.models.upsampler.config import TINY, UpsamplerConfig
from misora.models.upsampler.model import Upsampler, enlarged
from tiny import tiny_upsampler


def clip(frames: int = 3, height: int = 12, width: int = 16) -> torch.Tensor:
    return torch.rand(1, frames, 3, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_untrained_it_is_bicubic_enlargement() -> None:
    torch.manual_seed(0)
    pixels = clip()
    assert torch.equal(Upsampler(TINY)(pixels, {}), enlarged(pixels))


def test_it_doubles_both_sides_and_adds_detail_of_its_own() -> None:
    pixels = clip()
    large = tiny_upsampler()(pixels, {})
    assert large.shape == (1, 3, 3, 24, 32) and large.dtype == torch.float32
    assert float((large - enlarged(pixels)).abs().mean()) > 0.01


def test_frame_by_frame_gives_the_numbers_of_the_whole_clip() -> None:
    model, pixels, memory = tiny_upsampler(), clip(), {}
    whole = model(pixels, {})
    one_by_one = torch.cat([model(pixels[:, index : index + 1], memory) for index in range(3)], dim=1)
    torch.testing.assert_close(one_by_one, whole, rtol=1e-5, atol=1e-5)


def test_a_frame_sees_the_one_before_and_none_after() -> None:
    model, pixels = tiny_upsampler(), clip()
    changed = pixels.clone()
    changed[:, 1] = 0
    before, after = model(pixels, {}), model(changed, {})
    assert torch.equal(before[:, 0], after[:, 0])
    assert not torch.equal(before[:, 2], after[:, 2])


def test_a_flat_picture_stays_flat_where_nothing_was_learnt() -> None:
    flat = torch.full((1, 2, 3, 8, 8), 0.25)
    torch.testing.assert_close(Upsampler(TINY)(flat, {}), torch.full((1, 2, 3, 16, 16), 0.25))


@pytest.mark.parametrize("config", [TINY, UpsamplerConfig(), UpsamplerConfig(width=48)])
def test_the_cost_is_that_of_its_convolutions(config: UpsamplerConfig) -> None:
    model = Upsampler(config)
    cells = sum(2 * value.numel() for value in model.parameters() if value.ndim == 4)
    assert config.flops_per_pixel() == cells / 16


def test_all_weights_together_leave_room_for_it() -> None:
    largest = dataclasses.replace(UpsamplerConfig(), blocks=3)
    assert sum(value.numel() for value in Upsampler(largest).parameters()) < 400_000

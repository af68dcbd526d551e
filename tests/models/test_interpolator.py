"""A picture between two: a fade before training, motion after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from misora.base.errors import InputError
from misora.models.interpolator.config import TINY, InterpolatorConfig
from misora.models.interpolator.model import Interpolator, warp

torch.set_num_threads(1)


def moving(count: int = 8) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A bright bar on a grey ground, four pixels further on from picture to picture; first, between and second, (B, 3, 32, 32)."""
    columns = torch.arange(32.0)
    starts = torch.linspace(8, 18, count)[:, None]
    bars = [((columns - starts - way).abs() < 4).float()[:, None, None].expand(-1, 3, 32, -1) - 0.5 for way in (0, 2, 4)]
    return bars[0], bars[1], bars[2]


def test_untrained_it_fades() -> None:
    first, _, second = moving(2)
    made = Interpolator(TINY)(first, second, torch.tensor([0.25, 0.5]))
    torch.testing.assert_close(made[0], torch.lerp(first[0], second[0], 0.25))
    torch.testing.assert_close(made[1], torch.lerp(first[1], second[1], 0.5))


def test_a_picture_is_looked_at_where_the_way_leads_and_its_edges_go_on() -> None:
    picture = torch.arange(5.0).expand(1, 1, 4, 5)
    right = torch.zeros(1, 2, 4, 5)
    right[:, 0] = 1.5
    assert warp(picture, right)[0, 0, 0].tolist() == pytest.approx([1.5, 2.5, 3.5, 4.0, 4.0])
    down = torch.zeros(1, 2, 4, 5)
    down[:, 1] = -1
    assert warp(picture.transpose(2, 3).contiguous(), down.transpose(2, 3))[0, 0, :, 0].tolist() == pytest.approx([0.0, 0.0, 1.0, 2.0, 3.0])


def test_it_learns_to_move_what_a_fade_would_double() -> None:
    torch.manual_seed(0)
    first, between, second = moving()
    model, half = Interpolator(replace(TINY, width=16)), torch.full((len(first),), 0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    faded = float((torch.lerp(first, second, 0.5) - between).square().mean())
    for _ in range(120):
        optimizer.zero_grad()
        loss = (model(first, second, half) - between).square().mean()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.2 * faded


def test_scales_must_fit_into_each_other() -> None:
    with pytest.raises(InputError, match="multiple of the next"):
        InterpolatorConfig(scales=(16, 6))
    assert InterpolatorConfig(scales=[8, 4]).scales == (8, 4), "as a weights file gives them"  # type: ignore[arg-type]

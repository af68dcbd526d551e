"""Muon's direction is orthogonal; the schedule warms up, holds and decays; the average follows."""

import pytest
import torch
from torch import nn

from misora.training.checkpoint import Ema
from misora.training.optimizers import Muon, lr_schedule, orthogonalise


@pytest.mark.parametrize("shape", [(16, 16), (8, 40), (40, 8)])
def test_orthogonalised_singular_values_are_about_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(matrix).float())
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_the_direction_does_not_depend_on_the_gradients_size() -> None:
    matrix = torch.randn(8, 12, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(orthogonalise(matrix).float(), orthogonalise(1000 * matrix).float(), atol=0.1)


def test_muon_descends_on_a_convolution() -> None:
    torch.manual_seed(0)
    layer, wanted, x = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.Conv2d(4, 4, 3, padding=1, bias=False), torch.randn(8, 4, 6, 6)
    optimizer = Muon(layer.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        loss = (layer(x) - wanted(x).detach()).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize(
    ("step", "share", "expected"), [(0, 0.0, 0.01), (49, 0.0, 0.5), (500, 0.5, 1.0), (500, 0.875, 0.5), (500, 1.0, 0.02)]
)
def test_lr_schedule(step: int, share: float, expected: float) -> None:
    assert lr_schedule(step, 100, share) == pytest.approx(expected)


def test_ema_starts_close_and_then_averages() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    ema = Ema(model, decay=0.9)
    nn.init.ones_(model.weight)
    for step in range(200):
        ema.update(model, step)
    assert float(ema.values["weight"]) == pytest.approx(1, abs=1e-3)

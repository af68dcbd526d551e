"""Samplers against Gaussian data, where the probability-flow ODE has a closed form."""

import math

import pytest
import torch

from misora.diffusion.samplers import sample_euler, sample_heun
from misora.diffusion.schedules import shifted

MEAN, STD = 0.8, 0.3


def gaussian_velocity(x, sigma):
    """E[noise - x0 | x] for x0 ~ N(MEAN, STD**2)."""
    s = sigma[:, None, :, None, None]
    variance = (1 - s) ** 2 * STD**2 + s**2
    return -MEAN + (s - (1 - s) * STD**2) / variance * (x - (1 - s) * MEAN)


def exact(x, start, end):
    """The flow keeps every point at its quantile."""

    def spread(s):
        return math.sqrt((1 - s) ** 2 * STD**2 + s**2)

    return (1 - end) * MEAN + spread(end) / spread(start) * (x - (1 - start) * MEAN)


def error(sample, steps, end):
    x = torch.linspace(-2, 2, 9, dtype=torch.float64).reshape(1, 1, 1, 3, 3)
    sigmas = end + (1 - end) * shifted(steps).double()
    return (sample(gaussian_velocity, x, sigmas) - exact(x, 1.0, end)).abs().max().item()


@pytest.mark.parametrize(("sample", "order"), [(sample_euler, 1), (sample_heun, 2)])
@pytest.mark.parametrize("end", [0.0, 0.3])
def test_order_of_convergence(sample, order, end):
    measured = math.log2(error(sample, 64, end) / error(sample, 128, end))
    assert measured == pytest.approx(order, abs=0.15)


def test_heun_lands_on_the_data_distribution():
    x = torch.randn(1, 1, 1, 100, 100, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    out = sample_heun(gaussian_velocity, x, shifted(50))
    assert out.mean().item() == pytest.approx(MEAN, abs=0.01)
    assert out.std().item() == pytest.approx(STD, abs=0.01)


def test_frames_on_their_own_schedules_each_follow_the_exact_flow():
    x = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64).reshape(1, 1, 3, 1, 1)
    start = torch.tensor([1.0, 0.7, 0.4])
    levels = torch.minimum(shifted(400)[:, None, None], start)
    out = sample_heun(gaussian_velocity, x, levels).flatten()
    expected = [exact(value, level.item(), 0.0) for value, level in zip(x.flatten(), start, strict=True)]
    torch.testing.assert_close(out, torch.stack(expected), atol=1e-3, rtol=0)

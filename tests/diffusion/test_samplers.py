import pytest
import torch

from misora.base.errors import Cancelled
from misora.diffusion.samplers import AncestralSampler, sample_euler, sample_heun
from misora.diffusion.schedules import for_frames, shifted

SAMPLERS = (sample_euler, sample_heun)


def ancestral(x, first=0):
    """A walk like ``x`` with noise of its own for each step, counted from ``first``."""
    return AncestralSampler(lambda step: torch.randn(x.shape, generator=torch.Generator().manual_seed(100 + first + step)))


def towards(target):
    """The exact denoiser of a single data point: straight lines to ``target``."""

    def denoise(x, sigma):
        return (x - target) / sigma.clamp(min=1e-3)[:, None, :, None, None]

    return denoise


def noise(*shape, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("sample", SAMPLERS)
def test_straight_lines_are_followed_exactly(sample):
    target = torch.full((2, 3, 4, 2, 2), 0.7)
    torch.testing.assert_close(sample(towards(target), noise(2, 3, 4, 2, 2), shifted(3, 2.0)), target)


@pytest.mark.parametrize("sample", SAMPLERS)
def test_pinned_frames_are_bit_identical(sample):
    x = noise(1, 2, 3, 2, 2)
    levels = for_frames(shifted(5), torch.tensor([[0.0, 1.0, 0.5]]))

    def unruly(x, sigma):
        return torch.where(sigma[:, None, :, None, None] == 0, torch.nan, 1.0) * torch.ones_like(x)

    seen = []
    out = sample(unruly, x, levels, callback=seen.append)
    assert torch.equal(out[:, :, 1], x[:, :, 1])
    assert torch.equal(seen[1].x[:, :, 2], x[:, :, 2])  # waits at 0.5 while the others fall to 0.6
    torch.testing.assert_close(out[:, :, 0], x[:, :, 0] - 1)
    torch.testing.assert_close(out[:, :, 2], x[:, :, 2] - 0.5)


@pytest.mark.parametrize("sample", SAMPLERS)
def test_callback_reports_every_step_and_may_cancel(sample):
    target = torch.zeros(1, 1, 2, 1, 1)
    steps = []
    sample(towards(target), noise(1, 1, 2, 1, 1), shifted(4), callback=steps.append)
    assert [step.index for step in steps] == [0, 1, 2, 3]
    assert all(step.total == 4 for step in steps)
    torch.testing.assert_close(steps[0].x0, target)
    assert steps[-1].sigma_next.shape == (1, 2)

    def stop(step):
        raise Cancelled

    with pytest.raises(Cancelled):
        sample(towards(target), noise(1, 1, 2, 1, 1), shifted(4), callback=stop)


@pytest.mark.parametrize("sample", SAMPLERS)
def test_constrain_has_the_last_word(sample):
    target = torch.zeros(1, 1, 2, 2, 2)
    held = torch.zeros(1, 1, 2, 2, 2, dtype=torch.bool)
    held[..., 0] = True
    out = sample(towards(target), noise(1, 1, 2, 2, 2), shifted(4), constrain=lambda x, sigma: torch.where(held, 5.0, x))
    assert bool((out[held] == 5).all())
    torch.testing.assert_close(out[~held], target[~held])


@pytest.mark.parametrize("sample", SAMPLERS)
def test_low_precision_goes_in_and_out(sample):
    x = noise(1, 1, 2, 1, 1).bfloat16()
    seen = set()

    def denoise(x, sigma):
        seen.add((x.dtype, sigma.dtype))
        return torch.zeros_like(x)

    out = sample(denoise, x, shifted(2))
    assert out.dtype == torch.bfloat16
    assert seen == {(torch.float32, torch.float32)}
    assert torch.equal(out, x)


def test_heun_costs_two_evaluations_except_at_the_end():
    calls = []

    def denoise(x, sigma):
        calls.append(sigma)
        return torch.zeros_like(x)

    sample_heun(denoise, noise(1, 1, 1, 1, 1), shifted(4))
    assert len(calls) == 7


def test_new_noise_leads_to_the_data_too_and_leaves_known_frames_alone():
    x, target = noise(1, 2, 3, 2, 2), torch.full((1, 2, 3, 2, 2), 0.7)
    seen = []
    out = ancestral(x)(towards(target), x, for_frames(shifted(5), torch.tensor([[0.0, 1.0, 0.5]])), callback=seen.append)
    torch.testing.assert_close(out[:, :, 0], target[:, :, 0])
    assert torch.equal(out[:, :, 1], x[:, :, 1])
    assert torch.equal(seen[1].x[:, :, 2], x[:, :, 2])  # waits at 0.5 while the others fall to 0.6


@pytest.mark.parametrize("steps", [50, 200])
def test_new_noise_keeps_the_spread_of_what_is_sampled(steps):
    x, size = noise(4, 64, 1, 8, 8), 0.5

    def denoise(x, sigma):
        level = sigma[:, None, :, None, None].double()
        clean = x * (1 - level) * size**2 / ((1 - level) ** 2 * size**2 + level**2)
        return ((x - clean) / level).to(x)

    made = ancestral(x)(denoise, x, shifted(steps))
    assert abs(float(made.std()) / size - 1) < 6 / steps
    assert abs(float(torch.corrcoef(torch.stack([made.flatten(), x.flatten()]))[0, 1])) < 0.1, "the first noise decides nothing alone"


def test_an_interrupted_walk_goes_on_as_it_would_have():
    x, target, levels = noise(1, 2, 3, 2, 2), torch.full((1, 2, 3, 2, 2), 0.7), shifted(6)
    seen = []
    whole = ancestral(x)(towards(target), x, levels, callback=seen.append)
    assert torch.equal(ancestral(x, first=2)(towards(target), seen[1].x, levels[2:]), whole)

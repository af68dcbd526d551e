import pytest
import torch

from misora.diffusion.flow import add_noise, to_x0, velocity_from_x0, velocity_target, wiener_error


def clip_and_noise(shape=(2, 3, 4, 2, 2)):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)


@pytest.mark.parametrize("sigma", [0.3, torch.tensor(0.3), torch.full((2, 4), 0.3)])
def test_x0_comes_back_from_any_kind_of_sigma(sigma):
    x0, noise = clip_and_noise()
    x = add_noise(x0, noise, sigma)
    torch.testing.assert_close(x, 0.7 * x0 + 0.3 * noise)
    torch.testing.assert_close(to_x0(x, velocity_target(x0, noise), sigma), x0)


def test_sigma_is_per_latent_frame():
    x0, noise = clip_and_noise()
    x = add_noise(x0, noise, torch.tensor([[0.0, 1.0, 0.5, 0.0], [1.0, 0.0, 0.0, 0.5]]))
    assert torch.equal(x[0, :, 0], x0[0, :, 0])
    assert torch.equal(x[0, :, 1], noise[0, :, 1])
    assert torch.equal(x[1, :, 0], noise[1, :, 0])


def test_velocity_from_x0_is_exact_above_the_floor_and_finite_below():
    x0, noise = clip_and_noise()
    sigma = torch.tensor([[0.05, 0.5, 1.0, 0.0]]).expand(2, -1)
    velocity = velocity_from_x0(add_noise(x0, noise, sigma), x0, sigma)
    torch.testing.assert_close(velocity[:, :, :3], velocity_target(x0, noise)[:, :, :3], atol=1e-5, rtol=1e-5)
    assert torch.equal(velocity[:, :, 3], torch.zeros_like(velocity[:, :, 3]))


def test_wiener_error_is_what_the_best_scaling_of_each_channel_leaves():
    generator = torch.Generator().manual_seed(0)
    deviation = torch.tensor([4.0, 0.5, 0.1])
    x0 = torch.randn(200_000, 3, generator=generator) * deviation
    noise = torch.randn(x0.shape, generator=generator)
    for sigma in (0.2, 0.9):
        x = (1 - sigma) * x0 + sigma * noise
        best = (x * x0).mean(0) / x.square().mean(0)
        left = (x0 - best * x).square().mean()
        assert wiener_error(torch.tensor(sigma), deviation).item() == pytest.approx(left.item(), rel=0.02)


def test_wiener_error_ends_at_nothing_and_at_everything():
    deviation = torch.tensor([3.0, 1.0])
    torch.testing.assert_close(wiener_error(torch.tensor([0.0, 1.0]), deviation), torch.tensor([0.0, 5.0]))

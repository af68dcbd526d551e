import torch

from misora.diffusion.guidance import with_guidance


def denoisers(calls):
    def conditional(x, sigma):
        calls.append("one")
        return torch.ones_like(x)

    def pair(x, sigma):
        calls.append("two")
        return torch.ones_like(x), torch.zeros_like(x)

    return conditional, pair


def test_only_frames_inside_the_interval_are_guided():
    guided = with_guidance(*denoisers([]), 3.0, interval=(0.2, 0.9))
    velocity = guided(torch.zeros(1, 1, 3, 2, 2), torch.tensor([[0.0, 0.5, 1.0]]))
    assert velocity[0, 0, :, 0, 0].tolist() == [1, 3, 1]


def test_no_second_evaluation_where_none_is_needed():
    calls = []
    with_guidance(*denoisers(calls), 3.0)(torch.zeros(1, 1, 2, 1, 1), torch.tensor([[0.0, 1.0]]))
    with_guidance(*denoisers(calls), 1.0)(torch.zeros(1, 1, 2, 1, 1), torch.tensor([[0.5, 0.5]]))
    assert calls == ["one", "one"]


def test_full_rescale_keeps_the_conditional_deviation():
    generator = torch.Generator().manual_seed(0)
    cond, uncond = torch.randn(2, 1, 4, 2, 5, 5, generator=generator)
    guided = with_guidance(lambda x, s: cond, lambda x, s: (cond, uncond), 4.0, rescale=1.0)
    velocity = guided(cond, torch.full((1, 2), 0.5))
    torch.testing.assert_close(velocity.std((1, 3, 4)), cond.std((1, 3, 4)))

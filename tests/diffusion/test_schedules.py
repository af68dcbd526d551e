import pytest
import torch

from misora.diffusion.schedules import (
    LOUD_SHIFT,
    NoiseMix,
    for_frames,
    frame_noise_levels,
    logit_normal,
    resolution_shift,
    shift_sigma,
    shifted,
    spread_logit_normal,
)


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.5])
def test_shifted_descends_from_one_to_zero(shift):
    sigmas = shifted(7, shift)
    assert sigmas.shape == (8,)
    assert sigmas[0] == 1
    assert sigmas[-1] == 0
    assert bool((sigmas.diff() < 0).all())


def test_shift_moves_towards_noise():
    half = torch.tensor(0.5)
    assert shift_sigma(half, 1.0) == half
    assert shift_sigma(half, 3.0) == pytest.approx(0.75)


def test_resolution_shift_grows_with_the_side_of_the_canvas():
    assert resolution_shift(64) == LOUD_SHIFT
    assert resolution_shift(4 * 64) == pytest.approx(2 * LOUD_SHIFT)


def test_known_frames_wait_until_the_rest_come_down():
    levels = for_frames(shifted(4), torch.tensor([[0.0, 0.4, 1.0]]))
    torch.testing.assert_close(levels[:, 0, 0], shifted(4))
    torch.testing.assert_close(levels[:, 0, 1], torch.tensor([0.6, 0.6, 0.5, 0.25, 0.0]))
    assert bool((levels[:, 0, 2] == 0).all())


@pytest.mark.parametrize("shift", [0.5, 1.0, 3.0])
def test_shifted_leaves_its_last_level_in_one_step(shift):
    sigmas = shifted(7, shift, 0.25)
    assert len(sigmas) == 8
    assert bool((sigmas.diff() < 0).all())
    torch.testing.assert_close(sigmas[[0, -2, -1]], torch.tensor([1.0, 0.25, 0.0]))
    assert shifted(1, shift, 0.25).tolist() == [1.0, 0.0]


def test_logit_normal_has_its_median_at_the_shifted_half():
    levels = logit_normal((20_000,), 3.0, torch.Generator().manual_seed(0))
    assert levels.median().item() == pytest.approx(0.75, abs=0.01)


def test_spread_levels_have_one_in_each_slice_of_the_distribution():
    levels = spread_logit_normal(8, 2.0, torch.Generator().manual_seed(0), width=1.3)
    plain = shift_sigma(levels, 0.5)
    slices = (torch.special.ndtr(torch.logit(plain) / 1.3) * 8).floor().flatten().sort().values
    assert slices.tolist() == list(range(8))


def test_training_levels_are_reproducible_and_in_range():
    first, again = (frame_noise_levels(64, 5, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (64, 5)
    assert bool(((first >= 0) & (first <= 1)).all())


def test_three_in_five_clips_share_one_level():
    levels = frame_noise_levels(20_000, 6, torch.Generator().manual_seed(0), mix=NoiseMix(together=0.0))
    same = (levels == levels[:, :1]).all(1)
    # a fully dropped or absent history never makes all frames equal, so these are the shared clips
    assert same.float().mean().item() == pytest.approx(0.6, abs=0.01)


def test_histories_are_nearly_clean_or_dropped():
    mix = NoiseMix(frontier=1.0, shared=0.0, together=0.0, backward=0.0)
    levels = frame_noise_levels(20_000, 6, torch.Generator().manual_seed(0), mix=mix)
    known = (levels <= 0.15).long().cumprod(1).sum(1)
    dropped = levels[:, 0] == 1
    # first unknown frame uniform over 0..5: five sixths have a history, a tenth of which is dropped
    assert dropped.float().mean().item() == pytest.approx(0.1 * 5 / 6, abs=0.01)
    assert (known == 0).float().mean().item() == pytest.approx(0.1 * 5 / 6 + 1 / 6, abs=0.02)
    assert levels[:, -1].median().item() == pytest.approx(0.5, abs=0.02)


def test_backward_histories_lie_at_the_end():
    mix = NoiseMix(frontier=1.0, shared=0.0, together=0.0, history_dropout=0.0, backward=1.0)
    levels = frame_noise_levels(5_000, 6, torch.Generator().manual_seed(0), mix=mix)
    assert levels[:, -1].median() < 0.15
    assert levels[:, 0].median().item() == pytest.approx(0.5, abs=0.03)


def test_unknown_frames_after_a_history_share_one_level_as_in_sampling():
    mix = NoiseMix(frontier=1.0, shared=0.0, together=1.0, history_noise=0.0, history_dropout=0.0, backward=0.0)
    levels = frame_noise_levels(5_000, 6, torch.Generator().manual_seed(0), mix=mix)
    assert bool(((levels == 0) | (levels == levels[:, -1:])).all())
    assert levels[:, -1].median().item() == pytest.approx(0.6, abs=0.03)  # 1.5 to 1: shifted as where all frames share a level


def test_one_frame_has_no_history():
    levels = frame_noise_levels(5_000, 1, torch.Generator().manual_seed(0), mix=NoiseMix(frontier=1.0, shared=0.0))
    assert levels.median().item() == pytest.approx(0.5, abs=0.03)

"""What a latent frame recalls, and that it can be taken over as it is."""

from __future__ import annotations

import pytest
import torch

from misora.base.errors import InputError
from misora.models.transformer.config import TransformerConfig, count_parameters
from misora.models.transformer.model import VideoTransformer
from misora.models.transformer.preconditioning import precondition
from misora.models.transformer.recall import nearest_before, recall

KNOWN = [True, True, False, False, False]


def test_the_last_known_frame_is_recalled_else_the_neighbour() -> None:
    known = torch.tensor([KNOWN, KNOWN[::-1], [False] * 5])
    assert nearest_before(known).tolist() == [[-1, 0, 1, 1, 1], [-1, 0, 1, 2, 3], [-1, 0, 1, 2, 3]]


def test_from_before_and_from_after() -> None:
    frames = torch.arange(1.0, 6.0).view(1, 1, 5, 1, 1)
    before, after = recall(frames, torch.tensor([[0.0, 0.1, 0.5, 0.5, 0.0]]))[0, :, :, 0, 0].tolist()
    assert before == [0, 1, 2, 2, 2] and after == [2, 5, 5, 5, 0]
    assert not recall(frames, torch.zeros(1, 5), causal=True)[:, 1].any()


def test_whoever_has_moved_on_is_not_recalled_and_whoever_stays_is() -> None:
    frames = torch.arange(1.0, 4.0).view(1, 1, 3, 1, 1).expand(-1, -1, -1, 1, 3)
    covered = torch.tensor([[[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]], [[1.0, 0.0, 1.0]]]).unsqueeze(0)
    before, after = recall(frames, torch.tensor([[0.0, 0.9, 0.0]]), covered=covered)[0, :, 1, 0].tolist()
    assert before == [1, 0, 1], "stays, has moved on, was never there"
    assert after == [3, 3, 0], "somebody comes to the last cell, who is not there yet"


@torch.no_grad()
def test_what_stands_still_can_be_taken_over_to_the_last_digit() -> None:
    """A cell of four values in tokens of sixteen numbers; the last layer says one thing of all cells: as it was before."""
    model = VideoTransformer(
        TransformerConfig(4, dim=16, layers=1, heads=2, mlp_dim=16, text_dim=8, hidden_layer=1, recall=True, prediction="residual")
    )
    shares = torch.tensor([0.0] * 8 + [1.0] * 4 + [0.0] * 4)
    model.output.forward = lambda x: shares.expand(*x.shape[:-1], -1)  # type: ignore[method-assign]
    latents, sigma = torch.randn(1, 4, 3, 2, 2), torch.tensor([[0.0, 1.0, 1.0]])
    latents[:, :, 0] = torch.randn(1, 4, 2, 2)
    velocity = model(latents, sigma, torch.zeros(1, 1, 8), None, torch.zeros(1, 8), torch.tensor([24.0]))
    clean = latents - velocity
    torch.testing.assert_close(clean[:, :, 1:], latents[:, :, :1].expand(-1, -1, 2, -1, -1))


def test_a_guess_is_what_is_known_of_a_channel_in_its_own_size() -> None:
    """Exactly the clean value without noise, nothing of pure noise, and of little noise less where the channel is small."""
    loud, quiet = precondition(torch.tensor([[0.0, 0.1, 1.0]]), torch.tensor([2.0, 0.1])).guess[0, :, :, 0, 0]
    assert loud[0] == pytest.approx(1 / 2) and quiet[0] == pytest.approx(1 / 0.1) and loud[2] == quiet[2] == 0
    assert 2.0 * 0.9 * loud[1] > 0.99 > 0.5 > 0.1 * 0.9 * quiet[1] > 0.4


def test_it_needs_residuals() -> None:
    with pytest.raises(InputError, match="recall needs prediction 'residual', not 'x0'"):
        TransformerConfig(4, recall=True, prediction="x0")


def test_its_parameters_are_counted() -> None:
    config = TransformerConfig(4, dim=16, layers=1, heads=2, mlp_dim=16, text_dim=8, hidden_layer=1, recall=True, prediction="residual")
    assert count_parameters(config) == sum(parameter.numel() for parameter in VideoTransformer(config).parameters())

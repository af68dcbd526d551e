"""What a caption says of each player."""

from __future__ import annotations

import torch

from misora.models.about import About
from misora.models.text_encoder.model import EncodedText
from tiny import awake


def model() -> About:
    about = About(classes=4, dim=16, heads=2)
    awake(about, 1)
    return about.eval()


def text(used: int = 5) -> EncodedText:
    torch.manual_seed(2)
    return EncodedText(torch.randn(1, 5, 16), torch.arange(5)[None] < used, torch.randn(1, 16))


def test_each_player_is_asked_for_alone() -> None:
    about = model()
    both, swapped = about(torch.tensor([[1, 3]]), text()), about(torch.tensor([[3, 1]]), text())
    assert both.shape == (1, 2, 16)
    torch.testing.assert_close(both.flip(1), swapped)
    torch.testing.assert_close(both[:, :1], about(torch.tensor([[1, 2]]), text())[:, :1])
    assert not torch.allclose(both[:, 0], both[:, 1])


def test_only_words_count() -> None:
    about, who, short = model(), torch.tensor([[1, 2]]), text(used=3)
    changed = short.tokens.clone()
    changed[:, 3:] += 1
    torch.testing.assert_close(about(who, short), about(who, short._replace(tokens=changed)))
    changed[:, 2] += 1
    assert not torch.allclose(about(who, short), about(who, short._replace(tokens=changed)))

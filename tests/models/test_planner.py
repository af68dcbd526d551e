"""Layouts as what the planner diffuses, and back; the planner to and from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from misora.base.layout import X
from misora.models.planner import NUMBERS, WHO_SCALE, frame_numbers, from_values, to_values
from misora.models.registry import load_planner, save_model
from misora.models.text_encoder.model import EncodedText
from misora.models.transformer.layouts import Layouts
from tiny import tiny_planner


def layouts() -> Layouts:
    torch.manual_seed(0)
    who = torch.tensor([1, 4, 0]).expand(2, 5, 3).clone()
    boxes = torch.rand(2, 5, 3, 3, 5) * 0.6 + 0.3
    return Layouts(who, boxes * (who > 0)[..., None, None], torch.randn(2, 5, 2), torch.ones(2, 5, dtype=torch.bool))


def test_there_and_back() -> None:
    told = layouts()
    values = to_values(told, classes=6)
    assert values.shape == (2, 3 * 5 + 7, 5, 1, 4)
    for there, back in zip(told, from_values(values), strict=True):
        torch.testing.assert_close(back, there)


def test_a_slot_is_one_character_s_throughout() -> None:
    values = to_values(layouts(), classes=6)
    values[:, 15 + 3, 2, :, 0] = 3 * WHO_SCALE  # for one latent frame, another character is likelier
    assert (from_values(values).who[:, :, 0] == 1).all()


def test_nobody_has_no_box() -> None:
    values = to_values(layouts(), classes=6) + 0.1
    assert not from_values(values).boxes[:, :, 2].any()


def test_a_canvas_is_described_in_numbers_near_zero() -> None:
    assert frame_numbers(8, 8, 2.0) == [0, 0, 0]
    assert frame_numbers(8, 13, 4.0) == pytest.approx([0, 0.625, 1])


def test_caption_size_and_length_all_count(tmp_path: Path) -> None:
    planner = tiny_planner()
    save_model(tmp_path, "planner", planner, dtype=torch.float32)
    loaded = load_planner(tmp_path)
    assert loaded.config == planner.config
    values, sigma, numbers = torch.randn(1, planner.config.channels, 4, 1, 3), torch.full((1, 4), 0.5), torch.arange(4)[None]
    text = EncodedText(torch.randn(1, 3, 16), torch.ones(1, 3, dtype=torch.bool), torch.randn(1, 16))
    frame, fps = torch.zeros(1, 3), torch.tensor([24.0])
    out = loaded(values, sigma, text, frame, fps, numbers)
    torch.testing.assert_close(out, planner(values, sigma, text, frame, fps, numbers))
    for other in (text._replace(tokens=-text.tokens), text._replace(pooled=-text.pooled)):
        assert not torch.allclose(out, loaded(values, sigma, other, frame, fps, numbers), atol=1e-5)
    for column in range(3):
        changed = frame.clone()
        changed[0, column] = 1
        assert not torch.allclose(out, loaded(values, sigma, text, changed, fps, numbers), atol=1e-5)
    assert X == 0


def test_who_is_there_is_read_and_not_diffused() -> None:
    planner = tiny_planner()
    text = EncodedText(torch.randn(2, 3, 16), torch.ones(2, 3, dtype=torch.bool), torch.randn(2, 16))
    likely = planner.read_cast(text)
    assert likely.shape == (2, planner.config.slots, planner.config.classes + 1) and not torch.allclose(likely[0], likely[1])
    values, fps = torch.randn(2, planner.config.channels, 4, 1, 3), torch.full((2,), 24.0)
    velocity = planner(values, torch.full((2, 4), 0.5), text, torch.zeros(2, 3), fps, torch.arange(4).expand(2, -1))
    assert velocity[:, :NUMBERS].any() and not velocity[:, NUMBERS:].any()

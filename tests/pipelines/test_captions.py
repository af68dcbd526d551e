from __future__ import annotations

import pytest
import torch

from misora.base.canvas import Canvas, Span
from misora.base.shapes import VideoShape
from misora.models.transformer.layouts import Layouts
from misora.pipelines.captions import ScriptedDenoiser, encode_script
from misora.pipelines.windows import Window
from tiny import tiny_text_encoder, tiny_transformer

SHAPE = VideoShape(25, 64, 64, 8.0)
"""Four latent frames that end at 0, 1, 2 and 3 s."""


def denoiser(*spans: Span) -> ScriptedDenoiser:
    script = encode_script(Canvas(SHAPE, spans), tiny_text_encoder())
    return ScriptedDenoiser(tiny_transformer(), script, Window(0, 4, 0, 4), SHAPE.fps)


def test_each_latent_frame_follows_the_caption_of_its_last_picture() -> None:
    script = encode_script(Canvas(SHAPE, (Span("a dog"), Span("a cat", 2.0))), tiny_text_encoder())
    assert script.rows == (0, 0, 1, 1)
    assert script.negative_row == 2


def test_several_captions_give_every_frame_the_velocity_of_its_own() -> None:
    generator = torch.Generator().manual_seed(0)
    x, sigma = torch.randn(1, 8, 4, 2, 2, generator=generator), torch.full((1, 4), 0.6)
    dog, cat = (denoiser(Span(text)).conditional(x, sigma) for text in ("a dog", "a cat"))
    both = denoiser(Span("a dog"), Span("a cat", 2.0)).conditional(x, sigma)
    assert not torch.allclose(dog, cat, atol=1e-4)
    assert torch.allclose(both[:, :, :2], dog[:, :, :2], atol=1e-5)
    assert torch.allclose(both[:, :, 2:], cat[:, :, 2:], atol=1e-5)


def test_what_a_layout_shows_is_drawn_once_for_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    network = denoiser(Span("a dog"))
    painter = tiny_transformer(layout_classes=3, prediction="residual")
    who = torch.ones(1, 4, 1, dtype=torch.int64)
    layouts = Layouts(who, torch.full((1, 4, 1, 3, 5), 1.0), torch.zeros(1, 4, 2), torch.ones(1, 4, dtype=torch.bool))
    planned = ScriptedDenoiser(painter, network.script, Window(0, 4, 0, 4), SHAPE.fps, layouts)
    drawn: list[int] = []
    draw = painter.draw
    monkeypatch.setattr(painter, "draw", lambda told, *rest: drawn.append(int(told.given[:, 0].sum())) or draw(told, *rest))
    x, sigma = torch.randn(1, 8, 4, 2, 2), torch.full((1, 4), 0.6)
    first = planned.conditional(x, sigma)
    assert torch.equal(planned.conditional(x, sigma), first)
    for _ in range(2):
        planned.pair(x, sigma)
    assert drawn == [1, 1], "once for the caption alone, once for it beside the negative prompt, which is told of no layout"


def test_the_pair_agrees_with_single_evaluations() -> None:
    generator = torch.Generator().manual_seed(0)
    x, sigma = torch.randn(1, 8, 4, 2, 2, generator=generator), torch.full((1, 4), 0.6)
    network = denoiser(Span("a dog runs along the beach"))
    conditional, unconditional = network.pair(x, sigma)
    assert torch.allclose(conditional, network.conditional(x, sigma), atol=1e-5)
    assert not torch.allclose(conditional, unconditional, atol=1e-4)

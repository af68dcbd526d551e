"""What the characters' pictures alone make of each cell: in its place, near before far, and taken over by the last layer."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from misora.base.errors import InputError
from misora.models.transformer.config import TransformerConfig, count_parameters
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import VideoTransformer
from misora.models.transformer.sketch import PlayerSketch
from tiny import awake

SIDE = 6
TEXT = torch.zeros(1, 8)


def player(x: float = 0.5, y: float = 0.5, tall: float = 2.0, turn: float = 1.0, ground: float = 2.0) -> Tensor:
    """A box that stays for two latent frames, (1, 2, 1, 3, 5)."""
    return torch.tensor([x, y, tall, turn, ground]).expand(1, 2, 1, 3, 5).clone()


def told(*boxes: Tensor, who: tuple[int, ...] = (2, 1)) -> Layouts:
    players = torch.tensor(who[: len(boxes)]).expand(1, 2, -1)
    return Layouts(players, torch.cat(boxes, dim=2), torch.zeros(1, 2, 2), torch.ones(1, 2, dtype=torch.bool))


def awake_sketch() -> PlayerSketch:
    model = PlayerSketch(3, 5, 8)
    awake(model, 1)
    return model.requires_grad_(False)


def drawn(model: PlayerSketch, layouts: Layouts) -> Tensor:
    """Latents (C, h, w) of the first latent frame."""
    return model(layouts, TEXT, SIDE, SIDE).latents[0, :, 0]


def test_it_begins_by_drawing_nothing() -> None:
    sketch = PlayerSketch(3, 5, 8)(told(player()), TEXT, SIDE, SIDE)
    assert not sketch.latents.any() and sketch.latents.shape == (1, 5, 2, SIDE, SIDE)
    assert sketch.covered.shape == (1, 2, SIDE, SIDE) and sketch.covered.any()


def test_what_is_drawn_goes_where_the_player_goes() -> None:
    model = awake_sketch()
    here, there = drawn(model, told(player(0.5, 0.5))), drawn(model, told(player(1.5, -0.5)))
    assert here.any()
    torch.testing.assert_close(here[:, 1:, :-1], there[:, :-1, 1:])


def test_nobody_and_what_is_not_given_are_not_drawn() -> None:
    model, layouts = awake_sketch(), told(player())
    assert not drawn(model, told(player(), who=(0,))).any()
    assert not drawn(model, layouts._replace(given=torch.zeros(1, 2, dtype=torch.bool))).any()
    assert not drawn(model, told(player(-2.5, -2.5)))[:, 3:, 3:].any()


def test_who_is_nearer_covers_the_other_whatever_their_order() -> None:
    model = awake_sketch()
    model.picture[:, -1] = 50.0  # nothing shines through
    near, far = player(ground=3.0), player(ground=2.0)
    alone = drawn(model, told(near, who=(2,)))
    torch.testing.assert_close(drawn(model, told(near, far, who=(2, 1))), alone)
    torch.testing.assert_close(drawn(model, told(far, near, who=(1, 2))), alone)
    assert not torch.allclose(drawn(model, told(near, far, who=(1, 2))), alone)


def test_what_is_transparent_is_neither_drawn_nor_covers() -> None:
    model = awake_sketch()
    model.picture[2, -1] = -50.0
    sketch = model(told(player()), TEXT, SIDE, SIDE)
    assert float(sketch.latents.abs().max()) < 1e-6 and float(sketch.covered.max()) < 1e-6


CONFIG = TransformerConfig(
    4, dim=16, layers=1, heads=2, mlp_dim=16, text_dim=8, hidden_layer=1, prediction="residual", layout_classes=3, layout_sketch=True
)


def test_the_last_layer_takes_over_a_share_of_the_sketch() -> None:
    torch.manual_seed(0)
    model = VideoTransformer(CONFIG).requires_grad_(False)
    assert model.sketch is not None
    awake(model.sketch, 1)
    model.sketch_input.weight.zero_()  # type: ignore[union-attr]
    inputs = (torch.randn(1, 4, 2, SIDE, SIDE), torch.full((1, 2), 0.5), torch.randn(1, 3, 8), None, TEXT, torch.full((1,), 24.0))
    assert not model.predict(*inputs, layouts=told(player())).output.any()
    model.output.weight[-4:] = 1.0
    found = model.predict(*inputs, layouts=told(player()))
    assert found.sketch is not None and found.output.any()
    ratio = found.output / found.sketch.latents
    seen = found.sketch.latents.abs() > 1e-4
    token = ratio[0, :, 0][seen[0, :, 0]]
    assert token.isfinite().all() and not found.output[~seen.expand_as(found.output)].abs().gt(1e-2).any()
    assert model.predict(*inputs).sketch is None


def test_its_parameters_are_counted() -> None:
    for config in (CONFIG, replace(CONFIG, layout_sketch=False), replace(CONFIG, recall=True)):
        assert count_parameters(config) == sum(parameter.numel() for parameter in VideoTransformer(config).parameters())


@pytest.mark.parametrize("wrong", [{"prediction": "velocity"}, {"layout_classes": 0}])
def test_it_needs_residuals_and_layouts(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="layout_sketch"):
        replace(CONFIG, **wrong)  # type: ignore[arg-type]

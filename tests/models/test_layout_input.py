"""What the transformer is told of a layout."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from misora.models.layers.rotary import still_grid
from misora.models.transformer.config import LAYOUT_FEATURES, TransformerConfig, count_parameters
from misora.models.transformer.layout import FAR_SHARE, LayoutInput, from_players, travelled_grid
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import VideoTransformer
from tiny import awake, tiny_transformer


def layouts(x: float = 0.5, y: float = 0.5, frames: int = 3, who: int = 2) -> Layouts:
    boxes = torch.tensor([x, y, 2.0, 1.0, y + 1.0]).expand(1, frames, 1, 3, 5).clone()
    return Layouts(torch.full((1, frames, 1), who), boxes, torch.zeros(1, frames, 2), torch.ones(1, frames, dtype=torch.bool))


def predict(model: VideoTransformer, told: Layouts | None) -> Tensor:
    torch.manual_seed(1)
    latents, text, pooled = torch.randn(1, 4, 3, 6, 6), torch.randn(1, 2, 16), torch.randn(1, 16)
    return model(latents, torch.full((1, 3), 0.5), text, None, pooled, torch.tensor([24.0]), layouts=told)


def knowing() -> VideoTransformer:
    return tiny_transformer(4, layout_classes=5)


def test_cells_see_a_player_from_where_they_are() -> None:
    near, nearness = from_players(layouts(0.5, 0.5).boxes, 6, 6)
    shifted, moved = from_players(layouts(1.5, 0.5).boxes, 6, 6)
    assert near.shape == (1, 3, 1, 36, LAYOUT_FEATURES) and nearness.shape == (1, 3, 1, 36)
    here, there = near.unflatten(3, (6, 6)), shifted.unflatten(3, (6, 6))
    torch.testing.assert_close(here[..., :-1, :], there[..., 1:, :], msg="a player a cell further is the same features a cell further")
    inside = nearness.unflatten(3, (6, 6))[0, 0, 0]
    assert inside[3, 3] == 1 and inside[0, 0] == 0 and 0 < inside[3, 5] < 1
    assert moved.unflatten(3, (6, 6))[0, 0, 0, 3, 5] == 1


def test_what_is_not_given_or_empty_says_nothing() -> None:
    model = knowing()
    told = layouts()
    free = told._replace(given=torch.zeros(1, 3, dtype=torch.bool))
    torch.testing.assert_close(predict(model, free), predict(model, None))
    nobody = told._replace(who=torch.zeros(1, 3, 1, dtype=torch.long))
    assert model.layout_input is not None and not model.layout_input.tokens(nobody, 6, 6).any()
    assert (predict(model, nobody) - predict(model, None)).abs().max() > 1e-3, "that nobody is there is news"


@pytest.mark.parametrize(("changed", "frame"), [("who", 0), ("boxes", 1), ("camera", 2)])
def test_everything_in_a_layout_is_heard(changed: str, frame: int) -> None:
    model, told = knowing(), layouts()
    values = getattr(told, changed).clone()
    values[:, frame] += 1
    assert (predict(model, told) - predict(model, told._replace(**{changed: values}))).abs().max() > 1e-4


def test_it_begins_by_adding_nothing() -> None:
    fresh = LayoutInput(5, 16)
    assert not fresh.tokens(layouts(), 6, 6).any() and not fresh.conditioning(layouts()).any()


def test_only_the_named_character_s_row_is_read() -> None:
    model = LayoutInput(5, 16)
    awake(model, 1)
    before = model.tokens(layouts(who=2), 6, 6)
    with torch.no_grad():
        model.character[3] += 1
    assert torch.equal(before, model.tokens(layouts(who=2), 6, 6))
    assert not torch.equal(before, model.tokens(layouts(who=3), 6, 6))


def test_parameters_are_counted() -> None:
    config = TransformerConfig(8, dim=32, layers=2, heads=2, mlp_dim=32, text_dim=16, hidden_layer=1, layout_classes=7)
    for each in (config, replace(config, layout_classes=0), replace(config, layout_textures=True)):
        assert count_parameters(each) == sum(parameter.numel() for parameter in VideoTransformer(each).parameters())


def test_weights_that_know_none_refuse_them() -> None:
    with pytest.raises(AssertionError, match="no layouts"):
        predict(tiny_transformer(4), layouts())


def travelled(camera: tuple[float, float], *, given: bool = True) -> tuple[Tensor, Tensor]:
    """Rows and columns, (3, 8, 8), half a second a latent frame."""
    told = layouts()._replace(camera=torch.tensor(camera).expand(1, 3, 2), given=torch.full((1, 3), given))
    rows, columns = travelled_grid(still_grid(8, 8, torch.device("cpu")), told, torch.tensor([[0.0, 0.5, 1.0]]))
    return rows[0].expand(3, -1, -1), columns[0].expand(3, -1, -1)


def test_what_stands_on_the_ground_keeps_its_place_while_the_camera_pans() -> None:
    rows, columns = travelled((2.0, 0.0))
    torch.testing.assert_close(columns[1, -1, :-1], columns[0, -1, 1:], msg="a cell a half second")
    torch.testing.assert_close(columns[2, -1] - columns[0, -1], torch.full((8,), 2.0))
    torch.testing.assert_close(columns[2, 0] - columns[0, 0], torch.full((8,), 2.0 * FAR_SHARE), msg="what is far goes less far")
    torch.testing.assert_close(rows[2], rows[0])


def test_cells_draw_together_while_the_camera_comes_nearer() -> None:
    rows, columns = travelled((0.0, 0.4))
    torch.testing.assert_close(rows[2, -1], rows[0, -1] * torch.exp(torch.tensor(-0.4)))
    torch.testing.assert_close(columns[2, -1], columns[0, -1] * torch.exp(torch.tensor(-0.4)))


def test_a_camera_that_nothing_is_said_of_stays() -> None:
    for told, expected in zip(travelled((2.0, 0.4), given=False), travelled((0.0, 0.0)), strict=True):
        torch.testing.assert_close(told, expected)

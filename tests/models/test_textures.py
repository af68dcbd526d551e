"""The picture that each character has, laid where a layout says it is."""

from __future__ import annotations

import torch
from torch import Tensor

from misora.models.transformer.layouts import Layouts
from misora.models.transformer.textures import PlayerTextures, picture_points
from tiny import awake


def told(x: float = 0.5, y: float = 0.5, tall: float = 2.0, turn: float = 1.0, who: int = 2) -> Layouts:
    boxes = torch.tensor([x, y, tall, turn, y + tall / 2]).expand(1, 2, 1, 3, 5).clone()
    return Layouts(torch.full((1, 2, 1), who), boxes, torch.zeros(1, 2, 2), torch.ones(1, 2, dtype=torch.bool))


def awake_textures() -> PlayerTextures:
    model = PlayerTextures(3, 8)
    awake(model, 1)
    return model


def tokens(model: PlayerTextures, layouts: Layouts) -> Tensor:
    """(6, 6, D) of the first latent frame."""
    with torch.no_grad():
        return model(layouts, 6, 6).unflatten(2, (6, 6))[0, 0]


def test_it_begins_by_adding_nothing() -> None:
    assert not PlayerTextures(3, 8)(told(), 6, 6).any()


def test_the_picture_goes_where_the_player_goes() -> None:
    model = awake_textures()
    here, there = tokens(model, told(0.5, 0.5)), tokens(model, told(1.5, -0.5))
    assert here.any()
    torch.testing.assert_close(here[1:, :-1], there[:-1, 1:])


def test_far_cells_are_handed_nothing() -> None:
    seen = tokens(awake_textures(), told(-2.5, -2.5)).any(-1)
    assert seen[0, 0] and not seen[3:].any() and not seen[:, 3:].any()


def test_it_is_turned_and_scaled_with_the_player() -> None:
    points, turned, larger = (picture_points(told(0.0, 0.0, **how).boxes, 6, 6) for how in ({}, {"turn": -1.0}, {"tall": 4.0}))
    torch.testing.assert_close(turned[..., 0], -points[..., 0])
    torch.testing.assert_close(turned[..., 1], points[..., 1])
    torch.testing.assert_close(larger, points / 2)
    edge_on = picture_points(told(turn=0.0).boxes, 6, 6)
    assert edge_on.isfinite().all() and edge_on[..., 0].abs().max() > 10


def test_nobody_and_what_is_not_given_have_none() -> None:
    model = awake_textures()
    assert not tokens(model, told(who=0)).any()
    assert not tokens(model, told()._replace(given=torch.zeros(1, 2, dtype=torch.bool))).any()


def test_every_character_has_its_own() -> None:
    model = awake_textures()
    before = tokens(model, told(who=2))
    with torch.no_grad():
        model.picture[3] += 1
    assert torch.equal(before, tokens(model, told(who=2)))
    assert not torch.equal(before, tokens(model, told(who=3)))

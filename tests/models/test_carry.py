"""What a place looks like from where the camera is now: the last that is known, moved, and taken over by the last layer."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from misora.base.errors import InputError
from misora.base.layout import FAR
from misora.base.shapes import TIME_STRIDE
from misora.models.transformer.carry import PlaceCarry
from misora.models.transformer.config import CARRY_CHANNELS, CARRY_LAYERS, CARRY_POINTS, TransformerConfig, count_parameters
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import VideoTransformer
from tiny import awake

CHANNELS, SIDE, FRAMES = 4, 6, 4
FPS = torch.full((1,), 24.0)
NUMBERS = torch.arange(FRAMES).unsqueeze(0)
CELL_A_FRAME = 24.0 / TIME_STRIDE
"""Speed of a camera that goes one cell to the right in a latent frame."""


def camera(pan: float = 0.0, zoom: float = 0.0, *, given: bool = True) -> Layouts:
    moving = torch.tensor([pan, zoom]).expand(1, FRAMES, 2)
    return Layouts(torch.zeros(1, FRAMES, 1, dtype=torch.int64), torch.zeros(1, FRAMES, 1, 3, 5), moving, torch.full((1, FRAMES), given))


def awake_carry() -> PlaceCarry:
    model = PlaceCarry(CHANNELS)
    awake(model, 1)
    return model.requires_grad_(False)


def without_between() -> PlaceCarry:
    """One that sees sky and ground alone: what lies between is slower than the ground and lies over it."""
    model = awake_carry()
    layers = model.cell.weight.unflatten(1, (CARRY_CHANNELS + 1, CARRY_LAYERS, -1))
    layers[:, :, 1] = 0.0
    return model


def place() -> Tensor:
    """Latents of one place, told apart cell by cell, (1, C, t, h, w)."""
    return torch.randn(1, CHANNELS, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(2)).expand(-1, -1, FRAMES, -1, -1).clone()


def carried(model: PlaceCarry, guess: Tensor, layouts: Layouts, known: tuple[int, ...] = (0,)) -> Tensor:
    """(C, t, h, w)"""
    out: Tensor = model(guess, torch.tensor([[frame in known for frame in range(FRAMES)]]), layouts, NUMBERS, FPS)[0]
    return out


def test_it_begins_by_carrying_nothing() -> None:
    assert not carried(PlaceCarry(CHANNELS), place(), camera(3.0)).any()


def test_nothing_comes_before_the_first_and_nothing_is_carried_untold() -> None:
    model = awake_carry()
    out = carried(model, place(), camera(2.0))
    assert not out[:, 0].any() and out[:, 1:].flatten(2).any(2).any(0).all()
    assert not carried(model, place(), camera(2.0, given=False)).any()


def test_while_a_camera_stays_nothing_is_carried() -> None:
    """A cell is then what it recalls; what is carried again and again turns to noise."""
    model, trembling = awake_carry(), camera(0.2, 0.02)
    assert not carried(model, place(), trembling).any()
    layouts = camera(0.2, 0.02)
    layouts.camera.data = torch.where(torch.arange(FRAMES).view(1, -1, 1) == 2, 3.0, layouts.camera)
    assert carried(model, place(), layouts).flatten(2).any(2).any(0).flatten().tolist() == [False, False, True, True]
    assert not carried(model, place(), layouts, (0, 1, 2))[:, 3].any(), "the camera has stayed since the last that is known"


def test_the_ground_passes_as_fast_as_the_camera_goes() -> None:
    model = without_between()
    ground = carried(model, place(), camera(CELL_A_FRAME))[:, :, SIDE // 2 + 1 :]
    torch.testing.assert_close(ground[:, 2, :, :3], ground[:, 1, :, 1:4], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(ground[:, 2], ground[:, 1], atol=1e-3)


def test_the_sky_goes_a_small_share_of_the_way() -> None:
    sky = carried(without_between(), place(), camera(CELL_A_FRAME / FAR))[:, :, : SIDE // 2 - 1]
    torch.testing.assert_close(sky[:, 2, :, :3], sky[:, 1, :, 1:4], atol=1e-4, rtol=1e-4)


def test_it_is_carried_from_the_last_that_is_known() -> None:
    model, guess = awake_carry(), place()
    guess[:, :, 2] = 0.0  # not known, so it does not matter what is guessed of it
    torch.testing.assert_close(carried(model, guess, camera(2.0), (0, 1))[:, 3], carried(model, place(), camera(2.0), (0, 1))[:, 3])
    assert not torch.allclose(carried(model, guess, camera(2.0), (0, 1, 2))[:, 3], carried(model, place(), camera(2.0), (0, 1, 2))[:, 3])


def test_there_and_back_again_is_where_it_was() -> None:
    far, near = camera(), camera()
    far.camera.data = torch.tensor([[0.0, 0.0], [2.0, 0.4], [-2.0, -0.4], [0.0, 0.0]]).unsqueeze(0)
    near.camera.data = far.camera / 2
    torch.testing.assert_close(carried(awake_carry(), place(), far)[:, 3], carried(awake_carry(), place(), near)[:, 3])
    assert not torch.allclose(carried(awake_carry(), place(), far)[:, 2], carried(awake_carry(), place(), near)[:, 1], atol=1e-3)


def test_it_zooms_about_the_middle() -> None:
    model, guess = awake_carry(), place()
    near = carried(model, guess, camera(zoom=1.0))
    changed = (near[:, 3] - near[:, 1]).square().mean(0)
    assert float(changed[SIDE // 2 - 1 : SIDE // 2 + 1, SIDE // 2 - 1 : SIDE // 2 + 1].mean()) < float(changed[:, [0, -1]].mean())


@pytest.mark.parametrize("finer", [1, 2])
def test_of_what_somebody_hid_nothing_is_carried(finer: int) -> None:
    """It is as if it had lain outside the picture."""
    points = finer * CARRY_POINTS * SIDE
    hidden = torch.zeros(1, FRAMES, points, points)
    hidden[..., points // 2 :] = 1.0
    right = slice(SIDE // 2 + 1, None)
    model, (one, other) = awake_carry(), (place(), place())
    other[..., SIDE // 2 :] = 5.0
    known, slow = torch.tensor([[True, False, False, False]]), camera(0.4)
    first, second = (model(guess, known, slow, NUMBERS, FPS, hidden)[0, :, 1:] for guess in (one, other))
    torch.testing.assert_close(first, second)
    assert not torch.allclose(first[..., right], carried(model, one, slow)[:, 1:, :, right], atol=1e-3)
    left = slice(0, SIDE // 2 - 1)
    torch.testing.assert_close(first[..., left], carried(model, one, slow)[:, 1:, :, left])


CONFIG = TransformerConfig(
    CHANNELS, dim=16, layers=1, heads=2, mlp_dim=16, text_dim=8, hidden_layer=1, prediction="residual", layout_classes=3, carry=True
)


def test_the_last_layer_takes_over_a_share() -> None:
    torch.manual_seed(0)
    model = VideoTransformer(CONFIG).requires_grad_(False)
    assert model.carry is not None and model.carry_input is not None
    awake(model.carry, 1)
    model.carry_input.weight.zero_()
    sigma = torch.tensor([[0.0, 0.9, 0.9, 0.9]])
    inputs = (place(), sigma, torch.randn(1, 3, 8), None, torch.zeros(1, 8), FPS)
    assert not model.predict(*inputs, layouts=camera(2.0)).output.any()
    model.output.weight[-CHANNELS:] = 1.0
    found = model.predict(*inputs, layouts=camera(2.0))
    assert found.carried is not None and found.output.any() and not found.output[:, :, 0].any()
    shares = found.output[:, :, 1:] / found.carried[:, :, 1:]
    torch.testing.assert_close(shares, shares[:, :1].expand_as(shares), atol=1e-3, rtol=1e-3)
    assert model.predict(*inputs).carried is None


@pytest.mark.parametrize("changes", [{}, {"layout_sketch": True, "recall": True}, {"layout_textures": True}])
def test_a_layout_that_was_drawn_before_is_the_same_layout(changes: dict[str, bool]) -> None:
    torch.manual_seed(0)
    model = VideoTransformer(replace(CONFIG, **changes)).requires_grad_(False)  # type: ignore[arg-type]
    awake(model, 1)
    layouts = camera(2.0)._replace(who=torch.ones(1, FRAMES, 1, dtype=torch.int64), boxes=torch.full((1, FRAMES, 1, 3, 5), 2.0))
    inputs = (place(), torch.tensor([[0.0, 0.9, 0.9, 0.9]]), torch.randn(1, 3, 8), None, torch.randn(1, 8), FPS)
    at_once = model(*inputs, layouts=layouts)
    assert torch.equal(at_once, model(*inputs, layouts=model.draw(layouts, inputs[4], SIDE, SIDE)))
    assert not torch.allclose(at_once, model(*inputs))


def test_its_parameters_are_counted() -> None:
    for config in (CONFIG, replace(CONFIG, carry=False), replace(CONFIG, layout_sketch=True, recall=True)):
        assert count_parameters(config) == sum(parameter.numel() for parameter in VideoTransformer(config).parameters())


@pytest.mark.parametrize("wrong", [{"prediction": "velocity"}, {"layout_classes": 0}])
def test_it_needs_residuals_and_layouts(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="carry"):
        replace(CONFIG, **wrong)  # type: ignore[arg-type]

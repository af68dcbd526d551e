"""The background's motion, measured on pictures that were moved by a known amount."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from misora.models.parser.background import BACKGROUND_INPUTS, BANDS, background_motion, background_numbers

SIDE = 128
WHOLE = len(BANDS) - 1


def painting(seed: int = 0) -> Tensor:
    """A smooth random picture, twice as large as the view, (1, 3, 256, 256) in [-1, 1]."""
    coarse = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return F.interpolate(coarse, size=(2 * SIDE, 2 * SIDE), mode="bicubic", align_corners=False).clamp(-1, 1)


def filmed(across: float, up: float, growth: float, frames: int = 4) -> Tensor:
    """A view of the painting whose camera goes ``across`` and ``up`` view heights a frame and grows by ``growth`` in log zoom."""
    views = []
    for number in range(frames):
        place = (torch.arange(SIDE) + 0.5) / SIDE - 0.5
        down, right = torch.meshgrid(place, place, indexing="ij")
        shrunk = torch.exp(torch.tensor(-growth * number))
        grid = torch.stack([right * shrunk + across * number, down * shrunk - up * number], dim=-1)
        views.append(F.grid_sample(painting(), grid.unsqueeze(0), align_corners=False))
    return torch.cat(views)


def free(frames: int = 4) -> Tensor:
    return torch.ones(frames, SIDE // 8, SIDE // 8)


@pytest.mark.parametrize(
    ("across", "up", "growth"),
    [(0.0, 0.0, 0.0), (0.02, 0.0, 0.0), (-0.03, 0.0, 0.0), (0.0, 0.015, 0.0), (0.0, 0.0, 0.03), (0.0, 0.0, -0.02), (0.02, -0.01, 0.01)],
)
def test_a_known_move_is_measured_in_every_band(across: float, up: float, growth: float) -> None:
    motion = background_motion(filmed(across, up, growth), free())
    for value, truth in zip(motion.mean(0).unbind(-1), (across, up, growth), strict=False):
        assert value.tolist() == pytest.approx([truth] * len(BANDS), abs=0.002)


def test_a_player_is_left_out() -> None:
    clip, nobody = filmed(0.02, 0, 0), free()
    for number in range(len(clip)):
        left = 4 + 4 * number
        clip[number, :, 72:128, left : left + 96] = painting(1)[0, :, :56, :96]
        nobody[number, 8:, left // 8 : (left + 96) // 8 + 1] = 0
    assert float(background_motion(clip, nobody)[:, WHOLE, 0].mean()) == pytest.approx(0.02, abs=0.002)
    assert float(background_motion(clip, free())[:, 2, 0].mean()) != pytest.approx(0.02, abs=0.004), "else the test proves nothing"


def test_a_plain_picture_stands_and_says_so() -> None:
    motion = background_motion(torch.full((3, 3, SIDE, SIDE), 0.3), free(3))
    assert float(motion.abs().max()) == pytest.approx(0, abs=1e-6)
    assert float(background_motion(filmed(0, 0, 0), free())[..., 3].min()) > 0.5


def test_a_still_has_no_motion() -> None:
    assert not background_motion(torch.zeros(1, 3, SIDE, SIDE), free(1)).any()


def test_unsure_moves_count_for_nothing() -> None:
    motion = torch.tensor([0.02, 0.0, 0.0, 0.0]).expand(5, len(BANDS), 4)
    numbers = background_numbers(motion)
    assert numbers.shape == (BACKGROUND_INPUTS, 5)
    assert not numbers.any()

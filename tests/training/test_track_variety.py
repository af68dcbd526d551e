"""Readings of clips as they might have been: what is mirrored, what stays, and how far they are off."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from misora.models.parser.background import BANDS, MOVES, background_numbers
from misora.models.parser.track_network import PLAYER_INPUTS, camera_input, clock_numbers, motion_input, player_numbers
from misora.models.parser.tracks import Track
from misora.training.parser_truth import UNSURE
from misora.training.track_variety import mirrored, noised, other_side

MOMENTS = 9


def track(x: Tensor) -> Track:
    flat = torch.full((MOMENTS,), 0.3)
    return Track(flat * 10, x, flat, flat, flat, torch.arange(MOMENTS) > 1)


def sequences(x: Tensor, across: float) -> tuple[Tensor, Tensor]:
    """One of a player and one of its clip, as the networks read them."""
    moves = torch.tensor([across, 0.01, 0.02, 0.9]).expand(MOMENTS, len(BANDS), MOVES + 1)
    player, numbers, clock = player_numbers(track(x)), background_numbers(moves), clock_numbers(MOMENTS, 8)
    return motion_input(player, numbers, clock), camera_input([player], numbers, clock, 2)


@pytest.mark.parametrize(("kind", "players"), [(0, [0]), (1, [0, PLAYER_INPUTS])])
def test_a_mirror_image_is_what_would_be_read_of_the_mirrored_clip(kind: int, players: Sequence[int]) -> None:
    x = torch.linspace(-0.4, 0.2, MOMENTS)
    here, there = sequences(x, 0.03)[kind], sequences(-x, -0.03)[kind]
    both = mirrored(torch.stack([here, here]), list(players), torch.tensor([True, False]))
    torch.testing.assert_close(both[0], there)
    assert torch.equal(both[1], here)


def test_readings_are_a_little_off_and_nobody_appears() -> None:
    here = sequences(torch.zeros(MOMENTS), 0.03)[0].expand(500, -1, -1)
    read = noised(here, [0], torch.Generator().manual_seed(0))
    seen = read[:, :1] > 0
    assert not seen[:, :, :2].any() and 0.93 < float(seen[:, :, 2:].float().mean()) < 0.97
    assert not (read[:, :PLAYER_INPUTS] * ~seen).any()
    off = (read - here)[:, 1:PLAYER_INPUTS][seen.expand(-1, PLAYER_INPUTS - 1, -1)]
    assert 0.03 < float(off.std()) < 0.05 and abs(float(off.mean())) < 0.01
    assert torch.equal(read[:, -2:], here[:, -2:]), "the clock is never off"


def test_sides_are_exchanged_by_name_and_what_is_not_known_stays_so() -> None:
    names = ("static", "pan_left", "pan_right", "follow")
    labels = torch.tensor([0, 1, 2, 3, UNSURE, 1])
    which = torch.tensor([True] * 5 + [False])
    assert other_side(labels, names, which).tolist() == [0, 2, 1, 3, UNSURE, 1]

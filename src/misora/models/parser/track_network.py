"""Reads tracks: what a player does and whither, and what the camera does. Knows numbers over time, no pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from misora.models.parser.background import BACKGROUND_INPUTS
from misora.models.parser.layers import TimeBlock
from misora.models.parser.tracks import Track

PLAYER_INPUTS = 5
"""Numbers of a player at one moment: seen, x, y, log height, log width."""
CLOCK_INPUTS = 2
"""Where in the clip a moment lies, and how long the clip is."""
DILATIONS = (1, 2, 4, 8)
MIN_SIDE = 0.01


class TrackNetwork(nn.Module):
    """Sequences (B, inputs, T) to logits (B, outputs)."""

    def __init__(self, inputs: int, dim: int, outputs: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(inputs, dim, 3, padding=1)
        self.blocks = nn.Sequential(*(TimeBlock(dim, dilation) for dilation in DILATIONS))
        self.norm = nn.GroupNorm(1, dim)
        self.leave = nn.Sequential(nn.Linear(2 * dim, dim), nn.SiLU(), nn.Linear(dim, outputs))

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.norm(self.blocks(self.enter(x)))
        out: Tensor = self.leave(torch.cat([hidden.mean(2), hidden.amax(2)], dim=1))
        return out


def player_numbers(track: Track) -> Tensor:
    """A track as (5, T) of about unit size; zero where the player is not seen."""
    sizes = (track.height.clamp(min=MIN_SIDE).log() + 1, track.width.clamp(min=MIN_SIDE).log() + 1)
    values = torch.stack([torch.ones_like(track.x), 2 * track.x, 2 * track.y, *sizes])
    return torch.where(track.seen, values, torch.zeros_like(values))


def no_player(num_frames: int, device: torch.device | str = "cpu") -> Tensor:
    """What stands in the place of a player who is not there."""
    return torch.zeros(PLAYER_INPUTS, num_frames, device=device)


def clock_numbers(num_frames: int, rate: float, device: torch.device | str = "cpu") -> Tensor:
    """Share of the clip that is over, and its length in fifths of a second / 25, at every moment: (2, T)."""
    share = torch.linspace(0, 1, num_frames, device=device)
    return torch.stack([share, torch.full_like(share, num_frames / rate / 5)])


MOTION_INPUTS = PLAYER_INPUTS + BACKGROUND_INPUTS + CLOCK_INPUTS


def motion_input(player: Tensor, background: Tensor, clock: Tensor) -> Tensor:
    """One player's sequence, (23, T), from ``player_numbers``, ``background_numbers`` and ``clock_numbers``."""
    return torch.cat([player, background, clock])


def camera_inputs(most: int) -> int:
    """Inputs of the network that names the camera's move: it sees all players, since one of them may be followed."""
    return most * PLAYER_INPUTS + BACKGROUND_INPUTS + CLOCK_INPUTS


def camera_input(players: list[Tensor], background: Tensor, clock: Tensor, most: int) -> Tensor:
    """A clip's sequence for the camera, players in order of evidence, absent ones as zeros."""
    absent = [no_player(background.shape[1], background.device)] * (most - len(players))
    return torch.cat([*players[:most], *absent, background, clock])

"""Readings of clips as they might have been: mirrored, a little off, with moments missed.

A few thousand clips are soon learnt by heart; a clip and its mirror image are two, and a reading is never twice the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

from misora.models.parser.background import BANDS, MOVES
from misora.models.parser.config import ParserConfig
from misora.models.parser.track_network import PLAYER_INPUTS
from misora.training.parser_clips import TrackBatch
from misora.training.parser_truth import UNSURE

OFF = 0.03
"""Deviation of a number of a player, of about unit size, from moment to moment, and as much for the whole track."""
ASTRAY = 0.1
"""Share by which the background's numbers are off."""
MISSED = 0.05
"""Share of moments at which a player is not seen."""


def varied(tracks: TrackBatch, config: ParserConfig, generator: torch.Generator) -> TrackBatch:
    """``tracks`` as they might have been read, every other one mirrored."""
    players = [0]
    pairs = [PLAYER_INPUTS * number for number in range(config.max_players)]
    flip_players, flip_clips = (torch.rand(len(sequences), generator=generator) < 0.5 for sequences in (tracks.players, tracks.clips))
    return TrackBatch(
        players=mirrored(noised(tracks.players, players, generator), players, flip_players),
        actions=tracks.actions,
        directions=other_side(tracks.directions, config.directions, flip_players),
        clips=mirrored(noised(tracks.clips, pairs, generator), pairs, flip_clips),
        moves=other_side(tracks.moves, config.cameras, flip_clips),
    )


def noised(sequences: Tensor, players: list[int], generator: torch.Generator) -> Tensor:
    """``sequences`` (N, inputs, T) a little off.

    Args:
        players: Where the numbers of each player begin; the background's follow the last.
    """
    out = sequences.clone()
    count, _, moments = sequences.shape
    for first in players:
        numbers = out[:, first : first + PLAYER_INPUTS]
        for length in (moments, 1):
            numbers[:, 1:] += OFF * torch.randn(count, PLAYER_INPUTS - 1, length, generator=generator)
        numbers *= (numbers[:, :1] > 0) & (torch.rand(count, 1, moments, generator=generator) >= MISSED)
    background = out[:, of_background(players)]
    background *= 1 + ASTRAY * torch.randn(background.shape, generator=generator)
    return out


def mirrored(sequences: Tensor, players: list[int], which: Tensor) -> Tensor:
    """``sequences`` (N, inputs, T), those of ``which`` (N,) with left and right exchanged; ``players`` as for ``noised``."""
    sign = torch.ones(sequences.shape[1])
    sign[[first + 1 for first in players]] = -1  # x
    sign[of_background(players)] = torch.tensor([-1.0] + [1.0] * MOVES).repeat(len(BANDS))  # across
    return torch.where(which[:, None, None], sequences * sign.unsqueeze(1), sequences)


def of_background(players: list[int]) -> slice:
    """Where the background's numbers lie."""
    first = players[-1] + PLAYER_INPUTS
    return slice(first, first + len(BANDS) * (MOVES + 1))


def other_side(labels: Tensor, names: tuple[str, ...], which: Tensor) -> Tensor:
    """``labels`` (N,), numbers of ``names``; those of ``which`` (N,) with left and right exchanged."""
    other = torch.tensor([names.index(exchanged(name)) for name in names])
    return torch.where(which & (labels != UNSURE), other[labels.clamp(min=0)], labels)


def exchanged(name: str) -> str:
    """``pan_left`` for ``pan_right``, and the other way round."""
    return name.replace("left", "|").replace("right", "left").replace("|", "right")

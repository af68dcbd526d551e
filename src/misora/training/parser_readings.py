"""Whole clips as the track networks will meet them: players that were found, each with the facts of the true player it lies on.

What the frame network gets wrong (a player lost behind another, a box that swells, a figure seen twice) is then part of what is learnt.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from misora.models.parser.background import background_motion
from misora.models.parser.config import ParserConfig
from misora.models.parser.model import Parser, free_cells
from misora.models.parser.tracks import Found, Track, find_players
from misora.training.loop import Metrics
from misora.training.parser_clips import ParserBatch, TrackBatch
from misora.training.parser_tracks import track_inputs
from misora.training.parser_truth import UNSURE, ClipTruth

NEAR = 0.12
"""Mean distance in view heights between a found player and a true one up to which they are taken for the same."""


@torch.no_grad()
def read_back(model: Parser, batch: ParserBatch) -> TrackBatch | None:
    """What the track networks will meet in the whole clips of ``batch``; None when no player is found in any of them."""
    read = []
    for clip, truth in zip(batch.clips, batch.truths, strict=True):
        reading = model.read_frames(clip)
        found = find_players(reading, clip.shape[-2], clip.shape[-1], model.config.max_players)
        motion = background_motion(clip.to(reading.cells.device), free_cells(reading))
        read.append(matched(found, motion, truth, model.config))
    return join(read)


def track_loss(model: Parser, tracks: TrackBatch) -> tuple[Tensor, Metrics]:
    """Loss of the track networks on sequences, simulated or read, and how often they are right."""
    device, config = model.frames.enter.weight.device, model.config
    logits = model.motion(tracks.players.to(device)).float()
    action, direction = logits.split([len(config.actions), len(config.directions)], dim=1)
    moves = model.camera(tracks.clips.to(device)).float()
    loss = classes_loss(action, tracks.actions.to(device)) + classes_loss(direction, tracks.directions.to(device))
    right = {
        "action": right_share(action, tracks.actions),
        "direction": right_share(direction, tracks.directions),
        "move": right_share(moves, tracks.moves),
    }
    return loss + classes_loss(moves, tracks.moves.to(device)), right


def classes_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy of (N, classes, ...) where the truth is known; zero for a fact that the parser has no names for."""
    known = truth != UNSURE
    return F.cross_entropy(logits, truth) if logits.shape[1] and bool(known.any()) else 0 * logits.sum()


def right_share(logits: Tensor, truth: Tensor) -> float:
    """Share of (..., classes) whose likeliest class is the true one, where that is known; 1 of none."""
    known = truth != UNSURE
    return float((logits.argmax(-1).cpu()[known] == truth[known]).float().mean()) if bool(known.any()) else 1.0


def matched(found: Sequence[Found], motion: Tensor, truth: ClipTruth, config: ParserConfig) -> TrackBatch | None:
    """Sequences of the players of a clip that were found, and of the clip itself; None when none was.

    Args:
        found: Players, most evidence first.
        motion: Of the background, (T, bands, 4).
        truth: Of the clip.
    """
    pairs = [(player, number) for player in found if (number := nearest(player.track, truth.tracks)) is not None]
    if not pairs:
        return None
    rng = random.Random(len(motion) * 1009 + truth.place * 101 + truth.move)
    players, clip = track_inputs([player.track for player, _ in pairs], motion, config, rng)
    facts = [truth.players[number] for _, number in pairs]
    actions, directions = (torch.tensor(values) for values in ([fact.action for fact in facts], [fact.direction for fact in facts]))
    return TrackBatch(torch.stack(players), actions, directions, clip.unsqueeze(0), torch.tensor([truth.move]))


def nearest(track: Track, others: Sequence[Track]) -> int | None:
    """Which of ``others`` lies nearest to ``track`` where both are seen, None when none is ``NEAR``."""
    best: int | None = None
    least = NEAR
    for number, other in enumerate(others):
        both = track.seen & other.seen
        if not bool(both.any()):
            continue
        apart = torch.hypot(track.x - other.x, track.y + track.height / 2 - other.y - other.height / 2)[both].mean()
        if float(apart) < least:
            best, least = number, float(apart)
    return best


def join(batches: Sequence[TrackBatch | None]) -> TrackBatch | None:
    """Clips of one length as one batch; None when there is none."""
    there = [batch for batch in batches if batch is not None]
    if not there:
        return None
    return TrackBatch(
        players=torch.cat([batch.players for batch in there]),
        actions=torch.cat([batch.actions for batch in there]),
        directions=torch.cat([batch.directions for batch in there]),
        clips=torch.cat([batch.clips for batch in there]),
        moves=torch.cat([batch.moves for batch in there]),
    )

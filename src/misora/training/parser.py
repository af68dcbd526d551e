"""The parser's stage: frames learn from rendered truth, tracks from simulated and from real readings, in one run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.models.parser.config import ParserConfig
from misora.models.parser.frame_network import BOX_UNIT, CAMERA_UNITS, FrameReading
from misora.models.parser.model import Parser, camera_travel
from misora.models.parser.tracks import track_of
from misora.models.registry import save_model
from misora.models.weights_file import ParserKind
from misora.training.loop import Metrics
from misora.training.parser_clips import ClipConfig, ParserBatch, ParserDataset, parser_stream
from misora.training.parser_tracks import track_inputs
from misora.training.parser_truth import ClipTruth

REAL_FROM = 0.25
"""Share of the run after which the track networks also learn from what the frame network reads: before, it reads nothing yet."""


@dataclass(frozen=True, slots=True)
class ParserStageConfig:
    """Everything that shapes this stage.

    Args:
        role: "critic", which may rank, reward and teach, or "judge", which only ever evaluates.
        player_weight: Loss weight of a cell that a player fills; there are ten times as many empty ones.
    """

    role: ParserKind
    model: ParserConfig
    clips: ClipConfig
    player_weight: float = 3.0


class ParserStage:
    """The parser as the loop sees it."""

    def __init__(self, config: ParserStageConfig, assets: Path, workers: int = 1) -> None:
        self.config, self.workers = config, workers
        self.dataset = ParserDataset(assets, config.clips, config.model)
        torch.manual_seed(config.clips.seed)
        self.model = Parser(config.model)

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Convolutions of the blocks; the first and last layers learn with AdamW."""
        frames = self.model.frames
        trunk = (frames.stem, frames.stem_block, frames.down, frames.blocks, frames.context_down, frames.context, frames.up, frames.join)
        layers = (*trunk, self.model.motion.blocks, self.model.camera.blocks)
        return [parameter for layer in layers for parameter in layer.parameters() if parameter.ndim >= 3]

    def batches(self, first_step: int) -> Iterator[ParserBatch]:
        return parser_stream(self.dataset, first_step, self.workers)

    def loss(self, batch: ParserBatch, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        device = self.model.frames.enter.weight.device
        reading = self.model.frames(batch.frames.to(device), batch.earlier.to(device))
        frames, metrics = frame_loss(reading, batch, self.config.player_weight)
        tracks, track_metrics = self._simulated_loss(batch)
        metrics |= track_metrics
        if batch.clip is not None and batch.truth is not None and share_done >= REAL_FROM:
            real = self._real_loss(batch.clip, batch.truth)
            tracks = tracks + 0.2 * real
            metrics["real"] = float(real.detach())
        return frames + tracks, metrics

    def _simulated_loss(self, batch: ParserBatch) -> tuple[Tensor, Metrics]:
        device, tracks = self.model.frames.enter.weight.device, batch.tracks
        logits = self.model.motion(tracks.players.to(device)).float()
        action, direction = logits.split([len(self.config.model.actions), len(self.config.model.directions)], dim=1)
        moves = self.model.camera(tracks.clips.to(device)).float()
        loss = F.cross_entropy(action, tracks.actions.to(device)) + F.cross_entropy(direction, tracks.directions.to(device))
        right = {
            "action": _right(action, tracks.actions),
            "direction": _right(direction, tracks.directions),
            "move": _right(moves, tracks.moves),
        }
        return loss + F.cross_entropy(moves, tracks.moves.to(device)), right

    def _real_loss(self, clip: Tensor, truth: ClipTruth) -> Tensor:
        """The track networks on what the frame network reads of a whole clip, players told apart by the truth."""
        device, config = self.model.frames.enter.weight.device, self.config.model
        height, width = clip.shape[-2:]
        with torch.no_grad():
            reading = self.model.read_frames(clip)
            shares = reading.cells.softmax(1)[:, 1:]
            tracks = [track_of(shares[:, character], reading.boxes, height, width) for character, _, _ in truth.players]
            travel = camera_travel(reading.camera, height)
        rng = random.Random(int(truth.camera.sum() * 1000))
        players, whole = track_inputs(tracks, travel, config, rng)
        logits = self.model.motion(torch.stack(players).to(device)).float()
        action, direction = logits.split([len(config.actions), len(config.directions)], dim=1)
        facts = torch.tensor(truth.players, device=device)
        move = self.model.camera(whole.unsqueeze(0).to(device)).float()
        loss = F.cross_entropy(action, facts[:, 1]) + F.cross_entropy(direction, facts[:, 2])
        return loss + F.cross_entropy(move, torch.tensor([truth.move], device=device))

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the parser under the name of its role."""
        model = Parser(self.config.model)
        model.load_state_dict(values)
        save_model(folder, self.config.role, model, dtype=torch.int8, **provenance)

    def preview(self, folder: Path, step: int) -> None:
        """A reading has no picture; the curve shows how often it is right."""


def frame_loss(reading: FrameReading, batch: ParserBatch, player_weight: float) -> tuple[Tensor, Metrics]:
    """Loss of single frames, and how often they are read right."""
    device = reading.cells.device
    cells, place, time = batch.cells.to(device), batch.place.to(device), batch.time.to(device)
    weight = torch.full((reading.cells.shape[1],), player_weight, device=device)
    weight[0] = 1
    filled = cells > 0
    error = (reading.boxes - batch.boxes.to(device)) * filled.unsqueeze(1)
    scale = torch.tensor([1 / BOX_UNIT, 1 / BOX_UNIT, 1.0, 1.0], device=device).view(1, -1, 1, 1)
    box = smooth(error * scale * 4).sum() / filled.sum().clamp(min=1) / 4
    seen = F.cross_entropy(reading.cells, cells, weight=weight)
    character = _right(reading.cells.movedim(1, -1)[filled], cells[filled])
    metrics = {"cells": float(seen.detach()), "box": float(box.detach()), "character": character}
    if not batch.is_whole:
        return seen + box, metrics
    camera = smooth((reading.camera - batch.camera.to(device)) / torch.tensor(CAMERA_UNITS, device=device)).mean()
    where = F.cross_entropy(reading.place, place) + F.cross_entropy(reading.time, time)
    metrics |= {"camera": float(camera.detach()), "place": _right(reading.place, place)}
    return seen + box + camera + 0.5 * where, metrics


def smooth(error: Tensor) -> Tensor:
    """Huber: squared up to 1, absolute beyond."""
    return F.smooth_l1_loss(error, torch.zeros_like(error), reduction="none")


def _right(logits: Tensor, truth: Tensor) -> float:
    return float((logits.argmax(-1) == truth.to(logits.device)).float().mean()) if len(truth) else 1.0

"""The parser's stage: frames learn from rendered truth, tracks from simulated and from real readings, in one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.models.parser.config import ParserConfig
from misora.models.parser.frame_network import BOX_UNIT, FrameReading
from misora.models.parser.model import Parser
from misora.models.registry import save_model
from misora.models.weights_file import ParserKind
from misora.training.loop import Metrics
from misora.training.parser_clips import ClipConfig, ParserBatch, ParserDataset, parser_stream
from misora.training.parser_readings import classes_loss, read_back, right_share, track_loss
from misora.training.parser_start import load_start

REAL_FROM = 0.25
"""Share of the run after which the track networks also learn from what the frame network reads: before, it reads nothing yet."""


@dataclass(frozen=True, slots=True)
class ParserStageConfig:
    """Everything that shapes this stage.

    Args:
        role: "critic", which may rank, reward and teach, or "judge", which only ever evaluates.
        player_weight: Loss weight of a cell that a player fills; there are ten times as many empty ones.
        real_weight: Loss weight of what is read of whole clips, beside simulated tracks.
        start: Folder with a parser of this role to go on from; empty starts anew.
    """

    role: ParserKind
    model: ParserConfig
    clips: ClipConfig
    player_weight: float = 3.0
    real_weight: float = 0.2
    start: str = ""


class ParserStage:
    """The parser as the loop sees it."""

    def __init__(self, config: ParserStageConfig, assets: Path, workers: int = 1) -> None:
        self.config, self.workers = config, workers
        self.dataset = ParserDataset(assets, config.clips, config.model)
        torch.manual_seed(config.clips.seed)
        self.model = Parser(config.model)
        if config.start:
            self.model.load_state_dict(load_start(Path(config.start), config.role).state_dict())

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
        tracks, right = track_loss(self.model, batch.tracks)
        metrics |= right
        if batch.is_whole and share_done >= REAL_FROM:
            read = read_back(self.model, batch)
            if read is not None:
                real, right = track_loss(self.model, read)
                tracks = tracks + self.config.real_weight * real
                metrics |= {f"real_{name}": value for name, value in right.items()}
        return frames + tracks, metrics

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
    character = right_share(reading.cells.movedim(1, -1)[filled], cells[filled].cpu())
    cut = F.binary_cross_entropy_with_logits(reading.cut, batch.cut.to(device))
    metrics = {"cells": float(seen.detach()), "box": float(box.detach()), "character": character, "cut": float(cut.detach())}
    colour = classes_loss(reading.colours, batch.colours.to(device))
    if not batch.is_whole:
        return seen + box + cut + 0.5 * colour, metrics
    where = F.cross_entropy(reading.place, place) + F.cross_entropy(reading.time, time)
    where = where + classes_loss(reading.weather, batch.weather.to(device))
    metrics["place"] = right_share(reading.place, batch.place)
    return seen + box + cut + 0.5 * (colour + where), metrics


def smooth(error: Tensor) -> Tensor:
    """Huber: squared up to 1, absolute beyond."""
    return F.smooth_l1_loss(error, torch.zeros_like(error), reduction="none")

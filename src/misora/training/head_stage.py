"""The parser's heads alone (place, time, weather, cuts, colours), on what its finished frame network makes of many short clips.

A head is one matrix: it learns in thousands of steps of a millisecond each, once the features of the frames are there. So frames are
rendered, three of a clip, and looked at once; players, boxes and tracks stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.models.parser.model import Parser
from misora.models.registry import save_model
from misora.models.weights_file import ParserKind
from misora.training.loop import Metrics
from misora.training.parser_clips import ClipConfig, ParserBatch, ParserDataset, parser_stream
from misora.training.parser_readings import classes_loss, right_share
from misora.training.parser_start import load_start
from misora.training.parser_truth import UNSURE

CELLS = 8
"""Cells of players that are kept of each frame."""


@dataclass(frozen=True, slots=True)
class HeadStageConfig:
    """What is looked at and how it is used.

    Args:
        role: Which parser.
        start: Folder with it.
        clips: What a batch of clips holds.
        read: Batches that are looked at before learning begins.
        batch: Frames, and as many cells, in a step.
    """

    role: ParserKind
    start: str
    clips: ClipConfig
    read: int = 120
    batch: int = 512


@dataclass(frozen=True, slots=True)
class Features:
    """Frames and cells of players with what is true of them.

    Args:
        frames: Features of each frame with the change before it, as the head for cuts reads them, (N, 1 + D).
        place, time, weather: Classes, (N,); UNSURE where the parser has no name.
        cut: 1 at a cut, (N,).
        cells: Features, (M, dim).
        colours: Class of each cell, (M,).
    """

    frames: Tensor
    place: Tensor
    time: Tensor
    weather: Tensor
    cut: Tensor
    cells: Tensor
    colours: Tensor


class HeadStage:
    """Heads as the loop sees them."""

    def __init__(self, config: HeadStageConfig, assets: Path, workers: int = 1) -> None:
        self.config, self.workers = config, workers
        self.model = load_start(Path(config.start), config.role)
        frames = self.model.frames
        for head in (frames.place, frames.time, frames.weather, frames.cut, frames.colours):
            if head is not None:
                head.requires_grad_(True)
        self.dataset = ParserDataset(assets, config.clips, self.model.config)

    def hidden_parameters(self) -> list[nn.Parameter]:
        """None: heads are last layers."""
        return []

    def batches(self, first_step: int) -> Iterator[Features]:
        return self._draws(self.look_at_all(), first_step)

    def _draws(self, pool: Features, step: int) -> Iterator[Features]:
        while True:
            generator = torch.Generator().manual_seed(self.config.clips.seed * 1_000_003 + step)
            yield some(pool, self.config.batch, generator)
            step += 1

    @torch.no_grad()
    def look_at_all(self) -> Features:
        """Features of every batch of clips, as one."""
        stream = parser_stream(self.dataset, 0, self.workers)
        with torch.autocast(self.model.frames.enter.weight.device.type, torch.bfloat16):
            return joined([self.look_at(next(stream)) for _ in range(self.config.read)])

    def look_at(self, batch: ParserBatch) -> Features:
        """Features of one batch."""
        device = self.model.frames.enter.weight.device
        frames, earlier = batch.frames.to(device), batch.earlier.to(device)
        cells, features = self.model.frames.encode(frames, earlier)
        change = (frames - earlier).abs().mean((1, 2, 3)).unsqueeze(1)
        kept, colours = _cells_of_players(cells, batch.colours.to(device))
        whole = torch.cat([change, features], dim=1).float()
        place, time, weather, cut = (truth.to(device) for truth in (batch.place, batch.time, batch.weather, batch.cut))
        return Features(whole, place, time, weather, cut, kept.float(), colours)

    def loss(self, batch: Features, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        heads, features = self.model.frames, batch.frames[:, 1:]
        said = {"place": (heads.place(features), batch.place), "time": (heads.time(features), batch.time)}
        if heads.weather is not None:
            said["weather"] = (heads.weather(features), batch.weather)
        if heads.colours is not None:
            said["colour"] = (heads.colours(batch.cells[..., None, None])[..., 0, 0], batch.colours)
        cut = heads.cut(batch.frames)[:, 0].float()
        losses = [classes_loss(logits.float(), truth) for logits, truth in said.values()]
        metrics = {name: right_share(logits, truth.cpu()) for name, (logits, truth) in said.items()}
        metrics["cut"] = right_share(torch.stack([-cut, cut], dim=1), batch.cut.long().cpu())
        return torch.stack([*losses, F.binary_cross_entropy_with_logits(cut, batch.cut)]).sum(), metrics

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the whole parser."""
        model = Parser(self.model.config)
        model.load_state_dict(values)
        save_model(folder, self.config.role, model, dtype=torch.int8, **provenance)

    def preview(self, folder: Path, step: int) -> None:
        """A reading has no picture; the curve shows how often it is right."""


def _cells_of_players(cells: Tensor, colours: Tensor) -> tuple[Tensor, Tensor]:
    """Some cells of players in each frame: features (M, dim) of ``cells`` (N, dim, h, w), and their colours (M,)."""
    kept = [(colour != UNSURE).nonzero() for colour in colours]
    kept = [places[:: max(1, len(places) // CELLS)][:CELLS] for places in kept]
    features = [cells[number, :, places[:, 0], places[:, 1]].T for number, places in enumerate(kept)]
    classes = [colours[number, places[:, 0], places[:, 1]] for number, places in enumerate(kept)]
    return torch.cat(features), torch.cat(classes)


def joined(parts: Sequence[Features]) -> Features:
    """Batches as one."""
    return Features(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Features)))


def some(pool: Features, count: int, generator: torch.Generator) -> Features:
    """``count`` frames and as many cells of ``pool``, painted ones and those in their own colour alike often."""
    frames = torch.randint(len(pool.place), (count,), generator=generator)
    cells = torch.zeros(0, dtype=torch.long)
    if len(pool.colours):
        own = (pool.colours == 0).cpu()
        weight = torch.where(own, 1 / own.sum().clamp(min=1), 1 / (~own).sum().clamp(min=1))
        cells = torch.multinomial(weight, count, replacement=True, generator=generator)
    return Features(
        pool.frames[frames],
        pool.place[frames],
        pool.time[frames],
        pool.weather[frames],
        pool.cut[frames],
        pool.cells[cells],
        pool.colours[cells],
    )

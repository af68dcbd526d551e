"""The parser's track networks alone, on what its finished frame network reads of many clips: each clip is read once and used often.

How actions and camera moves show in tracks costs little to learn and much to render. So a fixed set of clips is rendered and read first;
the networks then go over it many times, beside simulated tracks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from misora.models.parser.model import Parser
from misora.models.registry import save_model
from misora.models.weights_file import ParserKind
from misora.training.loop import Metrics
from misora.training.parser_clips import ClipConfig, ParserDataset, TrackBatch, parser_stream
from misora.training.parser_readings import join, read_back, track_loss
from misora.training.parser_start import load_start
from misora.training.track_variety import varied


@dataclass(frozen=True, slots=True)
class TrackStageConfig:
    """What is read and how it is used.

    Args:
        role: Which parser.
        start: Folder with it; its frame network stays as it is.
        clips: What a batch of clips holds; all of them whole.
        read: Batches that are read before learning begins.
        batch: Players of each kind, simulated and read, in a step.
    """

    role: ParserKind
    start: str
    clips: ClipConfig
    read: int = 48
    batch: int = 64


@dataclass(frozen=True, slots=True)
class Sequences:
    """All clips of one length: simulated, and read."""

    simulated: TrackBatch
    read: TrackBatch


class TrackStage:
    """Track networks as the loop sees them."""

    def __init__(self, config: TrackStageConfig, assets: Path, workers: int = 1) -> None:
        self.config, self.workers = config, workers
        self.model = load_start(Path(config.start), config.role)
        for learning in (self.model.motion, self.model.camera):
            learning.requires_grad_(True)
        self.dataset = ParserDataset(assets, config.clips, self.model.config)

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Convolutions of the blocks."""
        layers = (self.model.motion.blocks, self.model.camera.blocks)
        return [parameter for layer in layers for parameter in layer.parameters() if parameter.ndim >= 3]

    def batches(self, first_step: int) -> Iterator[Sequences]:
        return self._draws(self.read_all(), first_step)

    def _draws(self, pools: list[Sequences], step: int) -> Iterator[Sequences]:
        while True:
            rng = random.Random(f"tracks/{self.config.clips.seed}/{step}")
            pool = rng.choices(pools, [len(pool.read.moves) for pool in pools])[0]
            yield some(pool, self.config.batch, rng)
            step += 1

    def read_all(self) -> list[Sequences]:
        """Every clip, read; one entry a length."""
        found: dict[int, list[Sequences]] = {}
        stream = parser_stream(self.dataset, 0, self.workers)
        for _ in range(self.config.read):
            batch = next(stream)
            with torch.autocast(self.model.frames.enter.weight.device.type, torch.bfloat16):
                read = read_back(self.model, batch)
            if read is not None:
                found.setdefault(read.clips.shape[-1], []).append(Sequences(batch.tracks, read))
        return [pooled(parts) for parts in found.values()]

    def loss(self, batch: Sequences, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        simulated, metrics = track_loss(self.model, batch.simulated)
        read, right = track_loss(self.model, varied(batch.read, self.model.config, self._on_cpu(generator)))
        return simulated + read, metrics | {f"read_{name}": value for name, value in right.items()}

    @staticmethod
    def _on_cpu(generator: torch.Generator) -> torch.Generator:
        """One on the CPU, where sequences lie until they are looked at."""
        return torch.Generator().manual_seed(int(torch.randint(0, 2**31, (1,), generator=generator, device=generator.device)))

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the whole parser."""
        model = Parser(self.model.config)
        model.load_state_dict(values)
        save_model(folder, self.config.role, model, dtype=torch.int8, **provenance)

    def preview(self, folder: Path, step: int) -> None:
        """A reading has no picture; the curve shows how often it is right."""


def pooled(parts: list[Sequences]) -> Sequences:
    """Clips of one length as one."""
    simulated, read = join([part.simulated for part in parts]), join([part.read for part in parts])
    assert simulated is not None and read is not None
    return Sequences(simulated, read)


def some(pool: Sequences, count: int, rng: random.Random) -> Sequences:
    """``count`` players and clips of ``pool``, or as many as there are."""
    return Sequences(_some_tracks(pool.simulated, count, rng), _some_tracks(pool.read, count, rng))


def _some_tracks(tracks: TrackBatch, count: int, rng: random.Random) -> TrackBatch:
    who, clips = _drawn(len(tracks.actions), count, rng), _drawn(len(tracks.moves), count, rng)
    return TrackBatch(tracks.players[who], tracks.actions[who], tracks.directions[who], tracks.clips[clips], tracks.moves[clips])


def _drawn(there: int, count: int, rng: random.Random) -> Tensor:
    return torch.tensor(rng.sample(range(there), min(count, there)))

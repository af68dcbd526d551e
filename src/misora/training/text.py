"""Stage 2: the text encoder learns to read, from captions alone: who, doing what, which way, where, when.

It costs minutes and needs no pictures; the transformer then starts with words that already mean something.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from misora.models.registry import save_model
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.model import TextEncoder
from misora.training.loop import Metrics
from misora.training.streams import one_thread
from misora.world.captions import sample_caption
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.program import Direction, Scene
from misora.world.tier import SMALL

FACTS = {"place": len(SMALL.places), "time": len(SMALL.times), "camera": len(SMALL.camera_moves)}
PLAYERS = 2
NOBODY = 1


@dataclass(frozen=True, slots=True)
class TextConfig:
    """``batch`` captions a step, drawn with ``seed``."""

    model: TextEncoderConfig
    batch: int = 192
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Hashed ``features`` (B, L, 8) and ``facts`` (B, 3 + 3 * 2): place, time, camera, then character, action, direction of each player."""

    features: Tensor
    facts: Tensor


def facts_of(scene: Scene, ids: tuple[str, ...]) -> list[int]:
    """The numbers that a caption of ``scene`` should give away; players from left to right, missing ones are class 0."""
    facts = [SMALL.places.index(scene.place), SMALL.times.index(scene.time), SMALL.camera_moves.index(scene.camera.move)]
    players = sorted(scene.players, key=lambda player: player.x)
    for player in players:
        facts += [
            NOBODY + ids.index(player.character),
            NOBODY + SMALL.actions.index(player.action),
            NOBODY + list(Direction).index(player.direction),
        ]
    return facts + [0, 0, 0] * (PLAYERS - len(players))


class CaptionDataset(Dataset[TextBatch]):
    """Batch n of captions."""

    def __init__(self, config: TextConfig) -> None:
        self.config = config
        self.ids = tuple(load_cast())
        self._collate = TextEncoder(config.model).collate

    def __getitem__(self, step: int) -> TextBatch:
        rng = random.Random(f"text/{self.config.seed}/{step}")
        casting = Casting(self.ids, second_player=0.35)
        scenes = [sample_scene(casting, rng) for _ in range(self.config.batch)]
        features = self._collate([sample_caption(scene, rng)[0] for scene in scenes])
        return TextBatch(features, torch.tensor([facts_of(scene, self.ids) for scene in scenes]))


class Reader(nn.Module):
    """The text encoder with one linear reading of its pooled vector for every fact."""

    def __init__(self, config: TextEncoderConfig, characters: int) -> None:
        super().__init__()
        self.text_encoder = TextEncoder(config)
        player = {"character": characters, "action": len(SMALL.actions), "direction": len(Direction)}
        sizes = [*FACTS.values(), *[NOBODY + size for _ in range(PLAYERS) for size in player.values()]]
        self.names = [*FACTS, *[f"{name}_{number}" for number in range(1, PLAYERS + 1) for name in player]]
        self.heads = nn.ModuleList(nn.Linear(config.out_dim, size) for size in sizes)

    def forward(self, features: Tensor) -> list[Tensor]:
        pooled = self.text_encoder(features).pooled
        return [head(pooled).float() for head in self.heads]


class TextStage:
    """The text encoder as the loop sees it."""

    def __init__(self, config: TextConfig, workers: int = 1) -> None:
        self.config, self.workers = config, workers
        torch.manual_seed(config.seed)
        self.model = Reader(config.model, len(load_cast()))
        self.dataset = CaptionDataset(config)

    def hidden_parameters(self) -> list[nn.Parameter]:
        return [parameter for layer in self.model.text_encoder.layers for parameter in layer.parameters() if parameter.ndim == 2]

    def batches(self, first_step: int) -> Iterator[TextBatch]:
        loader = DataLoader(
            self.dataset, batch_size=None, sampler=range(first_step, 10_000_000), num_workers=self.workers, worker_init_fn=one_thread
        )
        yield from loader

    def loss(self, batch: TextBatch, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        device = next(self.model.parameters()).device
        facts = batch.facts.to(device)
        readings = self.model(batch.features.to(device))
        losses = [F.cross_entropy(reading, facts[:, index]) for index, reading in enumerate(readings)]
        right = {
            name: float((reading.argmax(1) == facts[:, index]).float().mean())
            for index, (name, reading) in enumerate(zip(self.model.names, readings, strict=True))
            if name in ("place", "character_1", "action_1", "direction_1")
        }
        return torch.stack(losses).sum(), right

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the encoder; the linear readings were only its teacher."""
        model = Reader(self.config.model, len(load_cast()))
        model.load_state_dict(values)
        save_model(folder, "text_encoder", model.text_encoder, dtype=torch.float32, **provenance)

    def preview(self, folder: Path, step: int) -> None:
        """Words have no picture; the curve shows how well they are read."""

"""Stage 2: the text encoder learns to read, from captions alone: who, doing what, which way, on which side, where, when.

It costs minutes and needs no pictures; the transformer then starts with words that already mean something.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
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
from misora.world.captions import relations_of
from misora.world.cast import load_cast
from misora.world.program import Direction, Film, Player, Scene
from misora.world.scenes import Draw, draw_film, tell
from misora.world.tier import SMALL, TIERS, Tier

NOBODY = 1
"""Classes of a player's facts begin after the one that says there is no such player."""
RELATIONS = {"side": ("left_of", "starts_left_of"), "depth": ("nearer_than",), "size": ("bigger_than",)}
"""Facts about the first two players, and the relations that tell them: class 1 holds of the first, 2 of the second, 0 of neither."""


@dataclass(frozen=True, slots=True)
class TextConfig:
    """``batch`` captions a step, drawn from ``tier`` with ``seed``."""

    model: TextEncoderConfig
    batch: int = 192
    seed: int = 0
    tier: str = "small"


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Hashed ``features`` (B, L, 8) and ``facts`` (B, 7 + 3 * players), as ``facts_of`` lists them."""

    features: Tensor
    facts: Tensor


def fact_sizes(tier: Tier) -> dict[str, int]:
    """Classes of every fact that a caption of ``tier`` may give away, by name."""
    player = {"character": len(load_cast(tier.name)), "action": len(tier.actions), "direction": len(Direction)}
    scene = {"place": len(tier.places), "time": len(tier.times), "camera": len(tier.camera_moves), "weather": len(tier.weathers)}
    scene |= dict.fromkeys(RELATIONS, 3)
    players = range(1, tier.max_players + 1)
    return scene | {f"{name}_{number}": NOBODY + size for number in players for name, size in player.items()}


def facts_of(scene: Scene, ids: tuple[str, ...], tier: Tier = SMALL) -> list[int]:
    """The classes that a caption of ``scene`` should give away; players by class, missing ones are class 0.

    Not from left to right: few captions tell who is where, and what cannot be read is a poor teacher.
    """
    players = sorted(scene.players, key=lambda player: ids.index(player.character))
    facts = [
        tier.places.index(scene.place),
        tier.times.index(scene.time),
        tier.camera_moves.index(scene.camera.move),
        tier.weathers.index(scene.weather),
        *(relation_of(scene, players, kinds) for kinds in RELATIONS.values()),
    ]
    for player in players:
        facts += [
            NOBODY + ids.index(player.character),
            NOBODY + tier.actions.index(player.action),
            NOBODY + list(Direction).index(player.direction),
        ]
    return facts + [0, 0, 0] * (tier.max_players - len(players))


def relation_of(scene: Scene, players: Sequence[Player], kinds: tuple[str, ...]) -> int:
    """Class of a fact of ``RELATIONS``."""
    for kind, of, _ in relations_of(scene):
        if kind in kinds:
            return 1 + players.index(scene.players[of])
    return 0


class CaptionDataset(Dataset[TextBatch]):
    """Batch n of captions."""

    def __init__(self, config: TextConfig) -> None:
        self.config = config
        self.ids = tuple(load_cast(config.tier))
        self._collate = TextEncoder(config.model).collate

    def __getitem__(self, step: int) -> TextBatch:
        rng, tier = random.Random(f"text/{self.config.seed}/{step}"), TIERS[self.config.tier]
        draw = Draw(tier.name, self.ids, second_player=0.35)
        films: list[Film] = [draw_film(draw, rng) for _ in range(self.config.batch)]
        features = self._collate([tell(film, rng) for film in films])
        return TextBatch(features, torch.tensor([facts_of(film.shots[0], self.ids, tier) for film in films]))


class Reader(nn.Module):
    """The text encoder with one linear reading of its pooled vector for every fact."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.text_encoder = TextEncoder(config.model)
        sizes = fact_sizes(TIERS[config.tier])
        self.names = list(sizes)
        self.heads = nn.ModuleList(nn.Linear(config.model.out_dim, size) for size in sizes.values())

    def forward(self, features: Tensor) -> list[Tensor]:
        pooled = self.text_encoder(features).pooled
        return [head(pooled).float() for head in self.heads]


class TextStage:
    """The text encoder as the loop sees it."""

    def __init__(self, config: TextConfig, workers: int = 1) -> None:
        self.config, self.workers = config, workers
        torch.manual_seed(config.seed)
        self.model = Reader(config)
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
        model = Reader(self.config)
        model.load_state_dict(values)
        save_model(folder, "text_encoder", model.text_encoder, dtype=torch.float32, **provenance)

    def preview(self, folder: Path, step: int) -> None:
        """Words have no picture; the curve shows how well they are read."""

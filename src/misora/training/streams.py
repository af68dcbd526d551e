"""Clips from the stage as endless training batches; batch n depends on (seed, n) alone, so a resumed run sees the same.

Rendering runs in worker processes. Nothing here knows a model.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from misora.base.shapes import VideoShape
from misora.world.assets import load_atlas
from misora.world.compositing import Window
from misora.world.duets import scene_tracks
from misora.world.program import Scene
from misora.world.render import Renderer
from misora.world.scenes import Draw, draw_scene

BatchT = TypeVar("BatchT")

CANVASES = ((256, 256), (320, 320), (256, 416), (480, 832))
"""(height, width) of the canvases that crops are cut from."""
RATES = (24.0,)
"""Frame rates, drawn evenly; 12 and 16 wait until the autoencoder can follow half a second of motion in one latent frame."""


@dataclass(frozen=True, slots=True)
class CropConfig:
    """What the autoencoder sees: windows of ``side`` x ``side`` pixels, ``num_frames`` long, most of them on a player."""

    side: int = 128
    num_frames: int = 17
    batch: int = 6
    on_player: float = 0.8
    seed: int = 0
    held_out: bool = False
    tier: str = "small"


@dataclass(frozen=True, slots=True)
class CropBatch:
    """``frames`` uint8 (B, T, H, W, 3) and ``players`` bool (B, T, H, W), True inside a player."""

    frames: Tensor
    players: Tensor


class CropDataset(Dataset[CropBatch]):
    """Batch n of rendered crops, for any n."""

    def __init__(self, assets: Path, config: CropConfig) -> None:
        self.assets = assets
        self.config = config
        self._renderer: Renderer | None = None

    def renderer(self) -> Renderer:
        if self._renderer is None:
            self._renderer = Renderer(load_atlas(self.assets))
        return self._renderer

    def __getitem__(self, step: int) -> CropBatch:
        rng = random.Random(f"{self.config.seed}/{step}")
        crops = [self._crop(rng) for _ in range(self.config.batch)]
        return CropBatch(torch.stack([frames for frames, _ in crops]), torch.stack([players for _, players in crops]))

    def _crop(self, rng: random.Random) -> tuple[Tensor, Tensor]:
        config, renderer = self.config, self.renderer()
        height, width = rng.choice(CANVASES)
        fps = rng.choice(RATES)
        draw = Draw(
            config.tier,
            renderer.atlas.ids,
            aspect=width / height,
            height=height,
            seconds=config.num_frames / fps,
            held_out=config.held_out,
        )
        scene = draw_scene(draw, rng)
        shape = VideoShape(config.num_frames, height, width, fps)
        rendering = renderer.render(scene, shape, window_on_player(scene, shape, config, rng))
        return rendering.frames, rendering.instance > 0


def window_on_player(scene: Scene, shape: VideoShape, config: CropConfig, rng: random.Random) -> Window:
    """A window on a player half way through the clip, or anywhere."""
    top, left = rng.randint(0, shape.height - config.side), rng.randint(0, shape.width - config.side)
    if rng.random() < config.on_player:
        index = rng.randrange(len(scene.players))
        player, track = scene.players[index], scene_tracks(scene, np.array([shape.seconds / 2]))[index]
        middle_x = track.x[0] * shape.height + shape.width / 2
        middle_y = (1 - track.ground[0] - track.lift[0] - player.size / 2) * shape.height
        jitter = config.side * 0.35
        left = round(middle_x + rng.uniform(-jitter, jitter) - config.side / 2)
        top = round(middle_y + rng.uniform(-jitter, jitter) - config.side / 2)
    return Window(min(max(top, 0), shape.height - config.side), min(max(left, 0), shape.width - config.side), config.side, config.side)


def one_thread(_: int) -> None:
    """Worker processes render with one thread each."""
    torch.set_num_threads(1)


def stream(dataset: Dataset[BatchT], first_step: int, workers: int = 1) -> Iterator[BatchT]:
    """Batches ``first_step``, ``first_step + 1``, ... in order, rendered ahead by ``workers`` processes."""
    loader = DataLoader(
        dataset,
        batch_size=None,
        sampler=range(first_step, 10_000_000),
        num_workers=workers,
        worker_init_fn=one_thread,
        prefetch_factor=4 if workers else None,
    )
    yield from loader

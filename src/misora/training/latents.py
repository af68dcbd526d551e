"""Caches clips of the stage as latents: rendered by worker processes, encoded once, read many times with fresh noise.

A shard holds clips of one shape with their scene programs, from which captions are drawn anew at every use, and one
label for each latent cell: which character fills it. Shard n depends on (recipe, n) alone, so an interrupted build
goes on where it stopped.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from misora.base.shapes import SPACE_STRIDE, TIME_STRIDE, VideoShape
from misora.models.video_vae.model import VideoVAE
from misora.training.autoencoder import to_pixels
from misora.training.streams import RATES, one_thread
from misora.world.assets import load_atlas
from misora.world.casting import Casting, sample_scene
from misora.world.program import Scene
from misora.world.render import Renderer

MIN_COVERAGE = 0.3
"""Share of a latent cell that a player must fill to give it its label."""


@dataclass(frozen=True, slots=True)
class ShardShape:
    """Clips of one shape: ``shards`` files of ``clips`` clips each."""

    height: int
    width: int
    num_frames: int
    clips: int
    shards: int


@dataclass(frozen=True, slots=True)
class LatentsConfig:
    """What to build.

    Args:
        shapes: In order of building.
        rates: Frame rates, drawn evenly.
        vae: Folder with the autoencoder.
        seed: Of the scenes.
    """

    shapes: tuple[ShardShape, ...]
    rates: tuple[float, ...] = RATES
    vae: str = "runs/autoencoder-small"
    seed: int = 1


@dataclass(frozen=True, slots=True)
class RenderedClip:
    """``frames`` uint8 (T, H, W, 3), ``labels`` uint8 (t, h, w), the scene, and the rate."""

    frames: Tensor
    labels: Tensor
    scene: str
    fps: float


class ClipDataset(Dataset[RenderedClip]):
    """Clip n of one shape, rendered."""

    def __init__(self, assets: Path, shape: ShardShape, config: LatentsConfig) -> None:
        self.assets, self.shape, self.config = assets, shape, config
        self._renderer: Renderer | None = None

    def __getitem__(self, index: int) -> RenderedClip:
        if self._renderer is None:
            self._renderer = Renderer(load_atlas(self.assets))
        shape, rng = self.shape, random.Random(f"{self.config.seed}/{self.shape.height}x{self.shape.width}/{index}")
        fps = rng.choice(self.config.rates)
        casting = Casting(
            self._renderer.atlas.ids, aspect=shape.width / shape.height, height=shape.height, seconds=max(shape.num_frames / fps, 1.0)
        )
        scene = sample_scene(casting, rng)
        rendering = self._renderer.render(scene, VideoShape(shape.num_frames, shape.height, shape.width, fps))
        labels = cell_labels(rendering.instance, scene, self._renderer.atlas.ids)
        return RenderedClip(rendering.frames, labels, scene.to_json(), fps)


def cell_labels(instance: Tensor, scene: Scene, ids: tuple[str, ...]) -> Tensor:
    """For each latent cell 1 + the class of the player that fills most of it, or 0; uint8 (t, h, w)."""
    shares = []
    for number in range(1, len(scene.players) + 1):
        cover = F.avg_pool2d((instance == number).float().unsqueeze(1), SPACE_STRIDE).squeeze(1)
        later = cover[1:].unflatten(0, (-1, TIME_STRIDE)).mean(1) if len(cover) > 1 else cover[:0]
        shares.append(torch.cat([cover[:1], later]))
    share, player = torch.stack(shares).max(0)
    classes = torch.tensor([ids.index(player.character) + 1 for player in scene.players], device=instance.device)
    return torch.where(share >= MIN_COVERAGE, classes[player], 0).to(torch.uint8)


@torch.no_grad()
def build_latents(
    vae: VideoVAE,
    assets: Path,
    config: LatentsConfig,
    out: Path,
    *,
    workers: int = 2,
    expired: Callable[[], bool],
    say: Callable[[str], None] = print,
) -> int:
    """Renders and encodes what is missing under ``out``; returns the number of shards there.

    Args:
        expired: Asked before every shard; True stops.
    """
    out.mkdir(parents=True, exist_ok=True)
    device = vae.latent_mean.device
    for shape in config.shapes:
        dataset = ClipDataset(assets, shape, config)
        missing = [number for number in range(shape.shards) if not shard_path(out, shape, number).exists()]
        order = [number * shape.clips + index for number in missing for index in range(shape.clips)]
        loader = iter(
            DataLoader(dataset, batch_size=None, sampler=order, num_workers=workers, worker_init_fn=one_thread if workers else None)
        )
        for number in missing:
            if expired():
                return len(list(out.glob("*.safetensors")))
            clips = [next(loader) for _ in range(shape.clips)]
            latents = []
            for clip in clips:
                with torch.autocast(device.type, torch.bfloat16):
                    latents.append(vae.encode(to_pixels(clip.frames.unsqueeze(0).to(device)))[0].to(torch.bfloat16).cpu())
            metadata = {"scenes": json.dumps([clip.scene for clip in clips]), "fps": json.dumps([clip.fps for clip in clips])}
            path = shard_path(out, shape, number)
            temporary = path.with_suffix(".part")
            save_file(
                {"latents": torch.stack(latents), "labels": torch.stack([clip.labels for clip in clips])}, temporary, metadata=metadata
            )
            temporary.rename(path)
            say(f"{path.name}: {shape.clips} clips")
    return len(list(out.glob("*.safetensors")))


def shard_path(out: Path, shape: ShardShape, number: int) -> Path:
    return out / f"{shape.width}x{shape.height}x{shape.num_frames}-{number:04d}.safetensors"


@dataclass(frozen=True, slots=True)
class Shelf:
    """All clips of one shape in memory: latents (N, C, t, h, w) bf16, labels (N, t, h, w), scenes and rates."""

    latents: Tensor
    labels: Tensor
    scenes: tuple[Scene, ...]
    fps: Tensor


def load_shelves(folder: Path) -> list[Shelf]:
    """Every shard under ``folder``, grouped by shape, in name order."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        groups.setdefault(path.name.rsplit("-", 1)[0], []).append(path)
    return [_shelf(paths) for paths in groups.values()]


def _shelf(paths: list[Path]) -> Shelf:
    latents, labels, scenes, fps = [], [], [], []
    for path in paths:
        with safe_open(path, "pt") as file:
            latents.append(file.get_tensor("latents"))
            labels.append(file.get_tensor("labels"))
            metadata = file.metadata()
        scenes += [Scene.from_json(text) for text in json.loads(metadata["scenes"])]
        fps += json.loads(metadata["fps"])
    return Shelf(torch.cat(latents), torch.cat(labels), tuple(scenes), torch.tensor(fps))

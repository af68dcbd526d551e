"""Caches clips of the stage as latents: rendered by worker processes, encoded once, read many times with fresh noise.

A shard holds clips of one shape with their scene programs, from which captions are drawn anew at every use, and one
label for each latent cell: which character fills it. Shard n depends on (recipe, n) alone, so an interrupted build
goes on where it stopped.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from misora.base.shapes import SPACE_STRIDE, TIME_STRIDE, VideoShape
from misora.models.transformer.layouts import Layouts, stack_layouts
from misora.models.video_vae.model import VideoVAE
from misora.training.pixels import to_pixels
from misora.training.streams import RATES, one_thread
from misora.world.assets import load_atlas
from misora.world.cast import load_cast
from misora.world.layout import film_layout
from misora.world.program import CameraMove, Film, Scene
from misora.world.render import Renderer
from misora.world.scenes import Draw, draw_film, program_text, read_program
from misora.world.tier import TIERS

MEASURED = 200
"""Clips from which the size of each latent channel is taken."""
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
        tier: Which tier of the stage is drawn.
        max_shots: Most shots of a clip, where the tier has several.
        moving: Only clips that begin with a camera that moves.
    """

    shapes: tuple[ShardShape, ...]
    rates: tuple[float, ...] = RATES
    vae: str = "runs/autoencoder-small"
    seed: int = 1
    tier: str = "small"
    max_shots: int = 1
    moving: bool = False


@dataclass(frozen=True, slots=True)
class RenderedClip:
    """``frames`` uint8 (T, H, W, 3), ``labels`` int16 (t, h, w), the program as text, and the rate."""

    frames: Tensor
    labels: Tensor
    program: str
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
        draw = Draw(
            self.config.tier,
            self._renderer.atlas.ids,
            aspect=shape.width / shape.height,
            height=shape.height,
            seconds=max(shape.num_frames / fps, 1.0),
            max_shots=self.config.max_shots,
        )
        film = draw_film(draw, rng)
        while self.config.moving and not moves(film):
            film = draw_film(draw, rng)
        shots = self._renderer.render_film(film, VideoShape(shape.num_frames, shape.height, shape.width, fps))
        ids = self._renderer.atlas.ids
        classes = torch.cat([class_map(shot.instance, scene, ids) for shot, scene in zip(shots, film.shots, strict=True)])
        return RenderedClip(torch.cat([shot.frames for shot in shots]), cell_labels(classes), program_text(film), fps)


def class_map(instance: Tensor, scene: Scene, ids: tuple[str, ...]) -> Tensor:
    """For each pixel 1 + the class of the character there, or 0; int16, as ``instance`` (T, H, W)."""
    classes = torch.tensor([0, *(ids.index(player.character) + 1 for player in scene.players)], dtype=torch.int16, device=instance.device)
    return classes[instance.long()]


def cell_labels(classes: Tensor) -> Tensor:
    """For each latent cell the class of the character that fills most of it, or 0; int16 (t, h, w) of pixels (T, H, W)."""
    there = [0, *(label for label in classes.unique().tolist() if label)]
    shares = [classes.new_full((), MIN_COVERAGE, dtype=torch.float32).expand(_covers(classes, 0).shape)]
    shares += [_covers(classes, label) for label in there[1:]]
    return torch.tensor(there, dtype=torch.int16, device=classes.device)[torch.stack(shares).argmax(0)]


def _covers(classes: Tensor, label: int) -> Tensor:
    """Share of each latent cell that ``label`` fills, (t, h, w)."""
    cover = F.avg_pool2d((classes == label).float().unsqueeze(1), SPACE_STRIDE).squeeze(1)
    later = cover[1:].unflatten(0, (-1, TIME_STRIDE)).mean(1) if len(cover) > 1 else cover[:0]
    return torch.cat([cover[:1], later])


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
        vae: In bfloat16 it is half as fast again, its latents 0.8 % off.
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
                pixels = to_pixels(clip.frames.unsqueeze(0).to(device)).to(next(vae.parameters()).dtype)
                with torch.autocast(device.type, torch.bfloat16):
                    latents.append(vae.encode(pixels)[0].to(torch.bfloat16).cpu())
            metadata = {"scenes": json.dumps([clip.program for clip in clips]), "fps": json.dumps([clip.fps for clip in clips])}
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
    """All clips of one shape in memory: latents (N, C, t, h, w) bf16, labels (N, t, h, w), programs and rates."""

    latents: Tensor
    labels: Tensor
    films: tuple[Film, ...]
    fps: Tensor


def load_shelves(folder: Path) -> list[Shelf]:
    """Every shard under ``folder``, grouped by shape, in name order."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        groups.setdefault(path.name.rsplit("-", 1)[0], []).append(path)
    return [_shelf(paths) for paths in groups.values()]


def _shelf(paths: list[Path]) -> Shelf:
    latents, labels, films, fps = [], [], [], []
    for path in paths:
        with safe_open(path, "pt") as file:
            latents.append(file.get_tensor("latents"))
            labels.append(file.get_tensor("labels"))
            metadata = file.metadata()
        films += [read_program(text) for text in json.loads(metadata["scenes"])]
        fps += json.loads(metadata["fps"])
    return Shelf(torch.cat(latents), torch.cat(labels), tuple(films), torch.tensor(fps))


def deviation_of(shelves: Sequence[Shelf]) -> Tensor:
    """Size of each latent channel, (C,), in the first clips of the shelf of the longest."""
    longest = max(shelves, key=lambda shelf: shelf.latents.shape[2])
    return longest.latents[:MEASURED].float().transpose(0, 1).flatten(1).std(1)


def odds_of(shelf: Shelf, moving: float) -> list[float]:
    """How likely each clip of ``shelf`` is drawn: those whose camera moves ``moving`` times as often as the others."""
    return [moving if moves(film) else 1.0 for film in shelf.films]


def moves(film: Film) -> bool:
    """Whether ``film`` begins with a camera that moves."""
    return film.shots[0].camera.move is not CameraMove.STATIC


def layouts_of(
    shelf: Shelf, chosen: Sequence[int], starts: Sequence[int], length: int, given: Sequence[bool], tier: str = "small"
) -> Layouts:
    """Where everybody is in latent frames ``start`` to ``start + length`` of the ``chosen`` clips, said where ``given``.

    Args:
        tier: Of the clips; the cast is numbered in its order.
    """
    _, _, frames, height, width = shelf.latents.shape
    size = (TIME_STRIDE * (frames - 1) + 1, SPACE_STRIDE * height, SPACE_STRIDE * width)
    ids, slots = tuple(load_cast(tier)), TIERS[tier].max_players
    parts = [
        film_layout(shelf.films[index], VideoShape(*size, float(shelf.fps[index])), ids, slots).part(start, start + length)
        for index, start in zip(chosen, starts, strict=True)
    ]
    return stack_layouts(parts, given)

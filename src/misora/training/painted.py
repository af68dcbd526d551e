"""Latents as Turbo leaves them, with the pictures that they should show: what a decoder is handed when a video is made, not encoded.

The latents of a rendered clip are made noisy and painted again in Turbo's last steps. Who is where is told, so the result shows the same
scene, with what the painter does not know made up cell by cell. A decoder that has seen such cells need not paint their borders.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from misora.base.errors import TrainingError
from misora.base.shapes import SPACE_STRIDE, TIME_STRIDE, VideoShape
from misora.diffusion.flow import add_noise
from misora.diffusion.samplers import sample_euler
from misora.diffusion.schedules import for_frames, resolution_shift, shifted
from misora.models.registry import load_text_encoder
from misora.pipelines.native import Turbo, merge_turbo
from misora.training.distillation import Asked
from misora.training.latents import Shelf, layouts_of, load_shelves
from misora.training.streams import CropBatch
from misora.training.transformer import caption_of
from misora.world.assets import load_atlas
from misora.world.compositing import Window
from misora.world.render import Renderer

LENGTH = 7
"""Most latent frames, as many as Turbo paints at once."""
SIDE = 4
"""Most cells of a crop in either direction."""
LAST_STEPS = (1, 2, 2, 3)
"""Turbo's steps that are taken: one keeps most of the clip, three little but where everybody is."""


@dataclass(frozen=True, slots=True)
class PaintedConfig:
    """Where painted latents come from.

    Args:
        share: Of the batches.
        weights: Folder with transformer, Turbo and text encoder.
        latents: Folder of shards whose clips are painted again.
    """

    share: float
    weights: str
    latents: str


class PaintedCrops:
    """Crops of clips that were painted again, one a batch and as long as Turbo's windows."""

    def __init__(self, config: PaintedConfig, assets: Path) -> None:
        folder = Path(config.weights)
        turbo = merge_turbo(folder, torch.bfloat16, torch.device("cpu"))
        if turbo is None:
            raise TrainingError(f"no Turbo under {folder}; painted latents need it")
        self.turbo: Turbo = turbo
        self.text_encoder = load_text_encoder(folder)
        self.shelves = load_shelves(Path(config.latents))
        self.renderer = Renderer(load_atlas(assets))

    @torch.no_grad()
    def draw(self, rng: random.Random) -> CropBatch:
        """One crop, mostly on a player: latents as they were painted, frames as they should be."""
        shelf = rng.choices(self.shelves, [len(shelf.films) for shelf in self.shelves])[0]
        index = rng.randrange(len(shelf.films))
        latents = self.painted(shelf, index, rng)
        _, _, length, height, width = latents.shape
        side = min(SIDE, height, width)
        top, left = corner(shelf.labels[index, :length], side, rng)
        shape = VideoShape(TIME_STRIDE * (length - 1) + 1, SPACE_STRIDE * height, SPACE_STRIDE * width, float(shelf.fps[index]))
        window = Window(*(SPACE_STRIDE * cells for cells in (top, left, side, side)))
        rendering = self.renderer.render(shelf.films[index].shots[0], shape, window)
        part = latents[..., top : top + side, left : left + side]
        return CropBatch(rendering.frames.unsqueeze(0), (rendering.instance > 0).unsqueeze(0), part)

    def painted(self, shelf: Shelf, index: int, rng: random.Random) -> Tensor:
        """The latents of a clip, painted again from one of Turbo's later levels, (1, C, t, h, w)."""
        true = shelf.latents[index : index + 1, :, :LENGTH].float()
        length, transformer = true.shape[2], self.turbo.transformer
        sigmas = shifted(self.turbo.config.steps, resolution_shift(true.shape[-2] * true.shape[-1]))[-1 - rng.choice(LAST_STEPS) :]
        levels = for_frames(sigmas, torch.zeros(1, length))
        noise = torch.randn(true.shape, generator=torch.Generator().manual_seed(rng.randrange(1 << 31)))
        text = self.text_encoder.encode([caption_of(shelf, index, 0, length, rng)])
        layouts = None if transformer.layout_input is None else layouts_of(shelf, [index], [0], length, [True])
        asked = Asked(text, shelf.fps[index : index + 1], torch.arange(length).unsqueeze(0), layouts)

        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            velocity: Tensor = transformer(*asked.arguments(x, sigma), **asked.options(x))
            return velocity

        return sample_euler(denoise, add_noise(true, noise, levels[0]), levels)


def corner(labels: Tensor, side: int, rng: random.Random) -> tuple[int, int]:
    """Row and column of the first cell of a crop of ``side`` cells, in which lies one that somebody fills (``labels`` (t, h, w))."""
    _, height, width = labels.shape
    filled = labels.nonzero().tolist()
    _, row, column = rng.choice(filled) if filled else (0, rng.randrange(height), rng.randrange(width))
    return min(max(row - rng.randrange(side), 0), height - side), min(max(column - rng.randrange(side), 0), width - side)

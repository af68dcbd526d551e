"""Pairs for the upsampler: one scene rendered at the small size and at twice that; batch n depends on (seed, n) alone.

The large side is rendered with a finer sprite atlas than the one that the model learnt from: at twice the size its 128-pixel sprites would
be blurred themselves, and there would be nothing to learn but blur. How the small side looks when the model makes it is the stage's part.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from misora.base.errors import AssetsError
from misora.base.shapes import VideoShape
from misora.models.upsampler.config import SCALE
from misora.training.degrade import blur, through_h264
from misora.training.streams import CropConfig, window_on_player
from misora.world.assets import Atlas, load_atlas
from misora.world.casting import Casting, sample_scene
from misora.world.compositing import Window
from misora.world.render import Renderer

CANVASES = ((256, 256), (240, 416), (416, 240), (270, 480))
"""(height, width) at which clips are made before they are upsampled."""
FPS = 24.0


@dataclass(frozen=True, slots=True)
class PairConfig:
    """What the upsampler sees.

    Args:
        side: Of the small crop, a multiple of 32.
        modelled: Share of clips that go through the autoencoder.
        encoded: Share that go through H.264, half of them blurred before; the rest is as the renderer made it.
        fine: Folder of the finer atlas, for the large side.
    """

    side: int = 96
    num_frames: int = 9
    batch: int = 4
    on_player: float = 0.9
    modelled: float = 0.7
    encoded: float = 0.2
    fine: str = "data/stage-fine"
    seed: int = 0
    held_out: bool = False

    @property
    def crops(self) -> CropConfig:
        """Where crops are cut, as for the autoencoder."""
        return CropConfig(self.side, self.num_frames, self.batch, self.on_player, self.seed, self.held_out)


@dataclass(frozen=True, slots=True)
class Pairs:
    """uint8 (B, T, H, W, 3).

    Args:
        small, large: The same clips, ``large`` twice the size.
        players: bool (B, T, 2 H, 2 W), True inside a player.
        modelled: bool (B,), True for clips that the autoencoder is still to see.
    """

    small: Tensor
    large: Tensor
    players: Tensor
    modelled: Tensor


class PairDataset(Dataset[Pairs]):
    """Batch n of pairs, for any n."""

    def __init__(self, assets: Path, config: PairConfig) -> None:
        self.assets = assets
        self.config = config
        self._renderers: tuple[Renderer, Renderer] | None = None

    def renderers(self) -> tuple[Renderer, Renderer]:
        """For the small side and for the large one."""
        if self._renderers is None:
            self._renderers = Renderer(load_atlas(self.assets)), Renderer(load_fine_atlas(Path(self.config.fine)))
        return self._renderers

    def __getitem__(self, step: int) -> Pairs:
        rng = random.Random(f"{self.config.seed}/{step}")
        pairs = [self._pair(rng) for _ in range(self.config.batch)]
        small, large, players, modelled = zip(*pairs, strict=True)
        return Pairs(torch.stack(small), torch.stack(large), torch.stack(players), torch.tensor(modelled))

    def _pair(self, rng: random.Random) -> tuple[Tensor, Tensor, Tensor, bool]:
        config, (coarse, fine) = self.config, self.renderers()
        height, width = rng.choice(CANVASES)
        shape = VideoShape(config.num_frames, height, width, FPS)
        casting = Casting(coarse.atlas.ids, width / height, height, shape.seconds, held_out=config.held_out)
        scene = sample_scene(casting, rng)
        window = window_on_player(scene, shape, config.crops, rng)
        small = coarse.render(scene, shape, window).frames
        large = fine.render(scene, twice(shape), twice_window(window))
        fate = rng.random()
        if config.modelled <= fate < config.modelled + config.encoded:
            small = worn(small, rng)
        return small, large.frames, large.instance > 0, fate < config.modelled


def load_fine_atlas(folder: Path) -> Atlas:
    """The atlas of ``folder``; raises AssetsError with the command that builds one of 256-pixel sprites there."""
    try:
        return load_atlas(folder)
    except AssetsError as error:
        raise AssetsError(f"{error}; the upsampler takes finer sprites: MISORA_ASSETS={folder} misora world build --size 256") from error


def worn(frames: Tensor, rng: random.Random) -> Tensor:
    """A clip (T, H, W, 3) as it comes from elsewhere: perhaps a little soft, and encoded."""
    soft = frames.permute(0, 3, 1, 2).float()
    if rng.random() < 0.5:
        soft = blur(soft, rng.uniform(0.6, 0.95)).round().clamp(0, 255)
    return through_h264(soft.permute(0, 2, 3, 1).to(torch.uint8), FPS, rng.randint(18, 32))


def twice(shape: VideoShape) -> VideoShape:
    """The size that the upsampler makes of ``shape``."""
    return VideoShape(shape.num_frames, SCALE * shape.height, SCALE * shape.width, shape.fps)


def twice_window(window: Window) -> Window:
    """The same part of the picture at that size."""
    return Window(SCALE * window.top, SCALE * window.left, SCALE * window.height, SCALE * window.width)

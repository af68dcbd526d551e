"""Stage 7: the interpolator, on pictures of the stage and those between them; batch n depends on (seed, n) alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from misora.base.shapes import VideoShape
from misora.media.contact_sheet import write_contact_sheet
from misora.models.interpolator.config import InterpolatorConfig
from misora.models.interpolator.model import Block, Interpolator
from misora.models.registry import load_interpolator, save_model
from misora.training.loop import Metrics
from misora.training.losses import pictures, psnr
from misora.training.pixels import to_frames, to_pixels
from misora.training.streams import CANVASES, CropConfig, stream, window_on_player
from misora.training.upsampler_pairs import worn
from misora.world.assets import load_atlas
from misora.world.casting import Casting, sample_scene
from misora.world.render import Renderer

RATES = ((8.0, 4), (12.0, 4), (15.0, 4), (20.0, 2), (24.0, 2), (30.0, 2))
"""Frame rates that are raised, and the pictures of the stage from one that is seen to the next: the wanted one is among those between."""
LENGTH = 33
"""Pictures of a scene that are rendered."""


@dataclass(frozen=True, slots=True)
class TripletConfig:
    """What the interpolator sees.

    Args:
        side: Of the crops, a multiple of 32.
        scenes, each: Scenes of a batch, and triplets of a scene.
        encoded: Share of pairs that went through H.264, half of them blurred before.
    """

    side: int = 160
    scenes: int = 3
    each: int = 3
    on_player: float = 0.9
    encoded: float = 0.3
    seed: int = 0
    held_out: bool = False

    @property
    def crops(self) -> CropConfig:
        """Where crops are cut, as for the autoencoder."""
        return CropConfig(self.side, LENGTH, self.scenes, self.on_player, self.seed, self.held_out)


@dataclass(frozen=True, slots=True)
class Triplets:
    """uint8 (B, H, W, 3) ``first``, ``between`` and ``second``; ``moment`` (B,) of the way; bool ``players`` (B, H, W) of ``between``."""

    first: Tensor
    between: Tensor
    second: Tensor
    moment: Tensor
    players: Tensor


class TripletDataset(Dataset[Triplets]):
    """Batch n of triplets, for any n."""

    def __init__(self, assets: Path, config: TripletConfig) -> None:
        self.assets, self.config = assets, config
        self._renderer: Renderer | None = None

    def renderer(self) -> Renderer:
        if self._renderer is None:
            self._renderer = Renderer(load_atlas(self.assets))
        return self._renderer

    def __getitem__(self, step: int) -> Triplets:
        rng = random.Random(f"{self.config.seed}/{step}")
        several = [triplet for _ in range(self.config.scenes) for triplet in self._triplets(rng)]
        first, between, second, moment, players = zip(*several, strict=True)
        return Triplets(torch.stack(first), torch.stack(between), torch.stack(second), torch.tensor(moment), torch.stack(players))

    def _triplets(self, rng: random.Random) -> Iterator[tuple[Tensor, Tensor, Tensor, float, Tensor]]:
        """Some of one scene, which is rendered at several times the rate that is raised."""
        config, renderer = self.config, self.renderer()
        height, width = rng.choice(CANVASES)
        rate, between = rng.choice(RATES)
        shape = VideoShape(LENGTH, height, width, rate * between)
        casting = Casting(renderer.atlas.ids, width / height, height, max(shape.seconds, 1.0), held_out=config.held_out)
        scene = sample_scene(casting, rng)
        made = renderer.render(scene, shape, window_on_player(scene, shape, config.crops, rng))
        for _ in range(config.each):
            start, number = rng.randrange(LENGTH - between), rng.randint(1, between - 1)
            ends = made.frames[[start, start + between]]
            if rng.random() < config.encoded:
                ends = worn(ends, rng)
            yield ends[0], made.frames[start + number], ends[1], number / between, made.instance[start + number] > 0


@dataclass(frozen=True, slots=True)
class InterpolatorStageConfig:
    """Everything that shapes this stage.

    Args:
        model: Sizes.
        triplets: Data.
        player_weight: Extra loss weight inside players.
        start: Folder of weights to start from; empty starts as a fade.
    """

    model: InterpolatorConfig
    triplets: TripletConfig
    player_weight: float = 3.0
    start: str = ""


class InterpolatorStage:
    """The interpolator as the loop sees it."""

    def __init__(self, config: InterpolatorStageConfig, assets: Path, workers: int = 1) -> None:
        self.config, self.workers = config, workers
        self.dataset = TripletDataset(assets, config.triplets)
        self.dataset.renderer()  # an atlas that is missing is told now, not by a worker
        torch.manual_seed(config.triplets.seed)
        self.model = Interpolator(config.model)
        if config.start:
            self.model = load_interpolator(Path(config.start), torch.float32).train().requires_grad_(True)

    def hidden_parameters(self) -> list[nn.Parameter]:
        """The convolutions of the blocks; those that write motion begin at zero and grow as they will."""
        blocks = [module for module in self.model.modules() if isinstance(module, Block)]
        return [parameter for block in blocks for parameter in block.parameters() if parameter.ndim == 4]

    def batches(self, first_step: int) -> Iterator[Triplets]:
        return stream(self.dataset, first_step, self.workers)

    def loss(self, batch: Triplets, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        device = next(self.model.parameters()).device
        first, wanted, second = (one_picture(frames.to(device)) for frames in (batch.first, batch.between, batch.second))
        players, moment = batch.players.to(device).unsqueeze(1), batch.moment.to(device)
        made = self.model(first, second, moment)
        weight = 1 + self.config.player_weight * players
        loss = pictures(made, wanted, weight / weight.mean())
        faded = torch.lerp(first, second, moment[:, None, None, None])
        metrics = {"gain_db": psnr(made.detach(), wanted) - psnr(faded, wanted)}
        return loss, metrics | {"gain_db_players": psnr(made.detach(), wanted, players) - psnr(faded, wanted, players)}

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        model = Interpolator(self.config.model)
        model.load_state_dict(values)
        save_model(folder, "interpolator", model, dtype=torch.bfloat16, **provenance)

    @torch.no_grad()
    def preview(self, folder: Path, step: int) -> None:
        """A sheet of crops: first, second, faded, made, true."""
        batch = self.dataset[-1000]
        device = next(self.model.parameters()).device
        first, second, moment = one_picture(batch.first.to(device)), one_picture(batch.second.to(device)), batch.moment.to(device)
        with torch.autocast(device.type, torch.bfloat16):
            made = self.model(first, second, moment)
        faded = torch.lerp(first, second, moment[:, None, None, None])
        views = (batch.first, batch.second, one_frame(faded), one_frame(made), batch.between)
        rows = [torch.stack([view[index] for view in views]).numpy() for index in range(len(batch.first))]
        write_contact_sheet(folder / "preview.png", rows, columns=len(views), cell_height=self.config.triplets.side)


def one_picture(frames: Tensor) -> Tensor:
    """uint8 (B, H, W, 3) to pixels (B, 3, H, W)."""
    return to_pixels(frames.unsqueeze(1)).squeeze(2)


def one_frame(pixels: Tensor) -> Tensor:
    """The reverse, on the CPU."""
    return to_frames(pixels.unsqueeze(2)).squeeze(1)

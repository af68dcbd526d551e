"""Stage 6: the upsampler, on pairs whose small side looks as the model makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from misora.base.errors import TrainingError, WeightsError
from misora.media.contact_sheet import write_contact_sheet
from misora.models.registry import load_upsampler, load_video_vae, save_model
from misora.models.upsampler.config import UpsamplerConfig
from misora.models.upsampler.model import Upsampler, enlarged
from misora.models.video_vae.model import VideoVAE
from misora.training.loop import Metrics
from misora.training.losses import psnr, reconstruction
from misora.training.pixels import to_frames, to_pixels
from misora.training.streams import stream
from misora.training.upsampler_pairs import PairConfig, PairDataset, Pairs


@dataclass(frozen=True, slots=True)
class UpsamplerStageConfig:
    """Everything that shapes this stage.

    Args:
        model: Sizes.
        pairs: Data.
        vae: Folder with the autoencoder whose pictures are to be enlarged.
        latent_noise: Largest standard deviation of noise added to its normalised latents: the transformer errs, too.
        player_weight: Extra loss weight inside players.
        start: Folder of weights to start from; empty starts as bicubic enlargement.
    """

    model: UpsamplerConfig
    pairs: PairConfig
    vae: str
    latent_noise: float = 0.1
    player_weight: float = 3.0
    start: str = ""


class UpsamplerStage:
    """The upsampler as the loop sees it."""

    def __init__(self, config: UpsamplerStageConfig, assets: Path, workers: int = 1) -> None:
        self.config = config
        self.workers = workers
        self.dataset = PairDataset(assets, config.pairs)
        self.dataset.renderers()  # an atlas that is missing is told now, not by a worker
        self.vae = load_autoencoder(Path(config.vae))
        torch.manual_seed(config.pairs.seed)
        self.model = Upsampler(config.model)
        if config.start:
            self.model = load_upsampler(Path(config.start), torch.float32).train().requires_grad_(True)

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Every convolution."""
        return [parameter for parameter in self.model.parameters() if parameter.ndim == 4]

    def batches(self, first_step: int) -> Iterator[Pairs]:
        return stream(self.dataset, first_step, self.workers)

    def loss(self, batch: Pairs, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        device = self.model.enter.weight.device
        small = self.seen(batch, generator, device)
        large, players = to_pixels(batch.large.to(device)), batch.players.to(device).unsqueeze(1)
        output = self.model(small.transpose(1, 2), {}).transpose(1, 2)
        weight = 1 + self.config.player_weight * players
        loss = reconstruction(output, large, weight / weight.mean())
        metrics: Metrics = {}
        if torch.randint(0, 10, (1,), generator=generator, device=device).item() == 0:
            plain = enlarged(small.transpose(1, 2)).transpose(1, 2)
            metrics["gain_db"] = psnr(output.detach(), large) - psnr(plain, large)
            metrics["gain_db_players"] = psnr(output.detach(), large, players) - psnr(plain, large, players)
        return loss, metrics

    @torch.no_grad()
    def seen(self, batch: Pairs, generator: torch.Generator, device: torch.device) -> Tensor:
        """The small side as pixels (B, 3, T, H, W), modelled clips as the autoencoder gives them back, rounded as frames are."""
        pixels = to_pixels(batch.small.to(device))
        modelled = batch.modelled.to(device)
        if not modelled.any():
            return pixels
        self.vae.to(device)
        latents = self.vae.encode(pixels[modelled]).float()
        level = torch.rand(len(latents), 1, 1, 1, 1, generator=generator, device=device) * self.config.latent_noise
        noise = torch.randn(latents.shape, generator=generator, device=device)
        decoded = self.vae.decode(latents + level * noise).float()
        pixels[modelled] = to_pixels(to_frames(decoded).to(device))
        return pixels

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        model = Upsampler(self.config.model)
        model.load_state_dict(values)
        save_model(folder, "upsampler", model, dtype=torch.bfloat16, **provenance)

    @torch.no_grad()
    def preview(self, folder: Path, step: int) -> None:
        """A sheet of crops: bicubic, upsampled, truth."""
        batch = self.dataset[-1000]
        device = self.model.enter.weight.device
        with torch.autocast(device.type, torch.bfloat16):
            small = self.seen(batch, torch.Generator(device).manual_seed(0), device).transpose(1, 2)
            output = self.model(small, {})
        plain = enlarged(small)
        views = (to_frames(plain.transpose(1, 2)), to_frames(output.transpose(1, 2)), batch.large)
        rows = [view[index].numpy() for index in range(len(batch.large)) for view in views]
        write_contact_sheet(folder / "preview.png", rows, columns=4, cell_height=2 * self.config.pairs.side)


def load_autoencoder(folder: Path) -> VideoVAE:
    """The autoencoder of ``folder``; raises TrainingError when there is none."""
    try:
        return load_video_vae(folder, torch.float32)
    except WeightsError as error:
        raise TrainingError(f"the upsampler learns from what the autoencoder makes, and {error}") from error

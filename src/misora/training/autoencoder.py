"""Stage 1: the video autoencoder, on crops of the stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from misora.base.errors import TrainingError
from misora.media.contact_sheet import write_contact_sheet
from misora.models.registry import load_video_vae, save_model
from misora.models.video_vae.config import VideoVAEConfig
from misora.models.video_vae.layers import Pointwise
from misora.models.video_vae.model import VideoVAE, linear_view, with_still_start
from misora.training.loop import Metrics
from misora.training.losses import fused, psnr, reconstruction
from misora.training.pixels import to_frames, to_pixels
from misora.training.streams import CropBatch, CropConfig, CropDataset, stream

LOUDNESS = 0.75
"""0 leaves channels as they are, 1 makes an error in any of them move pixels alike; see ``set_loudness``."""

LATENT_RMS = 0.5
"""Root mean square of all latents: noise levels near one half then decide what is seen, as in Karras et al., arXiv:2206.00364."""


@dataclass(frozen=True, slots=True)
class AutoencoderConfig:
    """Everything that shapes this stage.

    Args:
        model: Sizes.
        crops: Data.
        player_weight: Extra loss weight inside players.
        epsilon: Errors smaller than this count squared, larger ones by their size.
        latent_noise: Largest standard deviation of noise added to latents before decoding, so that the decoder forgives
            small errors of the transformer.
        spread_weight: Holds each channel's standard deviation near one.
        start: Folder of weights to start from; empty starts from principal components.
        decoder_only: Leave encoder and latent statistics of ``start`` as they are: what a transformer learnt on them stays valid.
        compile: Fuse the loss with a compiler where there is one; see ``losses.fused``.
        calibration: Batches on which the latents are measured before weights are written.
    """

    model: VideoVAEConfig
    crops: CropConfig
    player_weight: float = 3.0
    epsilon: float = 0.01
    latent_noise: float = 0.06
    spread_weight: float = 0.02
    start: str = ""
    decoder_only: bool = False
    calibration: int = 24
    compile: bool = True


class AutoencoderStage:
    """The autoencoder as the loop sees it."""

    def __init__(self, config: AutoencoderConfig, assets: Path, workers: int = 1) -> None:
        self.config = config
        self.workers = workers
        self.dataset = CropDataset(assets, config.crops)
        self._reconstruction = fused(reconstruction) if config.compile else reconstruction
        self.model = VideoVAE(config.model)
        if config.decoder_only and not config.start:
            raise TrainingError("a decoder cannot be trained alone without weights to start from; set start")
        if config.start:
            self.model = load_video_vae(Path(config.start), torch.float32).train().requires_grad_(True)
            self.statistics = (self.model.latent_mean.clone(), self.model.latent_std.clone())
            self.model.latent_mean.zero_()
            self.model.latent_std.fill_(1)
        else:
            torch.manual_seed(config.crops.seed)
            self.model = VideoVAE(config.model)
            start_from_principal_components(self.model, [to_pixels(self.dataset[-1 - index].frames) for index in range(40)])
        self.model.encoder.requires_grad_(not config.decoder_only)
        self.hold_linear_path()

    def hold_linear_path(self) -> None:
        """Keeps the principal components as they are: at the rates that convolutions need, noise in them undid more than they learnt."""
        for layer in (self.model.encoder.linear, self.model.decoder.linear):
            layer.requires_grad_(False)

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Every convolution that learns."""
        return [parameter for parameter in self.model.parameters() if parameter.ndim == 4 and parameter.requires_grad]

    def batches(self, first_step: int) -> Iterator[CropBatch]:
        return stream(self.dataset, first_step, self.workers)

    def loss(self, batch: CropBatch, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        device = self.model.latent_mean.device
        pixels, players = to_pixels(batch.frames.to(device)), batch.players.to(device).unsqueeze(1)
        with torch.set_grad_enabled(not self.config.decoder_only):
            latents = self.model.encoder(with_still_start(pixels), {})
        spread = latents.float().flatten(0, 1).transpose(0, 1).flatten(1).std(1)
        level = torch.rand(len(pixels), 1, 1, 1, 1, generator=generator, device=device) * self.config.latent_noise
        noise = torch.randn(latents.shape, generator=generator, device=device)
        decoded = self.model.decoder(latents + (level * noise).to(latents.dtype), {}).transpose(1, 2)[:, :, 7:].float()
        weight = 1 + self.config.player_weight * players
        main = self._reconstruction(decoded, pixels, weight / weight.mean(), self.config.epsilon)
        held = (spread - 1).clamp(min=0).square().mean()
        metrics = {"recon": float(main.detach())}
        if torch.randint(0, 10, (1,), generator=generator, device=device).item() == 0:
            metrics |= {
                "psnr": psnr(decoded.detach(), pixels),
                "psnr_players": psnr(decoded.detach(), pixels, players),
                "latent_std": float(spread.detach().mean()),
            }
        return main + self.config.spread_weight * held, metrics

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the autoencoder with its latents measured, so that ``encode`` yields what ``set_loudness`` promises."""
        model = VideoVAE(self.config.model).to(self.model.latent_mean.device)
        model.load_state_dict(values)
        if self.config.decoder_only:
            model.latent_mean.copy_(self.statistics[0])
            model.latent_std.copy_(self.statistics[1])
        else:
            set_loudness(model, (to_pixels(self.dataset[-2000 - index].frames) for index in range(self.config.calibration)))
        save_model(folder, "video_vae", model, dtype=torch.bfloat16, **provenance)

    @torch.no_grad()
    def preview(self, folder: Path, step: int) -> None:
        """A sheet of crops, truth above reconstruction."""
        pixels = to_pixels(self.dataset[-1000].frames.to(self.model.latent_mean.device))
        with torch.autocast(pixels.device.type, torch.bfloat16):
            decoded = self.model.decode(self.model.encode(pixels))
        rows = [frames for pair in zip(to_frames(pixels), to_frames(decoded), strict=True) for frames in pair]
        write_contact_sheet(folder / "preview.png", [row.numpy() for row in rows], columns=6, cell_height=128)


def set_loudness(model: VideoVAE, clips: Iterable[Tensor]) -> None:
    """Sets the statistics of ``model`` from ``clips``, each (B, 3, T, H, W): mean zero, and each channel as loud as it matters.

    What an autoencoder calls a channel's size is arbitrary. Left as it came, channels of fine detail were as loud as those of sky and
    ground, and the transformer spent itself on them. So a channel is scaled by ``gain ** LOUDNESS``, where its gain is how far pixels
    move when it does, and all of them together so that their root mean square is ``LATENT_RMS``.
    """
    device = model.latent_mean.device
    count, (total, squares, response) = 0, torch.zeros(3, model.config.latent_channels, device=device)
    model.latent_mean.zero_()
    model.latent_std.fill_(1)
    for index, clip in enumerate(clips):
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            latents = model.encode(clip.to(device)).float()
        response = response + pixel_gain(model, latents, seed=index).square()
        by_channel = latents.transpose(0, 1).flatten(1)
        count += by_channel.shape[1]
        total, squares = total + by_channel.sum(1), squares + by_channel.square().sum(1)
    assert count, "set_loudness needs at least one clip"
    mean = total / count
    variance = squares / count - mean.square()
    loudness = response.sqrt() ** LOUDNESS
    loudness *= LATENT_RMS / (variance * loudness.square()).mean().sqrt()
    model.latent_mean.copy_(mean)
    model.latent_std.copy_(1 / loudness)


def pixel_gain(model: VideoVAE, latents: Tensor, seed: int) -> Tensor:
    """How far decoded pixels move for a unit of each channel, root mean square, up to one common factor; (C,).

    For random signs v, the mean of ``(J^T v)^2`` is the squared length of each column of the decoder's Jacobian J.

    Args:
        latents: (B, C, t, h, w), as ``encode`` gave them.
    """
    latents = latents.detach().requires_grad_(True)
    with torch.autocast(latents.device.type, torch.bfloat16):
        decoded = model.decode(latents).float()
    signs = torch.randint(0, 2, decoded.shape, generator=torch.Generator().manual_seed(seed)).to(decoded) * 2 - 1
    (gradient,) = torch.autograd.grad((decoded * signs).sum(), latents)
    return gradient.square().mean((0, 2, 3, 4)).sqrt()


@torch.no_grad()
def start_from_principal_components(model: VideoVAE, clips: list[Tensor]) -> None:
    """Sets the linear path to the principal components of ``clips`` (each (B, 3, T, H, W)).

    Each channel is scaled to the fourth root of its deviation over the largest: between whitened, where fine
    detail is as loud as everything else, and plain, where it drowns in noise.
    """
    views = [linear_view(with_still_start(clip)).permute(0, 1, 3, 4, 2).flatten(0, 3) for clip in clips]
    patches = torch.cat(views)
    mean = patches.mean(0)
    channels = model.config.latent_channels
    centred = patches - mean
    variances, axes = torch.linalg.eigh(centred.T @ centred / len(centred))
    spread, axes = variances.flip(0)[:channels].clamp(min=0).sqrt(), axes.flip(1)[:, :channels]
    gain = (spread / spread[0]).clamp(min=1e-4) ** 0.25 / spread.clamp(min=1e-6)
    _set(model.encoder.linear, (axes * gain).T, -(axes * gain).T @ mean)
    _set(model.decoder.linear, axes / gain, mean)


def _set(layer: Pointwise, weight: Tensor, bias: Tensor) -> None:
    layer.weight.zero_()
    layer.weight[: weight.shape[0], : weight.shape[1], 0, 0] = weight
    assert layer.bias is not None
    layer.bias.copy_(bias)

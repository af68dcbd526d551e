"""The video autoencoder.

Two paths add up. A *linear path* reads each 32 x 32 x 8 cell through 4 x 4 x 2 averaging and starts as principal
components of rendered clips; it gives a usable picture before any training. A *convolutional path* of 2-D
convolutions with one step of memory adds what the linear path cannot, and starts at zero. There is no 3-D
convolution and no attention, so clips stream through in pieces with the same result as whole.

The first frame is encoded as a still that stands for eight equal frames; of its decoded eight only the last is
kept. That is why ``T = 1 + 8 (t - 1)``. The module knows nothing of noise, text or training.

Reference: the memory block follows the idea of madebyollin's TAEHV (tiny autoencoders for video); linear path and
patch size are ours.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.base.shapes import SPACE_STRIDE, TIME_STRIDE
from misora.models.video_vae.config import LINEAR_CHANNELS, LINEAR_POOL, PATCH_CHANNELS, PATCH_SPACE, PATCH_TIME, VideoVAEConfig
from misora.models.video_vae.layers import Level, Memory, Pointwise, fold, unfold, unfold_wide

LINEAR_CELL = SPACE_STRIDE // LINEAR_POOL
OUTPUT_GAIN = 0.1
"""Scales the decoder's last convolution: one optimiser step then moves pixels by thousandths, not by hundredths."""


class Encoder(nn.Module):
    """Frames in groups of eight to latent cells."""

    def __init__(self, config: VideoVAEConfig) -> None:
        super().__init__()
        widths = config.encoder_widths
        self.patch = Pointwise(PATCH_CHANNELS, widths[0])
        self.levels = nn.ModuleList(
            Level(width, count, 100 * level) for level, (width, count) in enumerate(zip(widths, config.encoder_blocks, strict=True))
        )
        self.downs = nn.ModuleList(Pointwise(8 * widths[level], widths[level + 1]) for level in (0, 1))
        self.out = Pointwise(widths[2], config.latent_channels)
        self.linear = Pointwise(LINEAR_CHANNELS, config.latent_channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, video: Tensor, memory: Memory) -> Tensor:
        """(B, 8 t, 3, H, W) in [-1, 1] to (B, t, C, h, w)."""
        x = self.patch(fold(video, PATCH_SPACE, PATCH_TIME))
        for index in (0, 1, 2):
            x = self.levels[index](x, memory)
            if index < 2:
                x = self.downs[index](fold(x, 2, 2))
        out: Tensor = self.out(x) + self.linear(linear_view(video))
        return out


class Decoder(nn.Module):
    """Latent cells to frames in groups of eight."""

    def __init__(self, config: VideoVAEConfig) -> None:
        super().__init__()
        widths = config.decoder_widths
        self.enter = Pointwise(config.latent_channels, widths[2], 3)
        self.levels = nn.ModuleList(
            Level(width, count, 1000 + 100 * level) for level, (width, count) in enumerate(zip(widths, config.decoder_blocks, strict=True))
        )
        self.ups = nn.ModuleList(Pointwise(widths[level + 1], 8 * widths[level]) for level in (0, 1))
        self.out = Pointwise(widths[0], PATCH_CHANNELS, 3)
        self.linear = Pointwise(config.latent_channels, LINEAR_CHANNELS)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, latents: Tensor, memory: Memory) -> Tensor:
        """(B, t, C, h, w) to (B, 8 t, 3, H, W), about [-1, 1]."""
        x = self.enter(latents)
        for index in (2, 1, 0):
            x = self.levels[index](x, memory)
            if index > 0:
                x = unfold_wide(self.ups[index - 1](x), 2, 2)
        detail = OUTPUT_GAIN * unfold(self.out(x), PATCH_SPACE, PATCH_TIME)
        return detail + linear_picture(self.linear(latents))


def linear_view(video: Tensor) -> Tensor:
    """(B, 8 t, 3, H, W) averaged over 4 x 4 x 2 and folded to (B, t, 768, h, w)."""
    batch, steps, channels, height, width = video.shape
    small = F.avg_pool2d(video.reshape(batch * steps // 2, 2 * channels, height, width), LINEAR_POOL)
    small = small.view(batch, steps // 2, 2, channels, *small.shape[-2:]).mean(2)
    return fold(small, LINEAR_CELL, TIME_STRIDE // PATCH_TIME)


def linear_picture(values: Tensor) -> Tensor:
    """(B, t, 768, h, w) to (B, 8 t, 3, H, W): unfolded, enlarged four times, each step shown twice."""
    small = unfold(values, LINEAR_CELL, TIME_STRIDE // PATCH_TIME)
    large = F.interpolate(small.flatten(0, 1), scale_factor=LINEAR_POOL, mode="nearest")
    frames: Tensor = large.unflatten(0, small.shape[:2])
    return frames.repeat_interleave(PATCH_TIME, dim=1)


class VideoVAE(nn.Module):
    """Encoder, decoder and the statistics that centre latents and make each channel as loud as it matters."""

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: VideoVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.register_buffer("latent_mean", torch.zeros(config.latent_channels))
        self.register_buffer("latent_std", torch.ones(config.latent_channels))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def encode(self, pixels: Tensor) -> Tensor:
        """Normalised latents (B, C, t, h, w) of ``pixels`` (B, 3, T, H, W) in [-1, 1].

        T must be ``1 + 8 (t - 1)``, H and W multiples of 32.
        """
        return self.normalise(self.encoder(with_still_start(pixels), {}).transpose(1, 2))

    def decode(self, latents: Tensor) -> Tensor:
        """Pixels (B, 3, T, H, W), about [-1, 1], of normalised ``latents`` (B, C, t, h, w)."""
        return torch.cat(list(self.decode_stream(latents, latents.shape[2])), dim=2)

    def decode_stream(self, latents: Tensor, chunk: int = 1) -> Iterator[Tensor]:
        """Decodes ``chunk`` latent frames at a time in constant memory: (B, 3, 1 + 8 (chunk - 1), H, W), then (B, 3, 8 chunk, H, W)."""
        memory: Memory = {}
        raw = self.denormalise(latents).transpose(1, 2)
        for start in range(0, raw.shape[1], chunk):
            frames = self.decoder(raw[:, start : start + chunk], memory).transpose(1, 2)
            yield frames[:, :, TIME_STRIDE - 1 :] if start == 0 else frames

    def normalise(self, raw: Tensor) -> Tensor:
        shape = (1, -1, 1, 1, 1)
        return (raw - self.latent_mean.view(shape)) / self.latent_std.view(shape)

    def denormalise(self, latents: Tensor) -> Tensor:
        shape = (1, -1, 1, 1, 1)
        return latents * self.latent_std.view(shape) + self.latent_mean.view(shape)


def with_still_start(pixels: Tensor) -> Tensor:
    """(B, 3, T, H, W) to (B, T + 7, 3, H, W): the first frame stands for eight equal ones."""
    first = pixels[:, :, :1].expand(-1, -1, TIME_STRIDE - 1, -1, -1)
    return torch.cat([first, pixels], dim=2).transpose(1, 2)

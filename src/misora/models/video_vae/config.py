"""Sizes of the video autoencoder and what they cost; plain numbers, no torch."""

from __future__ import annotations

from dataclasses import dataclass

PATCH_SPACE = 8
PATCH_TIME = 2
PATCH_CHANNELS = 3 * PATCH_TIME * PATCH_SPACE**2
"""384 values of an 8 x 8 x 2 patch: where the convolutions start, because wide and coarse is what a CPU multiplies fast."""

LINEAR_POOL = 4
LINEAR_CHANNELS = 3 * (8 // PATCH_TIME) * (32 // LINEAR_POOL) ** 2
"""768 values of a latent cell seen through 4 x 4 x 2 averaging: what the linear path reads and writes."""


@dataclass(frozen=True, slots=True)
class VideoVAEConfig:
    """Widths and numbers of memory blocks at 1/8, 1/16 and 1/32 of the size.

    Time is halved with each step too: pairs, fours and eights of frames.
    """

    latent_channels: int = 192
    encoder_widths: tuple[int, int, int] = (96, 160, 256)
    encoder_blocks: tuple[int, int, int] = (1, 1, 1)
    decoder_widths: tuple[int, int, int] = (128, 192, 256)
    decoder_blocks: tuple[int, int, int] = (2, 2, 1)

    def flops_per_pixel(self) -> dict[str, float]:
        """Forward multiply-adds times two, for each output pixel, of the encoder and the decoder."""
        return {
            "encoder": _flops(self.encoder_widths, self.encoder_blocks, self.latent_channels, out_kernel=1),
            "decoder": _flops(self.decoder_widths, self.decoder_blocks, self.latent_channels, out_kernel=9),
        }


def _flops(widths: tuple[int, int, int], blocks: tuple[int, int, int], latent_channels: int, out_kernel: int) -> float:
    total = 2 * PATCH_CHANNELS * widths[0] * out_kernel / 128
    for level, (width, count) in enumerate(zip(widths, blocks, strict=True)):
        cell_pixels = 128 * 8**level
        total += count * 2 * 9 * (1.5 + 1) * width**2 / cell_pixels
        total += 2 * 8 * width * (widths[level + 1] if level < 2 else latent_channels / 8) / (cell_pixels * 8)
    return total + 2 * LINEAR_CHANNELS * latent_channels / 8192


TINY = VideoVAEConfig(latent_channels=8, encoder_widths=(8, 8, 16), decoder_widths=(8, 8, 16), decoder_blocks=(1, 1, 1))
"""Toy size for tests."""

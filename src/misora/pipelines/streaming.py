"""The autoencoder eight frames at a time, both ways, in memory that does not grow with the clip; the same numbers as whole.

A generator must not hold a precision or gradient context while it waits, or its consumer would inherit it: each step here enters its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from misora.base.canvas import Frames
from misora.base.shapes import TIME_STRIDE
from misora.models.video_vae.deblocking import Deblocker
from misora.models.video_vae.layers import Memory
from misora.models.video_vae.model import VideoVAE


class VideoCodec:
    """An autoencoder with the device and precision that it computes in."""

    def __init__(self, vae: VideoVAE) -> None:
        self.vae = vae
        self.device = vae.latent_mean.device
        self.dtype = next(vae.parameters()).dtype

    def encode(self, frames: Frames) -> Tensor:
        """Normalised latents (1, C, t, h, w), float32, of frames (T, H, W, 3), T = 1 + 8 (t - 1), on the padded grid."""
        return self.encode_groups(frames[group] for group in groups_of(len(frames)))

    @torch.no_grad()
    def encode_groups(self, groups: Iterable[Frames]) -> Tensor:
        """The same of frames that are drawn eight at a time, as ``groups_of`` numbers them."""
        memory: Memory = {}
        with self._precision():
            cells = [self.vae.encoder(self._to_pixels(group), memory) for group in groups]
        return self.vae.normalise(torch.cat(cells, dim=1).transpose(1, 2).float())

    def decode(self, latents: Iterable[Tensor]) -> Iterator[Frames]:
        """Frames of the padded grid, deblocked: one for the first latent frame, eight for each further one.

        Args:
            latents: Pieces of one clip in order, each (1, C, t, h, w) with any t; drawn only when they are needed.
        """
        memory: Memory = {}
        deblocker = Deblocker()
        for piece in latents:
            for index in range(piece.shape[2]):
                yield self._decode_step(piece[:, :, index : index + 1], memory, deblocker)

    @torch.no_grad()
    def _decode_step(self, latents: Tensor, memory: Memory, deblocker: Deblocker) -> Frames:
        is_first, raw = not memory, self.vae.denormalise(latents.to(self.device)).transpose(1, 2)
        with self._precision():
            pictures = self.vae.decoder(raw.to(self.dtype), memory)[0, TIME_STRIDE - 1 if is_first else 0 :]
        # A picture at a time: its floats stay in the cache, and no buffer is so large that the system takes it back after each use.
        levels = torch.empty(len(pictures), *pictures.shape[2:], 3, dtype=torch.uint8, device=pictures.device)
        for level, picture in zip(levels, pictures, strict=True):
            level.copy_(deblocker.shown(picture).permute(1, 2, 0).add(1).mul_(127.5).round_().clamp_(0, 255))
        frames: Frames = levels.cpu().numpy()
        return frames

    def _to_pixels(self, frames: Frames) -> Tensor:
        """(T, H, W, 3) to (1, T, 3, H, W) in [-1, 1]."""
        pixels = torch.from_numpy(np.ascontiguousarray(frames)).to(self.device).permute(0, 3, 1, 2)[None].float()
        return (pixels / 127.5 - 1).to(self.dtype)

    def _precision(self) -> torch.autocast:
        """bfloat16 arithmetic when the weights are; normalisation inside the blocks widens by itself."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype is torch.bfloat16)


def groups_of(num_frames: int) -> Iterator[npt.NDArray[np.int_]]:
    """Frames that each latent frame stands for: the first one alone, standing still, then eight at a time."""
    yield np.zeros(TIME_STRIDE, dtype=np.int_)
    yield from (np.arange(start, min(start + TIME_STRIDE, num_frames)) for start in range(1, num_frames, TIME_STRIDE))

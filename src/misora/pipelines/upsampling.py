"""Frames to larger frames, one at a time: memory does not grow with the clip, and a clip in pieces gives the frames of the clip in one."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import torch

from misora.base.canvas import Frames
from misora.base.sampled_size import doublings
from misora.media.fit import fit_frames
from misora.media.pictures import Picture
from misora.models.registry import load_upsampler
from misora.models.upsampler.config import CELL, SCALE
from misora.models.upsampler.model import Upsampler
from misora.models.video_vae.layers import Memory
from misora.pipelines.runtime import choose_device, choose_dtype

REST = 1.5
"""Enlargement that is left to Lanczos filtering: a second doubling costs four times the first. It gains no PSNR; at 1080p it is seen."""


class Enlarger:
    """An upsampler with the device and precision that it computes in."""

    def __init__(self, model: Upsampler) -> None:
        self.model = model
        self.device = model.enter.weight.device
        self.dtype = model.enter.weight.dtype

    def enlarge(self, pieces: Iterable[Frames], height: int, width: int, cuts: Container[int] = ()) -> Iterator[Frames]:
        """Frames of one clip at (height, width).

        Args:
            pieces: (n, h, w, 3) in order, drawn only when they are needed.
            cuts: Frames at which another shot begins; nothing of the shot before is remembered there.
        Yields:
            A piece (n, height, width, 3) for each: doubled until it nearly has the size, then fitted and cropped in the middle to it.
        """
        memories: list[Memory] = []
        numbers = count()
        for piece in pieces:
            large = []
            for picture, number in zip(piece, numbers, strict=False):
                if not memories or number in cuts:
                    memories = [{} for _ in range(passes(piece, height, width))]
                large.append(fit_frames(self._repeatedly(picture, memories)[None], height, width))
            yield np.concatenate(large)

    def _repeatedly(self, picture: Picture, memories: list[Memory]) -> Picture:
        for memory in memories:
            picture = self.double(picture, memory)
        return picture

    @torch.no_grad()
    def double(self, picture: Picture, memory: Memory) -> Picture:
        """The next picture (h, w, 3) of a clip, as (2 h, 2 w, 3); reads and replaces ``memory``."""
        height, width = picture.shape[:2]
        padded = np.pad(picture, ((0, -height % CELL), (0, -width % CELL), (0, 0)), mode="edge")
        pixels = torch.from_numpy(padded).to(self.device).permute(2, 0, 1)[None, None].float() / 127.5 - 1
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype is torch.bfloat16):
            large = self.model(pixels, memory)[0, 0]
        levels = large.permute(1, 2, 0).add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        doubled: Picture = levels[: SCALE * height, : SCALE * width].cpu().numpy()
        return doubled


def load_enlarger(weights: Path, device: str = "auto") -> Enlarger:
    """The upsampler of a weights folder."""
    where = choose_device(device)
    return Enlarger(load_upsampler(weights, choose_dtype(where), where))


def passes(frames: Frames, height: int, width: int) -> int:
    """Doublings of ``frames`` (n, h, w, 3) on the way to (height, width): one at least where anything grows."""
    factor = max(height / frames.shape[1], width / frames.shape[2])
    return 0 if factor <= 1 else max(1, doublings(factor, REST))

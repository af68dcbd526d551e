"""Frames to more frames a second, streamed: those that were there stay as they are, the others are made from the two beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch

from misora.base.canvas import Frames
from misora.base.rates import NEAR, raised_count
from misora.media.pictures import Picture
from misora.models.interpolator.model import Interpolator
from misora.models.registry import load_interpolator
from misora.pipelines.runtime import choose_device, choose_dtype


class RateRaiser:
    """An interpolator with the device that it computes on."""

    def __init__(self, model: Interpolator) -> None:
        self.model = model
        self.device = next(model.parameters()).device

    def raised(self, pieces: Iterable[Frames], fps: float, wanted: float, cuts: Collection[int] = ()) -> Iterator[Frames]:
        """The frames of one clip at ``wanted`` frames a second instead of ``fps``, in as many pieces and as many seconds.

        Args:
            pieces: (n, H, W, 3) in order, drawn only when they are needed.
            cuts: Frames at which another shot begins; between it and the frame before nothing is mixed, the nearer one is shown.
        """
        before: Picture | None = None
        read = made = 0
        waiting: list[Picture] = []
        for piece in pieces:
            for picture in piece:
                if before is not None:
                    while (moment := made * fps / wanted - (read - 1)) < 1 - NEAR:
                        waiting.append(self.between(before, picture, moment, cut=read in cuts))
                        made += 1
                before, read = picture, read + 1
            if waiting:
                yield np.stack(waiting)
                waiting = []
        if before is not None and (left := raised_count(read, fps, wanted) - made) > 0:
            yield np.stack([before] * left)  # there is nothing that they could lead to

    def between(self, first: Picture, second: Picture, moment: float, *, cut: bool = False) -> Picture:
        """The picture (H, W, 3) at ``moment``, 0 to 1, of the way from ``first`` to ``second``."""
        if moment < NEAR:
            return first
        if cut:
            return first if moment < 0.5 else second
        return self.mixed(first, second, moment)

    @torch.no_grad()
    def mixed(self, first: Picture, second: Picture, moment: float) -> Picture:
        """``between`` by the network."""
        height, width = first.shape[:2]
        cell = self.model.config.scales[0]
        around = ((0, -height % cell), (0, -width % cell), (0, 0))
        pair = [torch.from_numpy(np.pad(picture, around, mode="edge")).to(self.device) for picture in (first, second)]
        pixels = [levels.permute(2, 0, 1)[None].float() / 127.5 - 1 for levels in pair]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.model.dtype is torch.bfloat16):
            made = self.model(*pixels, torch.tensor([moment], device=self.device))[0]
        levels = made.permute(1, 2, 0).add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        picture: Picture = levels[:height, :width].cpu().numpy()
        return picture


def load_raiser(weights: Path, device: str = "auto") -> RateRaiser:
    """The interpolator of a weights folder."""
    where = choose_device(device)
    return RateRaiser(load_interpolator(weights, choose_dtype(where), where))

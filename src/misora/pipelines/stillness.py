"""What nobody comes near while the camera stays is as it was: such cells are held like pins, at the latents that were seen there last.
What is not known yet is made alike in all latent frames of a window: at every step they agree on one guess of it.

A plan says beforehand where everybody will be, so what they leave alone is known too. Without this a young network paints the place anew
in every window, and its stars, craters and trees wear away. Where the camera moves, the caption changes, or nothing was planned, nothing
is held.

Measured on 24 clips of the stage: half a cell about everybody and the ground beneath leaves free 70 % of the cells that do not change, and
8 % of those that do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from misora.base.layout import GROUND, HEIGHT, PAN, ZOOM, X, Y
from misora.diffusion.flow import MIN_SIGMA, spread
from misora.diffusion.samplers import Denoiser
from misora.models.layers.rotary import still_grid
from misora.models.transformer.layouts import Layouts
from misora.pipelines.pinning import Known

MARGIN = 0.5
"""Cells about a player that may change with it: its shadow, its feet."""
LOOKED_AT = 24
"""Known latent frames in which a free cell is looked for: eight seconds."""
STILL_PAN, STILL_ZOOM = 0.3, 0.03
"""Cells and magnification a second up to which a planned camera stays: one that stays is planned to within a tenth of that."""


class Still(NamedTuple):
    """What stays in latent frames that are to be made: ``latents`` (1, C, t, h, w) where ``cells`` (1, 1, t, h, w) is True."""

    latents: Tensor
    cells: Tensor

    def held(self, known: Known) -> Known:
        """``known`` with these cells never to be touched."""
        return Known(torch.where(self.cells, self.latents, known.latents), known.strength.masked_fill(self.cells, 1.0))

    def put_back(self, made: Tensor) -> Tensor:
        """``made`` with these cells as they were."""
        return torch.where(self.cells, self.latents, made)


def busy_cells(layouts: Layouts, height: int, width: int) -> Tensor:
    """Cells that somebody is in or near, or casts a shadow on, at any picture of each latent frame; (t, h, w) of the first clip."""
    boxes, here = layouts.boxes[0].float()[..., None, None], (layouts.who[0] > 0)[:, :, None, None, None]
    still = still_grid(height, width, boxes.device)
    rows, columns = still.rows[0, 0], still.columns[0, 0]
    near = boxes[..., HEIGHT, :, :] / 2 + MARGIN + 0.5  # of the middle of a cell, which is half a cell from its edge
    beside = (columns - boxes[..., X, :, :]).abs() <= near
    foot = torch.maximum(boxes[..., Y, :, :] + near, boxes[..., GROUND, :, :] + MARGIN + 0.5)
    return (beside & (rows >= boxes[..., Y, :, :] - near) & (rows <= foot) & here).any(2).any(1)


def camera_stays(layouts: Layouts) -> Tensor:
    """Whether it does in each latent frame, (t,)."""
    speed = layouts.camera[0].abs()
    return (speed[:, PAN] <= STILL_PAN) & (speed[:, ZOOM] <= STILL_ZOOM)


def what_stays(known: Known, layouts: Layouts, captions: Sequence[int], start: int, stop: int) -> Still:
    """What of latent frames ``[start, stop)`` of a canvas stays as it was in the nearest known one in which nobody is there either.

    Args:
        known: Of the whole canvas.
        captions: A number for each latent frame that says which caption it follows.
    """
    busy, stays = busy_cells(layouts, *known.latents.shape[-2:]), camera_stays(layouts).tolist()
    firm = (known.strength.amin((1, 3, 4))[0] == 1).tolist()
    free = (known.strength.amax((1, 3, 4))[0] == 0).tolist()
    latents = known.latents[:, :, start:stop].clone()
    cells = torch.zeros_like(latents[:, :1], dtype=torch.bool)
    for index in (index for index in range(start, stop) if free[index]):
        wanted = ~busy[index]
        for other in sources(index, firm, stays, captions):
            if not bool(wanted.any()):
                break
            found = wanted & ~busy[other]
            latents[:, :, index - start] = torch.where(found, known.latents[:, :, other], latents[:, :, index - start])
            cells[:, :, index - start] |= found
            wanted &= ~found
    return Still(latents, cells)


def agreeing(denoise: Denoiser, groups: Sequence[tuple[list[int], Tensor]]) -> Denoiser:
    """``denoise`` with one guess of the clean latents for what stays in several frames: the mean of theirs.

    Each frame guesses from noise of its own, so together they see further than any alone, and what they see does not flicker.

    Args:
        groups: Latent frames, and which cells stay in each of them, (frames, h, w).
    """

    def agreed(x: Tensor, sigma: Tensor) -> Tensor:
        velocity = denoise(x, sigma)
        for frames, cells in groups:
            level = spread(sigma[:, frames], x).clamp(min=MIN_SIGMA)
            guess = x[:, :, frames] - level * velocity[:, :, frames]
            count = cells.sum(0).clamp(min=1)
            mean = (guess * cells).sum(2, keepdim=True) / count
            velocity[:, :, frames] = torch.where(
                cells & (sigma[:, frames] > 0)[:, None, :, None, None], (x[:, :, frames] - mean) / level, velocity[:, :, frames]
            )
        return velocity

    return agreed


def alike(known: Known, layouts: Layouts, captions: Sequence[int]) -> list[tuple[list[int], Tensor]]:
    """Groups for ``agreeing``: latent frames of a window that are to be made under one caption while the camera stays."""
    busy, stays = busy_cells(layouts, *known.latents.shape[-2:]), camera_stays(layouts).tolist()
    free = (known.strength.amax((1, 3, 4))[0] == 0).tolist()
    groups = []
    for caption, run in groupby(range(len(captions)), key=lambda index: (captions[index], stays[index])):
        frames = [index for index in run if free[index]]
        if caption[1] and len(frames) > 1:
            groups.append((frames, ~busy[frames]))
    return groups


def sources(index: int, firm: Sequence[bool], stays: Sequence[bool], captions: Sequence[int]) -> list[int]:
    """Known latent frames from which one may take over, the nearest first: as far as the camera stays and the caption is the same."""
    found = []
    for way in (-1, 1):
        other = index
        while 0 <= other < len(firm) and stays[other] and captions[other] == captions[index]:
            if firm[other]:
                found.append(other)
            other += way
    return sorted(found, key=lambda one: abs(one - index))[:LOOKED_AT]

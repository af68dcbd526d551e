"""What a place looks like from where the camera is now: the nearest known latent frame before, moved as the camera has moved since.

A latent is a cell of many pixels over eight pictures, so a picture that moves by a part of a cell is another latent altogether, and a
narrow token cannot work out which. Here the work is done past the tokens: a linear map lays out the picture in which the recalled latent
frame ends as a few numbers at each of several points of a cell; these are looked up where the camera has gone, at once for what is far or
near and for what lies between; and a network of one hidden layer turns what has come to lie in a cell into latents. The last layer of the
transformer takes over a share of them, channel by channel. What comes into the picture for the first time has to be painted, and so has
what somebody hid: where a layout says that somebody was, nothing of the place is known.

Reference:
    Jaderberg et al., Spatial Transformer Networks, arXiv:1506.02025, for pictures that are moved inside a network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.base.layout import FAR, MIDDLE, MOMENTS, NEAR, PAN, ZOOM, moments_of
from misora.base.shapes import TIME_STRIDE
from misora.models.layers.rotary import still_grid
from misora.models.transformer.config import CARRY_CHANNELS, CARRY_LAYERS, CARRY_POINTS, CARRY_WIDTH
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.recall import nearest_before, taken

RAMP = 0.1
"""Share of the picture's height, about its middle, over which what is far becomes what is near."""
STAYS = (0.3, 0.03)
"""Cells a second, and logarithms of magnification, up to which a camera stays: ten times what one that stays is planned to go."""
LEAST_ZOOM = 0.4
"""Of a zoom, as a logarithm, the share that is seen of what is infinitely far."""


class PlaceCarry(nn.Module):
    """Carries nothing until it has learnt: its last layer begins at zero."""

    def __init__(self, latent_channels: int) -> None:
        super().__init__()
        self.fine = nn.Linear(latent_channels, CARRY_CHANNELS * CARRY_POINTS**2)
        self.first = nn.Linear(latent_channels, CARRY_CHANNELS * CARRY_POINTS**2)
        self.cell = nn.Linear((CARRY_CHANNELS + 1) * CARRY_POINTS**2 * MOMENTS * CARRY_LAYERS, CARRY_WIDTH)
        self.latents = nn.Linear(CARRY_WIDTH, latent_channels)
        for zeroed in (self.latents.weight, self.latents.bias):
            nn.init.zeros_(zeroed)

    def forward(
        self, guess: Tensor, known: Tensor, layouts: Layouts, frame_index: Tensor, fps: Tensor, hidden: Tensor | None = None
    ) -> Tensor:
        """Latents (B, C, t, h, w) of every latent frame that has one before it and whose layout is given; zeros in the others.

        Args:
            guess: What is guessed of each latent frame by itself, (B, C, t, h, w), in channels of unit size.
            known: Which latent frames are known, (B, t).
            frame_index: Their numbers, (B, t).
            fps: Pictures a second, (B,).
            hidden: Share of each point that characters hide in the picture in which each latent frame ends, (B, t, h * n, w * n), with as
                many points to a cell as here or some times as many.
        """
        before = nearest_before(known)
        points = points_since(before, layouts, frame_index, fps, *guess.shape[-2:])
        there = (before >= 0) & layouts.given & has_moved(before, layouts.camera)
        clip, frame = there.nonzero(as_tuple=True)
        laid_out = self.laid_out(guess, frame_index)
        if hidden is not None:
            laid_out = laid_out * free_points(hidden.detach(), guess.shape[-2]).unsqueeze(1)
        pictures = taken(laid_out, before).transpose(1, 2)
        seen = F.grid_sample(pictures[clip, frame], points[clip, frame], align_corners=False)
        cells = in_cells(seen, guess.shape[-2]).to(self.cell.weight.dtype)
        carried = self.latents(F.silu(self.cell(cells))).permute(0, 3, 1, 2)
        out: Tensor = carried.new_zeros(guess.shape).transpose(1, 2).index_put((clip, frame), carried)
        return out.transpose(1, 2)

    def laid_out(self, guess: Tensor, frame_index: Tensor) -> Tensor:
        """The picture in which each latent frame ends, with ones as its last channel: (B, channels + 1, t, h * n, w * n), float32."""
        cells = guess.permute(0, 2, 3, 4, 1).to(self.fine.weight.dtype)
        numbers = torch.where((frame_index == 0)[..., None, None, None], self.first(cells), self.fine(cells)).float()
        parts = numbers.unflatten(4, (CARRY_CHANNELS, CARRY_POINTS, CARRY_POINTS)).permute(0, 4, 1, 2, 5, 3, 6)
        return F.pad(parts.flatten(5).flatten(3, 4).transpose(1, 4), (0, 1), value=1.0).transpose(1, 4)


def has_moved(before: Tensor, camera: Tensor) -> Tensor:
    """Whether the camera goes anywhere from after latent frame ``before`` (B, t) to the end of each latent frame, (B, t).

    Where it does not, a cell is what it recalls. To lay it out and put it together again, window for window, made of small errors large
    ones: after six seconds the ground about a cow that stands had turned to noise.
    """
    moving = (camera.float().abs() > camera.new_tensor(STAYS)).any(-1).long().cumsum(1)
    until = torch.where(before < 0, moving, moving.gather(1, before.clamp(min=0)))
    return moving > until


def free_points(hidden: Tensor, height: int) -> Tensor:
    """Points of which the place is seen, with a rim about whoever hides it: (B, t, h * n, w * n) for ``height`` h.

    Args:
        hidden: Share of each point that is hidden, (B, t, h * m, w * m), m some times n.
    """
    finer = hidden.shape[2] // (CARRY_POINTS * height)
    return 1 - F.max_pool2d(hidden, 3 * finer, stride=finer, padding=finer)


def points_since(before: Tensor, layouts: Layouts, frame_index: Tensor, fps: Tensor, height: int, width: int) -> Tensor:
    """Where points of each latent frame lay in the picture in which latent frame ``before`` (B, t) ended, from -1 to 1.

    Returns:
        (B, t, 2 * 3 * h * n, w * n, 2): as if all were sky or ground, and as if all lay between, at three pictures each.
    """
    speed = layouts.camera.float() * layouts.given.unsqueeze(-1)
    spent = F.pad(frame_index.diff(dim=1), (1, 0)) * (TIME_STRIDE / fps.float().unsqueeze(1))
    ends = (speed * spent.unsqueeze(-1)).cumsum(1)
    since = ends - ends.gather(1, before.clamp(min=0).unsqueeze(-1).expand_as(ends))
    left = torch.tensor([TIME_STRIDE - picture for picture in moments_of(1)], device=speed.device) / fps.float().unsqueeze(1)
    way = (since.unsqueeze(2) - speed.unsqueeze(2) * left[:, None, :, None])[:, :, None, :, None, None]
    fine = still_grid(CARRY_POINTS * height, CARRY_POINTS * width, speed.device)
    still_rows, still_columns = fine.rows[0, 0] / CARRY_POINTS, fine.columns[0, 0] / CARRY_POINTS
    ground = (still_rows / (RAMP * height) + 0.5).clamp(0, 1)
    share = torch.stack([FAR + (NEAR - FAR) * ground, torch.full_like(ground, MIDDLE)]).unsqueeze(1)
    nearer = torch.exp(way[..., ZOOM] * (LEAST_ZOOM + (1 - LEAST_ZOOM) * share))
    columns, rows = still_columns / nearer + way[..., PAN] * share, still_rows / nearer
    return torch.stack([2 * columns / width, 2 * rows / height], dim=-1).flatten(2, 4)


def in_cells(seen: Tensor, height: int) -> Tensor:
    """Points (N, channels, 6 * h * n, w * n) gathered by the cell in which they lie, (N, h, w, channels * 6 * n * n)."""
    parts = seen.unflatten(3, (-1, CARRY_POINTS)).unflatten(2, (-1, height, CARRY_POINTS))
    cells: Tensor = parts.permute(0, 3, 5, 1, 2, 4, 6).flatten(3)
    return cells

"""Rotary positions for video: each head turns by time, row and column, a share of its width each.

Time is in half seconds, so that 12 and 24 frames a second mean the same motion; rows and columns are latent cells counted from
the canvas's centre, so that a larger canvas adds positions at the rim and moves none. Where the camera's way is known, cells are where
they look in the first frame's picture: what stands still keeps its place while the camera turns. Text is not turned.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from misora.base.shapes import TIME_STRIDE

TIME_UNITS_PER_SECOND = 2.0
LOWEST_FREQUENCY = 1.0 / 100.0  # canvases are tens of cells, clips tens of seconds: 1 / 10,000 would never turn


class Rotary(NamedTuple):
    """Cosine and sine of every token's angles, each (B, L, 1, head_dim / 2), float32."""

    cos: Tensor
    sin: Tensor


def frame_times(frame_index: Tensor, fps: Tensor) -> Tensor:
    """Seconds at which each latent frame's last pixel frame is shown.

    Args:
        frame_index: Latent frame numbers, (B, t).
        fps: Frames a second, (B,).
    Returns:
        (B, t), float32; latent frame i ends with pixel frame 8 i.
    """
    return TIME_STRIDE * frame_index.float() / fps.float().unsqueeze(1)


def frequencies(count: int, device: torch.device) -> Tensor:
    """``count`` angular frequencies, geometric from 1 to ``LOWEST_FREQUENCY``."""
    return LOWEST_FREQUENCY ** (torch.arange(count, device=device, dtype=torch.float32) / max(count - 1, 1))


def centred(count: int, device: torch.device) -> Tensor:
    """Positions of ``count`` cells, zero at the middle."""
    return torch.arange(count, device=device, dtype=torch.float32) - (count - 1) / 2


class Grid(NamedTuple):
    """Where each cell is, in cells from the canvas's centre: ``rows`` and ``columns``, each (B or 1, t or 1, h, w), float32."""

    rows: Tensor
    columns: Tensor


def still_grid(height: int, width: int, device: torch.device) -> Grid:
    """The grid of a camera that stays, (1, 1, h, w)."""
    rows, columns = torch.meshgrid(centred(height, device), centred(width, device), indexing="ij")
    return Grid(rows[None, None], columns[None, None])


def axial_rotary(seconds: Tensor, grid: Grid, head_dim: int) -> Rotary:
    """Angles of the tokens of a video, in the order (t, h, w).

    Args:
        seconds: Time of each latent frame, (B, t).
        head_dim: Even; 1/4 of it turns with time, 3/8 with rows, 3/8 with columns, rounded to whole pairs.
    Reference:
        Su et al., RoFormer, arXiv:2104.09864; axial split as in Wan and HunyuanVideo.
    """
    pairs = head_dim // 2
    space = pairs * 3 // 8
    device = seconds.device
    batch, frames = seconds.shape
    in_space = frequencies(space, device)
    time_angles = seconds.unsqueeze(-1) * TIME_UNITS_PER_SECOND * frequencies(pairs - 2 * space, device)
    cells = (batch, frames, *grid.rows.shape[2:], -1)
    turns = (time_angles[:, :, None, None], grid.rows.unsqueeze(-1) * in_space, grid.columns.unsqueeze(-1) * in_space)
    angles = torch.cat([turn.expand(cells) for turn in turns], dim=-1).reshape(batch, -1, 1, pairs)
    return Rotary(angles.cos(), angles.sin())


def prepend_still(rotary: Rotary, count: int) -> Rotary:
    """``rotary`` with ``count`` tokens before it that are not turned."""
    cos, sin = rotary
    still = (cos.shape[0], count, 1, cos.shape[-1])
    return Rotary(torch.cat([cos.new_ones(still), cos], dim=1), torch.cat([sin.new_zeros(still), sin], dim=1))


def rotate(x: Tensor, rotary: Rotary) -> Tensor:
    """Heads turned by their tokens' angles; computed in float32, returned in ``x.dtype``.

    Args:
        x: (B, L, heads, head_dim); the first half of head_dim pairs with the second.
    """
    first, second = x.float().chunk(2, dim=-1)
    turned = torch.cat([first * rotary.cos - second * rotary.sin, second * rotary.cos + first * rotary.sin], dim=-1)
    return turned.to(x.dtype)

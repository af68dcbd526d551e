"""How the background moves between neighbouring frames, in closed form: least squares on brightness, band by band, players left out.

A camera's move is a small, smooth change of the whole picture, which is better measured than learnt: nothing here has weights. Bands
are read apart because the stage's layers pass at different speeds. A plain band has nothing to hold on to, and its confidence says so.

Reference: Lucas and Kanade, An Iterative Image Registration Technique (IJCAI 1981), coarse to fine, with three parameters for each band
(across, up, growth). We add a ridge, so that a plain band says zero, and weights that fall with the error, so that what passes counts less.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

BANDS = ((0.0, 0.4), (0.3, 0.7), (0.6, 1.0), (0.0, 1.0))
"""Parts of the view's height that are read apart, from the top, and the whole."""
MOVES = 3
"""Across, up, growth."""
BACKGROUND_INPUTS = len(BANDS) * (MOVES + 1)
"""Numbers of one moment: the moves and the confidence of every band."""
SCALE = (40.0, 40.0, 40.0, 1.0)
"""Brings moves in an eighth of a second to about one."""
LEVELS = (8, 4, 2)
"""Shrinking of the picture at each pass; every pass goes on from the one before."""
ROUNDS = 2
"""Corrections at each level."""
RIDGE = 2e-3
"""Squared brightness over squared view heights that a pixel must vary by to be worth more than no move at all."""
PLAIN = 1e-2
"""The same, at which a band's confidence is one half."""
OUTLIER = 0.05
"""Error in brightness, of 1, at which a pixel's weight is one half."""
LONGEST_STEP = 0.1


@torch.no_grad()
def background_motion(canvas: Tensor, nobody: Tensor) -> Tensor:
    """What the background did since the frame before, (T, bands, 4); in float32, whatever surrounds it.

    Args:
        canvas: Frames in [-1, 1], (T, 3, H, W).
        nobody: How likely each cell is free of players, in [0, 1], (T, h, w).
    Returns:
        For each band: view heights that the camera went to the right and up, growth in log zoom, and confidence in [0, 1]. Layers far away
        pass slower than the camera goes. The first frame, which has no past, repeats the second; one frame alone says zero.
    """
    if len(canvas) < 2:
        return torch.zeros(len(canvas), len(BANDS), MOVES + 1, device=canvas.device)
    grey = canvas.float().mean(1, keepdim=True) / 2
    free = F.interpolate(nobody.unsqueeze(1).float(), size=grey.shape[-2:], mode="bilinear", align_corners=False).float().square()
    both = free[1:] * free[:-1]
    with torch.autocast(grey.device.type, enabled=False):
        moved = torch.stack([_band(grey, both, top, bottom) for top, bottom in BANDS], dim=1)
    return torch.cat([moved[:1], moved])


def background_numbers(background: Tensor) -> Tensor:
    """(T, bands, 4) as (16, T) of about unit size; moves count as far as they are sure."""
    sure = torch.cat([background[..., MOVES:].expand(-1, -1, MOVES), torch.ones_like(background[..., :1])], dim=-1)
    scale = torch.tensor(SCALE, device=background.device)
    return (background * sure * scale).clamp(-4, 4).flatten(1).T


def _band(grey: Tensor, free: Tensor, top: float, bottom: float) -> Tensor:
    """Motion of one band between neighbouring frames, (T - 1, 4)."""
    moves = grey.new_zeros(len(grey) - 1, MOVES)
    for level in LEVELS:
        frames, weight = F.avg_pool2d(grey, level), F.avg_pool2d(free, level)[:, 0]
        right, up = _places(frames.shape[-2], frames.shape[-1], grey.device)
        inside = weight * ((0.5 - up >= top) & (0.5 - up <= bottom))
        for _ in range(ROUNDS):
            correction, confidence = _correction(frames, inside, right, up, moves)
            moves = moves + correction
    return torch.cat([moves, confidence.unsqueeze(1)], dim=1)


def _places(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Where pixels lie, to the right and up from the middle in view heights, (H, W) each."""
    right = (torch.arange(width, device=device) + 0.5 - width / 2) / height
    up = 0.5 - (torch.arange(height, device=device) + 0.5) / height
    up, right = torch.meshgrid(up, right, indexing="ij")
    return right, up


def _correction(frames: Tensor, weight: Tensor, right: Tensor, up: Tensor, moves: Tensor) -> tuple[Tensor, Tensor]:
    """One least-squares correction of ``moves`` (T - 1, 3), and the confidence that the band's texture allows, (T - 1,)."""
    now, (height, width) = frames[1:, 0], frames.shape[-2:]
    across, rise, growth = (move.view(-1, 1, 1) for move in moves.unbind(1))
    shrunk = torch.exp(-growth)
    past_right, past_up = right * shrunk + across, up * shrunk + rise
    grid = torch.stack([past_right * 2 * height / width, -2 * past_up], dim=-1)
    past = F.grid_sample(frames[:-1], grid, mode="bilinear", padding_mode="border", align_corners=False)[:, 0]
    slope_right = (past.roll(-1, 2) - past.roll(1, 2)) / 2 * height
    slope_up = (past.roll(1, 1) - past.roll(-1, 1)) / 2 * height
    slopes = torch.stack([slope_right, slope_up, -slope_right * right - slope_up * up], dim=-1).flatten(1, 2)
    error = (now - past).flatten(1)
    trust = (weight * _inner(grid)).flatten(1) / (1 + (error / OUTLIER).square())
    count = trust.sum(1).clamp(min=1)
    normal = torch.einsum("tpi,tp,tpj->tij", slopes, trust, slopes) / count.view(-1, 1, 1)
    target = torch.einsum("tpi,tp,tp->ti", slopes, trust, error) / count.view(-1, 1)
    ridge = torch.diag(torch.tensor([1.0, 1.0, 0.1], device=frames.device)) * RIDGE
    correction = torch.linalg.solve(normal + ridge, target).clamp(-LONGEST_STEP, LONGEST_STEP)
    return correction, normal[:, 0, 0] / (normal[:, 0, 0] + PLAIN)


def _inner(grid: Tensor) -> Tensor:
    """1 where the earlier frame was looked at within its edges, and the pixel has neighbours on all sides."""
    inner = (grid.abs() <= 1).all(-1).float()
    inner[:, [0, -1]] = 0
    inner[:, :, [0, -1]] = 0
    return inner

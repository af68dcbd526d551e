"""What a latent frame recalls: the nearest one before it, and after it, that is known; where none is, its neighbour, as noisy as it is.

What stands still can then be taken over as it is, however narrow the tokens are. Whoever has moved on since is left out, where a layout
says so: what was behind them is not known.
"""

from __future__ import annotations

import torch
from torch import Tensor

KNOWN = 0.15
"""Noise up to which a latent frame counts as known: the most that training gives to a history."""


MOVED_ON = 0.1
"""Share of a cell that characters cover in the recalled latent frame and no longer, from which on the cell is not recalled."""


def recall(latents: Tensor, sigma: Tensor, *, covered: Tensor | None = None, causal: bool = False) -> Tensor:
    """What each latent frame of ``latents`` (B, C, t, h, w) recalls from before and from after it, (B, 2C, t, h, w).

    Before the first latent frame and after the last there is nothing.

    Args:
        latents: What is guessed of each latent frame by itself: the noisier it is the less there is of it.
        sigma: Noise of each latent frame, (B, t).
        covered: Share of each cell that characters cover, (B, t, h, w); None is not known.
        causal: Nothing is recalled from later frames.
    """
    before = from_before(latents, sigma <= KNOWN, covered)
    if causal:
        return torch.cat([before, torch.zeros_like(before)], dim=1)
    after = from_before(latents.flip(2), (sigma <= KNOWN).flip(1), None if covered is None else covered.flip(1)).flip(2)
    return torch.cat([before, after], dim=1)


def from_before(latents: Tensor, known: Tensor, covered: Tensor | None) -> Tensor:
    """What each latent frame recalls from before it, (B, C, t, h, w); arguments as for ``recall``."""
    numbers = nearest_before(known)
    recalled = taken(latents, numbers)
    if covered is None:
        return recalled
    return recalled * (taken(covered.unsqueeze(1), numbers) - covered.unsqueeze(1) < MOVED_ON)


def nearest_before(known: Tensor) -> Tensor:
    """For each frame of ``known`` (B, t) the last known one before it, else the one just before; -1 for the first. (B, t) int64."""
    frames = torch.arange(known.shape[1], device=known.device)
    last = torch.where(known, frames, -1).cummax(1).values.roll(1, dims=1)
    found = torch.where(last < 0, frames - 1, last)
    return torch.where(frames == 0, -1, found)


def taken(latents: Tensor, numbers: Tensor) -> Tensor:
    """Latent frame ``numbers`` (B, t) of ``latents`` for each latent frame; zeros where the number is -1."""
    at = numbers.clamp(min=0)[:, None, :, None, None].expand_as(latents)
    there: Tensor = (numbers >= 0)[:, None, :, None, None]
    return latents.gather(2, at) * there

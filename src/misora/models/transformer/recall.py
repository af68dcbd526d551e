"""What a latent frame recalls: the nearest one before it, and after it, that is known; where none is, its neighbour, as noisy as it is.

What stands still can then be taken over as it is, however narrow the tokens are.
"""

from __future__ import annotations

import torch
from torch import Tensor

KNOWN = 0.15
"""Noise up to which a latent frame counts as known: the most that training gives to a history."""


def recall(latents: Tensor, sigma: Tensor, *, causal: bool = False) -> Tensor:
    """What each latent frame of ``latents`` (B, C, t, h, w) recalls from before and from after it, (B, 2C, t, h, w).

    Before the first latent frame and after the last there is nothing.

    Args:
        latents: What is guessed of each latent frame by itself: the noisier it is the less there is of it.
        sigma: Noise of each latent frame, (B, t).
        causal: Nothing is recalled from later frames.
    """
    before = taken(latents, nearest_before(sigma <= KNOWN))
    if causal:
        return torch.cat([before, torch.zeros_like(before)], dim=1)
    after = taken(latents.flip(2), nearest_before((sigma <= KNOWN).flip(1))).flip(2)
    return torch.cat([before, after], dim=1)


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

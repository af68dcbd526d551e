"""The convention, stated once: ``x_sigma = (1 - sigma) x0 + sigma noise``, ``velocity = noise - x0``; sigma 1 is pure noise.

``sigma`` is a number, a scalar tensor, or one level for each latent frame, (B, t).

Reference:
    Lipman et al., Flow Matching for Generative Modeling, arXiv:2210.02747; Liu et al., Rectified Flow, arXiv:2209.03003
    (our sigma is their 1 - t).
"""

from __future__ import annotations

import torch
from torch import Tensor

MIN_SIGMA = 0.05


def spread(sigma: Tensor | float, like: Tensor) -> Tensor:
    """``sigma`` shaped to broadcast against ``like``: (B, t) becomes (B, 1, t, 1, 1), a number stays a scalar."""
    level = torch.as_tensor(sigma, device=like.device)
    return level if level.ndim == 0 else level[:, None, :, None, None]


def add_noise(x0: Tensor, noise: Tensor, sigma: Tensor | float) -> Tensor:
    """``x_sigma``: the straight line from data to noise, (B, C, t, h, w)."""
    level = spread(sigma, x0)
    return (1 - level) * x0 + level * noise


def velocity_target(x0: Tensor, noise: Tensor) -> Tensor:
    """The line's slope in sigma, ``noise - x0``."""
    return noise - x0


def to_x0(x: Tensor, velocity: Tensor, sigma: Tensor | float) -> Tensor:
    """Where the line through ``x`` with this velocity meets the data."""
    return x - spread(sigma, x) * velocity


def velocity_from_x0(x: Tensor, x0: Tensor, sigma: Tensor | float, min_sigma: float = MIN_SIGMA) -> Tensor:
    """The velocity of the line from ``x0`` through ``x``.

    Args:
        min_sigma: Floor of the divisor; below it the velocity is too short, which keeps the loss's weight bounded.
    Reference:
        Li & He, Back to Basics: Let Denoising Generative Models Denoise, arXiv:2511.13720.
    """
    return (x - x0) / spread(sigma, x).clamp(min=min_sigma)


def wiener_error(sigma: Tensor, deviation: Tensor) -> Tensor:
    """Mean squared error of the clean latents that is left when all one knows is each channel's size; the shape of ``sigma``.

    A loss divided by it counts every noise level alike, whatever the spectrum of the latents.

    Args:
        sigma: Noise levels, any shape.
        deviation: Standard deviation of each channel, (C,).
    """
    level, power = sigma.unsqueeze(-1), deviation.square()
    return (power * level.square() / (power * (1 - level).square() + level.square()).clamp(min=1e-12)).mean(-1)

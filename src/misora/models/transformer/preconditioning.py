"""What the network need not learn: how far each channel of a noisy latent can be trusted, from its size and the noise alone.

The best guess of clean latents that looks at one number at a time is the Wiener filter: ``x`` scaled down, more so the smaller the
channel and the larger the noise. The network adds to it, in units of what the filter leaves. So its input and its target have unit
variance at every noise level and in every channel, and an untrained network is the filter.

Reference:
    Karras et al., Elucidating the Design Space, section 5, arXiv:2206.00364, which does this with one size for all channels.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

MIN_POWER = 1e-6
"""Floor of a channel's variance: one that never moves would divide by zero without noise."""


class Preconditioning(NamedTuple):
    """Factors for one batch, each (B, C, t, 1, 1), float32.

    Args:
        input: Brings noisy latents to unit variance.
        skip: The filter's velocity is ``skip * x``.
        output: What one unit of the network's output takes off the velocity.
        guess: Brings noisy latents to the filter's guess of the clean ones, in sizes of their channels.
    """

    input: Tensor
    skip: Tensor
    output: Tensor
    guess: Tensor


def precondition(sigma: Tensor, deviation: Tensor) -> Preconditioning:
    """The factors at noise levels ``sigma`` (B, t) for channels of standard deviation ``deviation`` (C,).

    With p the variance, clean latents are guessed as ``p (1 - sigma) / v x + sqrt(p sigma^2 / v) output``, where
    ``v = p (1 - sigma)^2 + sigma^2`` is the variance of x. The velocity (x - x0) / sigma of that guess needs no division by sigma.
    """
    level = sigma.float()[:, None, :, None, None]
    power = deviation.float().square().clamp(min=MIN_POWER)[None, :, None, None, None]
    variance = power * (1 - level).square() + level.square()
    skip, size = (level - power * (1 - level)) / variance, power.sqrt()
    return Preconditioning(variance.rsqrt(), skip, size * variance.rsqrt(), size * (1 - level) / variance)

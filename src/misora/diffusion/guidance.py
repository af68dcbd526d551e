"""Classifier-free guidance: away from the unconditional prediction, only at the noise levels where it helps.

Reference:
    Ho & Salimans, Classifier-Free Diffusion Guidance, arXiv:2207.12598; Kynkäänniemi et al., Applying Guidance in a Limited Interval,
    arXiv:2404.07724; Lin et al., Common Diffusion Noise Schedules are Flawed (rescaling), arXiv:2305.08891.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from misora.diffusion.flow import spread
from misora.diffusion.samplers import Denoiser

PairDenoiser = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(x, sigma (B, t)) to the conditional and the unconditional velocity, from one batched call."""

INTERVAL = (0.2, 0.9)


def with_guidance(
    denoise: Denoiser, denoise_pair: PairDenoiser, scale: float, *, interval: tuple[float, float] = INTERVAL, rescale: float = 0.0
) -> Denoiser:
    """A denoiser guided by ``scale``; frames outside ``interval`` keep the conditional velocity.

    Args:
        denoise: Conditional alone, used where no frame needs guidance: half the cost.
        denoise_pair: Conditional and unconditional.
        scale: 1 is off.
        rescale: 0 to 1, how much of each frame's standard deviation is brought back to the conditional one.
    """
    low, high = interval

    def guided(x: Tensor, sigma: Tensor) -> Tensor:
        inside = (sigma >= low) & (sigma <= high)
        if scale == 1 or not bool(inside.any()):
            return denoise(x, sigma)
        conditional, unconditional = denoise_pair(x, sigma)
        combined = unconditional + scale * (conditional - unconditional)
        if rescale:
            combined = combined * torch.lerp(torch.ones_like(spread(sigma, x)), spread_ratio(conditional, combined), rescale)
        return torch.where(spread(inside, x), combined, conditional)

    return guided


def spread_ratio(wanted: Tensor, given: Tensor) -> Tensor:
    """Standard deviation of ``wanted`` over that of ``given`` in each latent frame, (B, 1, t, 1, 1)."""
    over = (1, 3, 4)
    return wanted.std(over, keepdim=True) / given.std(over, keepdim=True).clamp(min=1e-8)

"""Samplers: walk a denoiser's velocity from noise to data, every latent frame on its own schedule.

All have one signature. A frame whose level does not change in a step is not touched by it, bit for bit, so pinned frames survive.
Arithmetic is in float32 (or wider, if ``x`` is); the result has ``x``'s dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from misora.diffusion.flow import spread, to_x0

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""(x (B, C, t, h, w), sigma (B, t)) to velocity, the shape of x."""

Constrain = Callable[[Tensor, Tensor], Tensor]
"""(x, sigma (B, t)) to x, after each step: where a pipeline puts back what a mask holds."""


@dataclass(frozen=True, slots=True, eq=False)
class SamplerStep:
    """State after a step, for progress and previews.

    Args:
        index: 0 for the first step, ``total`` - 1 for the last.
        x: Latents at ``sigma_next``.
        x0: The clean latents as the step's first evaluation guessed them.
        sigma, sigma_next: (B, t).
    """

    index: int
    total: int
    x: Tensor
    x0: Tensor
    sigma: Tensor
    sigma_next: Tensor


Callback = Callable[[SamplerStep], None]


Fresh = Callable[[int], Tensor]
"""The number of a step to standard normal noise like x: always the same for a number, so that an interrupted walk goes on as before."""


class Sampler(Protocol):
    """What every sampler looks like; see ``sample_euler``."""

    def __call__(
        self, denoise: Denoiser, x: Tensor, sigmas: Tensor, callback: Callback | None = None, constrain: Constrain | None = None
    ) -> Tensor: ...


Direction = Callable[[Denoiser, Tensor, Tensor, Tensor, Tensor], Tensor]
"""(denoise, x, velocity at x, sigma, sigma_next) to the velocity to step along."""


def sample_euler(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, callback: Callback | None = None, constrain: Constrain | None = None
) -> Tensor:
    """First order: one evaluation a step.

    Args:
        x: Latents at ``sigmas[0]``, (B, C, t, h, w).
        sigmas: Descending levels, (steps + 1,), or one schedule for each latent frame, (steps + 1, B, t).
        callback: Receives every step; what it raises stops the sampling.
        constrain: Applied to ``x`` after every step.
    Returns:
        Latents at ``sigmas[-1]``.
    Reference:
        Lipman et al., Flow Matching, arXiv:2210.02747.
    """
    return walk(euler_direction, denoise, x, sigmas, callback, constrain)


def sample_heun(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, callback: Callback | None = None, constrain: Constrain | None = None
) -> Tensor:
    """Second order: the mean of the velocities at both ends of a step, two evaluations a step; arguments as ``sample_euler``.

    Steps that end at sigma 0 are Euler's: a velocity made from predicted data has no meaning there.

    Reference:
        Karras et al., Elucidating the Design Space, algorithm 1, arXiv:2206.00364.
    """
    return walk(heun_direction, denoise, x, sigmas, callback, constrain)


@dataclass(frozen=True, slots=True)
class AncestralSampler:
    """First order with new noise in each step, as much of it as the step takes away from what is known of the old.

    Walked straight on, a young network settles what is where cell by cell, and a sky gets a sun in each of two cells that both began
    likely. New noise asks again: what one cell shows, the others hear of before they have settled.

    Args:
        fresh: Where the noise comes from.
    Reference:
        Ho et al., Denoising Diffusion Probabilistic Models (the posterior of a step), arXiv:2006.11239, in the form of Karras et al.,
        arXiv:2206.00364.
    """

    fresh: Fresh

    def __call__(
        self, denoise: Denoiser, x: Tensor, sigmas: Tensor, callback: Callback | None = None, constrain: Constrain | None = None
    ) -> Tensor:
        """Arguments as ``sample_euler``; a step that ends at sigma 0 is Euler's."""
        return walk(euler_direction, denoise, x, sigmas, callback, constrain, self.fresh)


def walk(
    direction: Direction,
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    callback: Callback | None,
    constrain: Constrain | None,
    fresh: Fresh | None = None,
) -> Tensor:
    """The loop that all samplers share."""
    dtype = x.dtype
    x = x.to(torch.promote_types(dtype, torch.float32))
    levels = per_frame(sigmas, x)
    total = len(levels) - 1
    for index in range(total):
        sigma, sigma_next = levels[index], levels[index + 1]
        velocity = denoise(x, sigma).to(x.dtype)
        x0 = to_x0(x, velocity, sigma)
        x = step_along(x, direction(denoise, x, velocity, sigma, sigma_next), sigma, sigma_next)
        if fresh is not None:
            x = renewed(x, x0, fresh(index).to(x), sigma, sigma_next)
        if constrain is not None:
            x = constrain(x, sigma_next)
        if callback is not None:
            callback(SamplerStep(index, total, x, x0, sigma, sigma_next))
    return x.to(dtype)


def euler_direction(denoise: Denoiser, x: Tensor, velocity: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """The velocity where we stand."""
    return velocity


def heun_direction(denoise: Denoiser, x: Tensor, velocity: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """The mean of the velocity here and the one at Euler's next point."""
    corrected = (sigma_next > 0) & (sigma_next != sigma)
    if not bool(corrected.any()):
        return velocity
    ahead = denoise(step_along(x, velocity, sigma, sigma_next), sigma_next).to(x.dtype)
    return torch.where(spread(corrected, x), (velocity + ahead) / 2, velocity)


def step_along(x: Tensor, velocity: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """``x`` moved from ``sigma`` to ``sigma_next`` (B, t); frames whose level stays are returned as they are."""
    change = spread(sigma_next - sigma, x)
    return torch.where(change == 0, x, x + change * velocity)


def renewed(x: Tensor, x0: Tensor, noise: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """``x`` at ``sigma_next`` (B, t) with the share of its noise that DDPM's posterior does not keep of ``sigma``'s drawn anew."""
    ratio = (sigma_next * (1 - sigma) / (sigma * (1 - sigma_next)).clamp(min=1e-6)).clamp(0, 1)  # of noise to picture, after to before
    kept = spread(ratio, x)
    clean = (1 - spread(sigma_next, x)) * x0
    mixed = clean + kept * (x - clean) + (1 - kept.square()).sqrt() * spread(sigma_next, x) * noise
    return torch.where(spread((sigma_next == sigma) | (sigma_next == 0), x), x, mixed)


def per_frame(sigmas: Tensor, x: Tensor) -> Tensor:
    """``sigmas`` as (steps + 1, B, t) on ``x``'s device and in its dtype."""
    levels = sigmas.to(x)
    if levels.ndim == 1:
        levels = levels[:, None, None].expand(-1, x.shape[0], x.shape[2])
    return levels

"""Which noise levels: descending for sampling, random for training; each latent frame may have its own.

Reference:
    Esser et al., Scaling Rectified Flow Transformers (logit-normal levels, resolution shift), arXiv:2403.03206;
    Chen et al., Diffusion Forcing (a level for every frame), arXiv:2407.01392; Song et al., History-Guided Video Diffusion,
    arXiv:2502.06764.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def shift_sigma(sigma: Tensor, shift: float) -> Tensor:
    """``sigma`` moved towards noise by ``shift`` > 1, towards data by ``shift`` < 1; 0 and 1 stay."""
    return shift * sigma / (1 + (shift - 1) * sigma)


LOUD_SHIFT = 2.0
"""The latents' loudest channels, sky and ground, are several times as loud as noise: what is where is settled at high levels."""


def resolution_shift(tokens_per_frame: int) -> float:
    """Shift that keeps the signal-to-noise ratio of a whole frame alike across canvas sizes; ``LOUD_SHIFT`` at 64 tokens."""
    return LOUD_SHIFT * math.sqrt(tokens_per_frame * 64 / 4096)


def shifted(steps: int, shift: float = 1.0, last: float = 0.0) -> Tensor:
    """``steps`` + 1 levels, from 1 down to 0.

    Args:
        last: Level from which the last step goes straight to 0: a young network knows what is where, and below that level invents for each
            cell details of its own, while the mean that it guesses from there is one picture. 0 spaces all steps alike.
    """
    if last == 0:
        return shift_sigma(torch.linspace(1.0, 0.0, steps + 1), shift)
    lowest = float(shift_sigma(torch.tensor(last), 1 / shift))
    return torch.cat([shift_sigma(torch.linspace(1.0, lowest, steps), shift), torch.zeros(1)])


def for_frames(sigmas: Tensor, strength: Tensor) -> Tensor:
    """A schedule for each latent frame: a frame known with ``strength`` s waits at 1 - s until the others come down to it.

    Args:
        sigmas: (steps + 1,).
        strength: (B, t), 0 is generated from noise, 1 is never touched.
    Returns:
        (steps + 1, B, t).
    """
    return torch.minimum(sigmas[:, None, None].to(strength), 1 - strength)


def logit_normal(shape: tuple[int, ...], shift: float = 1.0, generator: torch.Generator | None = None, *, width: float = 1.0) -> Tensor:
    """Random levels: the logistic of a normal of standard deviation ``width``, shifted."""
    return shift_sigma((width * torch.randn(shape, generator=generator)).sigmoid(), shift)


def spread_logit_normal(batch: int, shift: float = 1.0, generator: torch.Generator | None = None, *, width: float = 1.0) -> Tensor:
    """Levels of the same distribution for a batch, (batch, 1): one from each of ``batch`` equally likely slices, in random order.

    A batch of ten clips then always holds quiet and loud ones, and its gradient wanders less.

    Reference:
        Kingma et al., Variational Diffusion Models (low-discrepancy sampler), arXiv:2107.00630.
    """
    slices = torch.randperm(batch, generator=generator) + torch.rand(batch, generator=generator)
    quantiles = (slices / batch).clamp(1e-6, 1 - 1e-6).unsqueeze(1)
    return shift_sigma((width * torch.special.ndtri(quantiles)).sigmoid(), shift)


@dataclass(frozen=True, slots=True)
class NoiseMix:
    """How training spreads noise over a clip's latent frames.

    Args:
        frontier: Share of clips with a history: frames before a random one are nearly clean, it and those after it are not.
        together: Share of those clips whose unknown frames have one level, as in sampling; in the others they are independent.
        shared: Share of clips with one level for all frames; the rest are independent in every frame.
        history_noise: History levels are uniform from 0 to this.
        history_dropout: Share of histories replaced by pure noise, for guidance over history.
        backward: Share of frontier clips that are mirrored in time: the end is known, the beginning is not.
        shared_shift: Extra shift where all frames share a level, since neighbours then no longer help each other.
        width: Of the logit-normal levels.
    """

    frontier: float = 0.30
    together: float = 0.85
    shared: float = 0.60
    history_noise: float = 0.15
    history_dropout: float = 0.10
    backward: float = 0.15
    shared_shift: float = 1.5
    width: float = 1.3


def frame_noise_levels(
    batch: int, frames: int, generator: torch.Generator | None = None, *, shift: float = 1.0, mix: NoiseMix | None = None
) -> Tensor:
    """Training noise levels for each latent frame of each clip, (batch, frames), on the CPU.

    Args:
        shift: Of the logit-normal levels; see ``resolution_shift``.
    """
    mix = mix or NoiseMix()
    kind = torch.rand((batch, 1), generator=generator)
    levels = logit_normal((batch, frames), shift, generator, width=mix.width)
    shared = spread_logit_normal(batch, shift * mix.shared_shift if frames > 1 else shift, generator, width=mix.width)
    together = torch.rand((batch, 1), generator=generator) < mix.together
    frontier = with_history(torch.where(together, shared, levels), mix, generator)
    levels = torch.where(kind < mix.frontier, frontier, levels)
    return torch.where(kind >= 1 - mix.shared, shared, levels)


def with_history(levels: Tensor, mix: NoiseMix, generator: torch.Generator | None) -> Tensor:
    """``levels`` (B, t) with the frames before a random one made nearly clean, or, as dropout, pure noise."""
    batch, frames = levels.shape
    first_unknown = torch.randint(0, frames, (batch, 1), generator=generator)
    history = torch.rand((batch, frames), generator=generator) * mix.history_noise
    dropped = torch.rand((batch, 1), generator=generator) < mix.history_dropout
    mirrored = torch.rand((batch, 1), generator=generator) < mix.backward
    index = torch.arange(frames)
    position = torch.where(mirrored, frames - 1 - index, index)
    return torch.where(position < first_unknown, torch.where(dropped, torch.ones(()), history), levels)

"""What the autoencoder is asked to keep: values, edges and motion, with more weight on players."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import torch
from torch import Tensor


def fused(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``loss`` compiled into one pass over memory where a C++ compiler is at hand, else ``loss`` itself.

    On two cores the eager reconstruction loss took a third of a training step, nearly all of it memory traffic.
    """
    return torch.compile(loss) if shutil.which("g++") else loss


def charbonnier(x: Tensor, y: Tensor, weight: Tensor, epsilon: float = 0.01) -> Tensor:
    """Weighted mean of ``sqrt((x - y)^2 + epsilon^2) - epsilon``: squared near zero, absolute far out.

    Args:
        x, y: (B, 3, T, H, W).
        weight: Broadcastable to them.
    """
    error = ((x - y).square() + epsilon**2).sqrt() - epsilon
    return (error * weight).mean()


def edges(x: Tensor) -> tuple[Tensor, Tensor]:
    """Differences to the right and downwards of (..., H, W)."""
    return x[..., :, 1:] - x[..., :, :-1], x[..., 1:, :] - x[..., :-1, :]


def pictures(output: Tensor, target: Tensor, weight: Tensor, epsilon: float = 0.01) -> Tensor:
    """Charbonnier on values, plus half of it on edges; arguments as in ``reconstruction``, time left out or not."""
    (right, down), (right_target, down_target) = edges(output), edges(target)
    total = charbonnier(output, target, weight, epsilon)
    total = total + 0.5 * charbonnier(right, right_target, weight[..., :, 1:])
    return total + 0.5 * charbonnier(down, down_target, weight[..., 1:, :])


def reconstruction(output: Tensor, target: Tensor, weight: Tensor, epsilon: float = 0.01) -> Tensor:
    """Charbonnier on values, plus half of it on edges in space and on change in time.

    Args:
        output, target: (B, 3, T, H, W) in [-1, 1].
        weight: (B, 1, T, H, W).
        epsilon: Errors of values that are smaller count squared.
    """
    total = pictures(output, target, weight, epsilon)
    change, change_target = output[:, :, 1:] - output[:, :, :-1], target[:, :, 1:] - target[:, :, :-1]
    return total + 0.5 * charbonnier(change, change_target, weight[:, :, 1:])


def psnr(output: Tensor, target: Tensor, mask: Tensor | None = None) -> float:
    """Peak signal-to-noise ratio in dB of pixels in [-1, 1], inside ``mask`` (broadcastable bool) when given."""
    error = (output.float().clamp(-1, 1) - target.float()).square()
    mean = error.mean() if mask is None else (error * mask).sum() / (mask.expand_as(error).sum() + 1e-9)
    return float(10 * torch.log10(4 / (mean + 1e-9)))

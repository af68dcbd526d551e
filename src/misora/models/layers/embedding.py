"""Scalars (noise level, frame rate) as vectors: sinusoids, then a two-layer map."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def sinusoid(values: Tensor, dim: int, max_period: float = 10_000.0) -> Tensor:
    """Cosines and sines of ``values`` at ``dim / 2`` frequencies from 1 down to 1 / ``max_period``.

    Args:
        values: Any shape.
    Returns:
        The shape of ``values`` plus (dim,), float32.
    """
    half = dim // 2
    frequencies = torch.exp(-math.log(max_period) / half * torch.arange(half, device=values.device, dtype=torch.float32))
    angles = values.float().unsqueeze(-1) * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class ScalarEmbedding(nn.Module):
    """A scalar times ``scale`` as a vector of width ``dim``.

    Args:
        scale: Brings the scalar to the range of a few hundred to a thousand that the sinusoids resolve.
    """

    def __init__(self, dim: int, scale: float, frequency_dim: int = 128) -> None:
        super().__init__()
        self.scale = scale
        self.frequency_dim = frequency_dim
        self.first = nn.Linear(frequency_dim, dim, bias=False)
        self.second = nn.Linear(dim, dim, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        features = sinusoid(values.float() * self.scale, self.frequency_dim).to(self.first.weight.dtype)
        out: Tensor = self.second(F.silu(self.first(features)))
        return out

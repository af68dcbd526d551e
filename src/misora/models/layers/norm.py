"""Root-mean-square normalisation over the last dimension, computed in float32 and returned in the input's dtype."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def rms_norm(x: Tensor, weight: Tensor | None = None, eps: float = 1e-6) -> Tensor:
    """``x`` scaled to unit root mean square over its last dimension, then by ``weight``.

    Written out rather than ``F.rms_norm`` so that ``torch.compile`` fuses it with the modulation that follows.

    Reference:
        Zhang & Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467.
    """
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    normed = x * torch.rsqrt(length.square() / x.shape[-1] + eps)
    if weight is not None:
        normed = normed * weight
    return normed.to(x.dtype)


class RmsNorm(nn.Module):
    """``rms_norm`` with a learned gain of width ``dim``."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.weight)

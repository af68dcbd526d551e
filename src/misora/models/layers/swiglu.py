"""The gated feed-forward layer: ``down(silu(gate(x)) * up(x))``, gate and up in one matrix."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class SwiGlu(nn.Module):
    """SwiGLU of width ``dim`` and hidden width ``hidden_dim``, without biases.

    Reference:
        Shazeer, GLU Variants Improve Transformer, arXiv:2002.05202.
    """

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.gate_up = nn.Linear(dim, 2 * hidden_dim, bias=False)
        self.down = nn.Linear(hidden_dim, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        out: Tensor = self.down(F.silu(gate) * up)
        return out

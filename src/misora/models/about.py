"""What a caption says of each player: its words are asked for somebody's name.

"A dog runs to the left and a cat jumps" says two things of two players. A vector of the whole caption would have to keep them apart; here
each player's name looks for its own words, and what stands beside them comes along.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.models.layers.norm import RmsNorm
from misora.models.layers.swiglu import SwiGlu
from misora.models.text_encoder.model import EncodedText

LOOKS = 2
"""How often the words are looked at: once for the name, once for what was found beside it."""


class Look(nn.Module):
    """Attention from players to words, then a SwiGLU; both add to what is known already."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = RmsNorm(dim)
        self.query = nn.Linear(dim, dim, bias=False)
        self.words = nn.Linear(dim, 2 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)
        self.mlp_norm = RmsNorm(dim)
        self.mlp = SwiGlu(dim, 2 * dim)

    def forward(self, x: Tensor, text: EncodedText) -> Tensor:
        """(B, P, D) to (B, P, D)."""
        query = self.query(self.norm(x)).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        keys, values = self.words(text.tokens).unflatten(-1, (2, self.heads, -1)).transpose(1, 3).unbind(2)
        found = F.scaled_dot_product_attention(query, keys, values, attn_mask=text.mask[:, None, None])
        x = x + self.out(found.transpose(1, 2).flatten(2))
        out: Tensor = x + self.mlp(self.mlp_norm(x))
        return out


class About(nn.Module):
    """Players' names and a caption to what it says of each."""

    def __init__(self, classes: int, dim: int, heads: int) -> None:
        super().__init__()
        self.name = nn.Parameter(torch.zeros(classes + 1, dim))
        self.looks = nn.ModuleList(Look(dim, heads) for _ in range(LOOKS))
        self.norm = RmsNorm(dim)

    def forward(self, who: Tensor, text: EncodedText) -> Tensor:
        """What ``text`` says, (B, P, D).

        Args:
            who: Class of each slot, (B, P), 0 where nobody is.
        """
        x = F.embedding(who, self.name)
        for look in self.looks:
            x = look(x, text)
        out: Tensor = self.norm(x)
        return out

"""A small bidirectional transformer over hashed features: tokens for the prefix, one pooled vector for modulation.

A learned token comes first in every text, so that empty text (the unconditional prompt) is a text like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.models.layers.norm import RmsNorm
from misora.models.layers.swiglu import SwiGlu
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.tokenizer import FEATURES, tokenize


class EncodedText(NamedTuple):
    """What the transformer reads.

    Args:
        tokens: (B, L, out_dim), L at least 1.
        mask: (B, L), True where a token counts; the first always does.
        pooled: (B, out_dim).
    """

    tokens: Tensor
    mask: Tensor
    pooled: Tensor


class TextLayer(nn.Module):
    """Pre-norm bidirectional attention and SwiGLU."""

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.attention_norm = RmsNorm(config.dim)
        self.qkv = nn.Linear(config.dim, 3 * config.dim, bias=False)
        self.out = nn.Linear(config.dim, config.dim, bias=False)
        self.mlp_norm = RmsNorm(config.dim)
        self.mlp = SwiGlu(config.dim, config.mlp_dim)

    def forward(self, x: Tensor, keep_mask: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D); ``keep_mask`` (B, 1, 1, L) is True where a key counts."""
        qkv = self.qkv(self.attention_norm(x)).unflatten(-1, (3, self.heads, -1))
        q, k, v = qkv.transpose(1, 3).unbind(2)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=keep_mask)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        out: Tensor = x + self.mlp(self.mlp_norm(x))
        return out


class TextEncoder(nn.Module):
    """Texts as tokens and a pooled vector.

    Reference:
        Our own design; hashing after Svenstrup et al., Hash Embeddings, arXiv:1709.03933.
    """

    def __init__(self, config: TextEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.table = nn.Embedding(config.table_size, config.dim, padding_idx=0)
        self.null_token = nn.Parameter(torch.randn(config.dim) * 0.3)
        self.positions = nn.Parameter(torch.randn(1 + config.max_tokens, config.dim) * 0.05)
        span = 2 * config.neighbours + 1
        self.near = nn.Conv1d(config.dim, config.dim, span, padding="same", bias=False) if config.neighbours else None
        if self.near is not None:
            nn.init.zeros_(self.near.weight)
        self.layers = nn.ModuleList(TextLayer(config) for _ in range(config.layers))
        self.norm = RmsNorm(config.dim)
        self.token_out = nn.Linear(config.dim, config.out_dim, bias=False)
        self.pooled_out = nn.Linear(config.dim, config.out_dim, bias=False)

    def forward(self, features: Tensor) -> EncodedText:
        """Encodes hashed features.

        Args:
            features: Table rows, (B, tokens, 8), 0 is padding; as ``collate`` makes them. Zero tokens is empty text.
        """
        used = features != 0
        count = used.sum(-1, keepdim=True)
        words = (self.table(features) * used.unsqueeze(-1)).sum(2) / count.clamp(min=1)
        x = torch.cat([self.null_token.expand(len(features), 1, -1), words], dim=1)
        x = x + self.positions[: x.shape[1]]
        mask = F.pad(count.squeeze(-1) > 0, (1, 0), value=True)
        if self.near is not None:
            x = x + self.near((x * mask.unsqueeze(-1)).transpose(1, 2)).transpose(1, 2)
        for layer in self.layers:
            x = layer(x, mask[:, None, None])
        x = self.norm(x)
        pooled = (x * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
        return EncodedText(self.token_out(x), mask, self.pooled_out(pooled.to(x.dtype)))

    def encode(self, texts: Sequence[str], pad_to: int = 0) -> EncodedText:
        """Encodes ``texts`` on the model's device, padded as ``collate`` does."""
        encoded: EncodedText = self(self.collate(texts, pad_to).to(self.positions.device))
        return encoded

    def collate(self, texts: Sequence[str], pad_to: int = 0) -> Tensor:
        """Hashed features of ``texts``: (B, tokens, 8), int64, on the CPU.

        Args:
            pad_to: Tokens to pad to, or to the longest text if that is longer. 0 trims, which is quickest; a fixed number keeps a compiled
                model from compiling again for every length.
        """
        rows = [tokenize(text, self.config.max_tokens, self.config.table_size) for text in texts]
        batch = np.zeros((len(rows), max([pad_to, *map(len, rows)]), FEATURES), dtype=np.int64)
        for target, row in zip(batch, rows, strict=True):
            target[: len(row)] = row
        return torch.from_numpy(batch)

"""The text encoder's sizes as data; no torch."""

from __future__ import annotations

from dataclasses import dataclass

from misora.base.errors import InputError
from misora.models.text_encoder.tokenizer import MAX_TOKENS, TABLE_SIZE


@dataclass(frozen=True, slots=True)
class TextEncoderConfig:
    """Sizes of a ``TextEncoder``.

    Args:
        table_size: Rows of the feature table, padding row included.
        dim: Width inside.
        layers, heads: Of the transformer.
        max_tokens: Longest text; one learned token comes before it.
        out_dim: Width of the tokens and of the pooled vector that leave.
        neighbours: Tokens on either side that are mixed into each before attention: who does what stands mostly side by side.
    """

    table_size: int = TABLE_SIZE
    dim: int = 192
    layers: int = 2
    heads: int = 3
    max_tokens: int = MAX_TOKENS
    out_dim: int = 192
    neighbours: int = 0

    def __post_init__(self) -> None:
        if self.dim % self.heads:
            raise InputError(f"text_encoder.dim={self.dim} does not divide by heads={self.heads}", field="heads")

    @property
    def mlp_dim(self) -> int:
        """Hidden width of the SwiGLU: 8/3 of ``dim``, as many weights as a plain layer of 4 ``dim``."""
        return self.dim * 8 // 3

"""Attention of video tokens over the text and over each other, with normalised, rotated queries and keys."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.models.layers.norm import rms_norm
from misora.models.layers.rotary import Rotary, rotate
from misora.models.transformer.blockwise import attend_in_blocks, is_quicker
from misora.models.transformer.config import TransformerConfig

MAX_EXPLICIT_KEYS = 1024
"""Longest sequence whose scores are held in memory while training on a CPU: 134 MB for 16 clips of 4 heads in bf16."""


class JointAttention(nn.Module):
    """Queries from video tokens; keys and values from the sequence of text, then video.

    The text is a prefix that is read and never written, so padded or future tokens cannot leak through it.

    Reference:
        Vaswani et al., arXiv:1706.03762; QK norm: Dehghani et al., ViT-22B, arXiv:2302.05442.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.dim, config.dim, bias=False)
        self.key_value = nn.Linear(config.dim, 2 * config.dim, bias=False)
        self.out = nn.Linear(config.dim, config.dim, bias=False)
        self.query_gain = nn.Parameter(torch.ones(config.head_dim))
        self.key_gain = nn.Parameter(torch.ones(config.head_dim))

    def forward(self, video: Tensor, text: Tensor, rotary: Rotary, keep_mask: Tensor | None, causal: bool) -> Tensor:
        """Attended video tokens.

        Args:
            video: (B, t, s, D), s tokens in each of t latent frames.
            text: (B, L, D).
            rotary: Angles of text and video tokens, L + t s of them.
            keep_mask: (B, 1, 1, L + t s), True where a key counts; None when all do.
            causal: Whether frame i sees only frames up to i.
        Returns:
            (B, t, s, D).
        """
        batch, frames, cells, dim = video.shape
        prefix = text.shape[1]
        x = video.flatten(1, 2)
        q = self.query(x).unflatten(-1, (self.heads, -1))
        k, v = self.key_value(torch.cat([text, x], dim=1)).unflatten(-1, (2, self.heads, -1)).unbind(2)
        q = rotate(rms_norm(q, self.query_gain), Rotary(rotary.cos[:, prefix:], rotary.sin[:, prefix:])).transpose(1, 2)
        k = rotate(rms_norm(k, self.key_gain), rotary).transpose(1, 2)
        attend = attend_causally if causal and frames > 1 else attend_fully
        mixed = attend(q, k, v.transpose(1, 2), keep_mask, cells, prefix)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, frames, cells, dim))
        return out


def attend_fully(q: Tensor, k: Tensor, v: Tensor, keep_mask: Tensor | None, cells: int, prefix: int) -> Tensor:
    """Every query over every kept key; all (B, heads, L, head_dim)."""
    return attend(q, k, v, keep_mask)


def attend_causally(q: Tensor, k: Tensor, v: Tensor, keep_mask: Tensor | None, cells: int, prefix: int) -> Tensor:
    """Frame by frame over the text and the frames so far: half the work, and no dense mask.

    Args:
        cells: Queries in each frame.
        prefix: Keys that every frame sees.
    """
    mixed = []
    for start in range(0, q.shape[2], cells):
        seen = prefix + start + cells
        mask = None if keep_mask is None else keep_mask[..., :seen]
        mixed.append(attend(q[:, :, start : start + cells], k[:, :, :seen], v[:, :, :seen], mask))
    return torch.cat(mixed, dim=2)


def attend(q: Tensor, k: Tensor, v: Tensor, keep_mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention by whichever route is quicker here."""
    # One layer, forward + backward, 16 x 4 heads x 320 queries x 344 keys, bf16, one Xeon thread with AMX: torch's flash attention
    # 120 ms (its backward runs below 50 GFLOP/s), written out 44, compiled 38; a (B, 1, 1, L) mask adds 5, a dense one 25.
    # Without gradients, one EPYC thread with AVX-512 bf16, 1 x 4 heads x 2,730 queries x 2,764 keys: flash attention 114 ms, blocks 68;
    # of 728 x 762: 10 and 6.4. One Xeon thread with AMX: 21 ms and 51, 2.0 and 5.4. Both keep memory linear in the clip's length.
    written_out = torch.is_grad_enabled() or torch.compiler.is_compiling()  # the blocks would be cut out of what is compiled
    if q.device.type == "cpu" and written_out and k.shape[2] <= MAX_EXPLICIT_KEYS:
        explicit: Tensor = ExplicitAttention.apply(q, k, v, keep_mask)  # type: ignore[no-untyped-call]
        return explicit
    if is_quicker(q):
        return attend_in_blocks(q, k, v, keep_mask)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=keep_mask)


class ExplicitAttention(torch.autograd.Function):
    """softmax(q k^T / sqrt(head_dim)) v by plain matrix products, scores kept in the dtype of ``q``.

    The gradient is written out because autograd's own yields that of ``k`` transposed, which costs the layers before it dearly.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, keep_mask: Tensor | None) -> Tensor:
        scaled = q * q.shape[-1] ** -0.5
        scores = scaled @ k.transpose(-1, -2)
        if keep_mask is not None:
            scores = scores.masked_fill(~keep_mask, float("-inf"))
        weights = scores.softmax(-1)
        mixed: Tensor = weights @ v
        ctx.save_for_backward(scaled, k, v, weights, mixed)
        return mixed

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        scaled, k, v, weights, mixed = ctx.saved_tensors
        grad_v = weights.transpose(-1, -2) @ grad
        grad_weights = grad @ v.transpose(-1, -2)
        mean = (grad.float() * mixed.float()).sum(-1, keepdim=True)
        grad_scores = (weights * (grad_weights - mean)).to(weights.dtype)
        grad_q = grad_scores @ k * scaled.shape[-1] ** -0.5
        return grad_q, grad_scores.transpose(-1, -2) @ scaled, grad_v, None

"""Attention for few CPU threads: one head at a time, as many queries as keep their scores in the core's own cache.

Plain matrix products run at the processor's full bfloat16 rate there, which torch's flash attention does not reach with narrow heads
where there are no matrix tiles (AMX). It knows no gradients; with many threads flash attention, which spreads over them, is left to do it.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

FEW_THREADS = 4
MAX_SCORES = 720_000
"""Scores held at once: 1.4 MB in bfloat16."""
MIN_ROWS, MAX_ROWS = 32, 256


def is_quicker(q: Tensor) -> bool:
    """Whether ``attend_in_blocks`` suits this call: inference in bfloat16 on a CPU with few threads and no matrix tiles."""
    here = q.device.type == "cpu" and q.dtype is torch.bfloat16 and not has_tiles()
    return here and not torch.is_grad_enabled() and torch.get_num_threads() <= FEW_THREADS


@cache
def has_tiles() -> bool:
    """Whether this processor multiplies matrices in tiles, of which torch's flash attention makes good use."""
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16", False))


def attend_in_blocks(q: Tensor, k: Tensor, v: Tensor, keep_mask: Tensor | None) -> Tensor:
    """softmax(q k^T / sqrt(head_dim)) v, (B, heads, L, head_dim); scores are rounded to the dtype of ``q``, as in training on a CPU.

    Args:
        q, k, v: (B, heads, L, head_dim), L of ``k`` and ``v`` alike.
        keep_mask: (B, 1, 1, L of k), True where a key counts; None when all do. Keys that do not count are left out, not masked.
    """
    batch, heads, queries, head_dim = q.shape
    # Stored as (B, L, heads, head_dim), so that the caller's transpose back is a view.
    mixed = q.new_empty(batch, queries, heads, head_dim)
    for item in range(batch):
        keys, values = k[item].transpose(0, 1), v[item].transpose(0, 1)
        if keep_mask is not None and not bool(keep_mask[item].all()):
            kept = keep_mask[item, 0, 0].nonzero().squeeze(1)
            keys, values = keys.index_select(0, kept), values.index_select(0, kept)
        for head in range(heads):
            attend_one(q[item, head] * head_dim**-0.5, keys[:, head].contiguous(), values[:, head].contiguous(), mixed[item, :, head])
    return mixed.transpose(1, 2)


def attend_one(q: Tensor, k: Tensor, v: Tensor, out: Tensor) -> None:
    """One head: fills ``out`` (L, head_dim) for scaled queries ``q`` (L, head_dim), block by block."""
    rows = min(MAX_ROWS, max(MIN_ROWS, MAX_SCORES // len(k)))
    for start in range(0, len(q), rows):
        weights = torch.softmax(q[start : start + rows] @ k.t(), -1)
        out[start : start + rows] = weights @ v

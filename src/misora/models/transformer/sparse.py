"""Training on some cells of each latent frame: most of a clip is sky and ground, and what has to be learnt is where the players are.

Reference:
    Zheng et al., MaskDiT (training on a part of the tokens), arXiv:2306.09305; here the part is chosen, and nothing stands in for the rest.
"""

from __future__ import annotations

import torch
from torch import Tensor

from misora.models.layers.rotary import Rotary


def take(video: Tensor, kept: Tensor) -> Tensor:
    """Tokens (B, t, k, D) of ``video`` (B, t, s, D) whose cells ``kept`` (B, t, k) names."""
    return video.gather(2, _columns(kept, video))


def put_back(part: Tensor, kept: Tensor, cells: int) -> Tensor:
    """``part`` (B, t, k, D) at its places among ``cells`` a frame, (B, t, s, D); zero elsewhere."""
    whole = part.new_zeros((*kept.shape[:2], cells, part.shape[-1]))
    return whole.scatter(2, _columns(kept, part), part)


def take_angles(rotary: Rotary, kept: Tensor, cells: int) -> Rotary:
    """Angles of the text, then of the tokens ``kept`` out of ``cells`` a frame."""
    frames = kept.shape[1]
    prefix = rotary.cos.shape[1] - frames * cells
    numbers = (kept + cells * torch.arange(frames, device=kept.device).unsqueeze(1)).flatten(1) + prefix
    text = torch.arange(prefix, device=kept.device).expand(len(kept), -1)
    index = torch.cat([text, numbers], dim=1)[:, :, None, None].expand(-1, -1, 1, rotary.cos.shape[-1])
    return Rotary(*(angle.expand(len(kept), -1, -1, -1).gather(1, index) for angle in rotary))


def _columns(kept: Tensor, video: Tensor) -> Tensor:
    return kept.unsqueeze(-1).expand(*kept.shape, video.shape[-1])

"""One layer of the transformer: attention and SwiGLU, each modulated and gated per latent frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from misora.models.layers.norm import rms_norm
from misora.models.layers.rotary import Rotary
from misora.models.layers.swiglu import SwiGlu
from misora.models.transformer.attention import JointAttention
from misora.models.transformer.config import TransformerConfig


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Normalised ``x``, scaled and shifted; shift and scale broadcast against it."""
    return torch.addcmul(shift, rms_norm(x), 1 + scale)


class Block(nn.Module):
    """Pre-norm attention and SwiGLU, modulated by what the model hands over, plus this block's own table.

    Gates start at zero, so an untrained block passes its input on unchanged.

    Reference:
        Peebles & Xie, DiT, arXiv:2212.09748; Chen et al., PixArt-alpha (one shared map), arXiv:2310.00426.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = JointAttention(config)
        self.mlp = SwiGlu(config.dim, config.mlp_dim)
        self.table = nn.Parameter(torch.zeros(6, config.dim))
        self.text_table = nn.Parameter(torch.zeros(2, config.dim))

    def forward(self, video: Tensor, text: Tensor, modulation: Tensor, rotary: Rotary, keep_mask: Tensor | None, causal: bool) -> Tensor:
        """The next layer's video tokens.

        Args:
            video: (B, t, s, D).
            text: Normalised text tokens, (B, L, D); this block only scales and shifts them.
            modulation: Shift, scale and gate of attention and MLP for each latent frame, (B, t, 6, D).
            rotary, keep_mask, causal: As in ``JointAttention``.
        """
        own = (modulation + self.table).to(video.dtype).unsqueeze(3)
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = own.unbind(2)
        text_shift, text_scale = self.text_table.to(text.dtype)
        prefix = text * (1 + text_scale) + text_shift
        video = video + gate * self.attention(modulate(video, shift, scale), prefix, rotary, keep_mask, causal)
        out: Tensor = video + mlp_gate * self.mlp(modulate(video, mlp_shift, mlp_scale))
        return out

"""Takes the steps between latent cells out of decoded pictures.

A transformer errs in each cell of 32 x 32 pixels by itself, most of all in its mean colour, so skies and grounds
come out as tiles. Where two cells meet, whatever step is too small to be an outline is spread over half of either.
The filter looks at one picture at a time and learns nothing; video codecs filter the borders of their blocks in the
same spirit (List et al., "Adaptive deblocking filter", 2003).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.shapes import SPACE_STRIDE

OUTLINE = 12 / 127.5
"""Step, for pixels in [-1, 1], that is as likely an outline as an error; measured on painted held-out pictures."""
ALONG = 9
"""Pixels of a border over which its step is averaged."""
LEAST = 0.05
"""Share of them that must look like an error, or the border is left as it is."""


def deblock(pictures: Tensor) -> Tensor:
    """``pictures`` (N, C, H, W), about [-1, 1], H and W multiples of 32, without steps between cells: a float32 copy."""
    out = pictures.float().clone(memory_format=torch.contiguous_format)
    _soften(out)
    _soften(out.transpose(2, 3))
    return out


def _soften(pictures: Tensor) -> None:
    """Spreads, in place, the steps between one column of cells and the next."""
    cells = pictures.unflatten(3, (-1, SPACE_STRIDE))
    if cells.shape[3] == 1:
        return
    steps = _steps(cells).unsqueeze(-1)
    half = SPACE_STRIDE // 2
    fading = torch.linspace(0.5, 0, half + 1, device=cells.device)[:half] - 0.25 / half
    cells[..., 1:, :half] -= steps * fading
    cells[..., :-1, half:] += steps * fading.flip(0)


def _steps(cells: Tensor) -> Tensor:
    """What each border jumps by beyond the slope on its sides, (N, C, H, w - 1) of ``cells`` (N, C, H, w, 32); outlines do not count."""
    left, right = cells[..., :-1, -2:], cells[..., 1:, :2]
    slope = (left[..., 1] - left[..., 0] + right[..., 1] - right[..., 0]) / 2
    jump = right[..., 0] - left[..., 1] - slope
    trust = (-(jump / OUTLINE).square().amax(1, keepdim=True)).exp()
    return _smooth(jump * trust) / (_smooth(trust) + LEAST)


def _smooth(values: Tensor) -> Tensor:
    """Means over ``ALONG`` pixels of a border, (N, C, H, w - 1)."""
    return F.avg_pool2d(values, (ALONG, 1), stride=1, padding=(ALONG // 2, 0), count_include_pad=False)

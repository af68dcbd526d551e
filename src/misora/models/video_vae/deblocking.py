"""Takes the steps between latent cells out of decoded pictures.

A transformer errs in each cell of 32 x 32 pixels and eight pictures by itself, most of all in its mean colour, so
skies and grounds come out as tiles that change three times a second. Where two cells meet in a picture, whatever
step is too small to be an outline is spread over half of either; from picture to picture, whatever change is too
small to be a movement comes slowly. Nothing is learnt. Video codecs filter the borders of their blocks in the same
spirit (List et al., "Adaptive deblocking filter", 2003).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.shapes import SPACE_STRIDE

OUTLINE = 12 / 127.5
"""Step, for pixels in [-1, 1], that is as likely an outline as an error; measured on painted held-out pictures."""
MOVEMENT = 12 / 127.5
"""Change from one picture to the next, averaged about a place, that is as likely a movement as an error."""
HELD = 0.7
"""How much of a change that is surely an error is taken back; what was right fades in after all."""
ALONG = 9
"""Pixels of a border over which its step is averaged."""
COARSE, AROUND = 4, 3
"""Changes are averaged over ``AROUND`` squares of ``COARSE`` pixels either way."""
LEAST = 0.05
"""Share of them that must look like an error, or the border is left as it is."""


def deblock(pictures: Tensor) -> Tensor:
    """``pictures`` (N, C, H, W), about [-1, 1], H and W multiples of 32, without steps between cells: a float32 copy."""
    out = pictures.float().clone(memory_format=torch.contiguous_format)
    _soften(out, dim=3)
    _soften(out, dim=2)
    return out


def steady(picture: Tensor, before: Tensor) -> Tensor:
    """``picture`` nearer to the one ``before`` it, both (N, C, H, W), where nothing seems to have moved."""
    change = picture - before
    size = change.square().amax(1, keepdim=True)
    about = F.avg_pool2d(F.avg_pool2d(size, COARSE), AROUND, stride=1, padding=AROUND // 2, count_include_pad=False)
    unlikely = F.interpolate(about, size=size.shape[-2:], mode="bilinear") + size / 4
    return picture - HELD * (-unlikely / MOVEMENT**2).exp() * change


class Deblocker:
    """Deblocks one clip, a picture after the other."""

    def __init__(self) -> None:
        self._last: Tensor | None = None

    def shown(self, picture: Tensor) -> Tensor:
        """The next ``picture`` (C, H, W), about [-1, 1], H and W multiples of 32, as it is to be shown; float32."""
        smooth = deblock(picture[None])
        self._last = smooth if self._last is None else steady(smooth, self._last)
        return self._last[0]


def _soften(pictures: Tensor, dim: int) -> None:
    """Spreads, in place, the steps between one cell and the next along ``dim`` of ``pictures`` (N, C, H, W)."""
    cells = pictures.unflatten(dim, (-1, SPACE_STRIDE))
    borders = cells.shape[dim] - 1
    if not borders:
        return
    left, right = cells.narrow(dim, 0, borders), cells.narrow(dim, 1, borders)
    steps = _steps(left.narrow(dim + 1, -2, 2), right.narrow(dim + 1, 0, 2), dim)
    half = SPACE_STRIDE // 2
    fading = (torch.linspace(0.5, 0, half + 1, device=cells.device)[:half] - 0.25 / half).view(-1, *[1] * (3 - dim))
    right.narrow(dim + 1, 0, half).sub_(steps * fading)
    left.narrow(dim + 1, half, half).add_(steps * fading.flip(0))


def _steps(left: Tensor, right: Tensor, dim: int) -> Tensor:
    """What borders along ``dim`` jump by beyond the slope on their sides, of two pixels ``left`` and ``right`` of them, along ``dim + 1``.

    Averaged over ``ALONG`` pixels of each border; outlines do not count.
    """
    (outer, inner), (first, second) = left.unbind(dim + 1), right.unbind(dim + 1)
    jump = first - inner - (inner - outer + second - first) / 2
    trust = (-(jump / OUTLINE).square().amax(1, keepdim=True)).exp()
    size, padding = ((ALONG, 1), (ALONG // 2, 0)) if dim == 3 else ((1, ALONG), (0, ALONG // 2))

    def smooth(values: Tensor) -> Tensor:
        return F.avg_pool2d(values, size, stride=1, padding=padding, count_include_pad=False)

    return (smooth(jump * trust) / (smooth(trust) + LEAST)).unsqueeze(dim + 1)

"""Takes the steps between latent cells out of decoded pictures.

A transformer errs in each cell of 32 x 32 pixels and eight pictures by itself, most of all in its mean colour, so
skies and grounds come out as tiles that change three times a second. Where two cells meet in a picture, whatever
step is too small to be an outline is spread over half of either; where one follows the other in time, whatever is
too small to be a movement fades in over the later one. Nothing is learnt. Video codecs filter the borders of their
blocks in the same spirit (List et al., "Adaptive deblocking filter", 2003).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.shapes import SPACE_STRIDE, TIME_STRIDE

OUTLINE = 12 / 127.5
"""Step, for pixels in [-1, 1], that is as likely an outline as an error; measured on painted held-out pictures."""
MOVEMENT = 10 / 127.5
"""The same of a step in time."""
ALONG = 9
"""Pixels of a border over which its step is averaged."""
COARSE, AROUND = 4, 5
"""Steps in time are averaged over ``AROUND`` squares of ``COARSE`` pixels either way."""
LEAST = 0.05
"""Share of a neighbourhood that must look like an error, or it is left as it is."""


def deblock(pictures: Tensor) -> Tensor:
    """``pictures`` (N, C, H, W), about [-1, 1], H and W multiples of 32, without steps between cells: a float32 copy."""
    out = pictures.float().clone(memory_format=torch.contiguous_format)
    _soften(out)
    _soften(out.transpose(2, 3))
    return out


class Deblocker:
    """Deblocks one clip, a latent frame after the other."""

    def __init__(self) -> None:
        self._last: Tensor | None = None

    def deblock(self, pictures: Tensor) -> Iterator[Tensor]:
        """Each of ``pictures`` (n, C, H, W) of the next latent frame, about [-1, 1], as float32 (C, H, W), one after another."""
        before, step = self._last, pictures.new_zeros(())
        for index, picture in enumerate(pictures):
            smooth = deblock(picture[None])
            if index == 0 and before is not None:
                step = _step_in_time(before, smooth)
            self._last = smooth - step * (1 - index / TIME_STRIDE)
            yield self._last[0]


def _step_in_time(before: Tensor, after: Tensor) -> Tensor:
    """What ``after`` is off the picture ``before`` it, both (N, C, H, W), where nothing seems to have moved; 0 where something has."""
    change = F.avg_pool2d(after, COARSE) - F.avg_pool2d(before, COARSE)
    return F.interpolate(_errors(change, MOVEMENT, _over_squares), size=after.shape[-2:], mode="bilinear")


def _soften(pictures: Tensor) -> None:
    """Spreads, in place, the steps between one column of cells and the next."""
    cells = pictures.unflatten(3, (-1, SPACE_STRIDE))
    if cells.shape[3] == 1:
        return
    steps = _errors(_jumps(cells), OUTLINE, _along_borders).unsqueeze(-1)
    half = SPACE_STRIDE // 2
    fading = torch.linspace(0.5, 0, half + 1, device=cells.device)[:half] - 0.25 / half
    cells[..., 1:, :half] -= steps * fading
    cells[..., :-1, half:] += steps * fading.flip(0)


def _jumps(cells: Tensor) -> Tensor:
    """What each border jumps by beyond the slope on its sides, (N, C, H, w - 1) of ``cells`` (N, C, H, w, 32)."""
    left, right = cells[..., :-1, -2:], cells[..., 1:, :2]
    slope = (left[..., 1] - left[..., 0] + right[..., 1] - right[..., 0]) / 2
    return right[..., 0] - left[..., 1] - slope


def _errors(jumps: Tensor, limit: float, mean: Callable[[Tensor], Tensor]) -> Tensor:
    """``jumps`` (N, C, ...) as they are in the ``mean`` around each place, those over ``limit`` hardly counted."""
    trust = (-(jumps / limit).square().amax(1, keepdim=True)).exp()
    return mean(jumps * trust) / (mean(trust) + LEAST)


def _along_borders(values: Tensor) -> Tensor:
    return F.avg_pool2d(values, (ALONG, 1), stride=1, padding=(ALONG // 2, 0), count_include_pad=False)


def _over_squares(values: Tensor) -> Tensor:
    return F.avg_pool2d(values, AROUND, stride=1, padding=AROUND // 2, count_include_pad=False)

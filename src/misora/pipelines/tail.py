"""Keeps the last latents of a clip as they are made, for a clip that will go on from them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from misora.base.canvas import Latents
from misora.pipelines.windows import OVERLAP


class TailKeeper:
    """Watches latents on their way to the decoder; ``latents`` are the last of them, once all have passed."""

    def __init__(self) -> None:
        self._last: Tensor | None = None
        self._passed = 0
        self._goes_on = False

    def watch(self, pieces: Iterator[Tensor], *, goes_on: bool) -> Iterator[Tensor]:
        """``pieces`` (1, C, t, h, w), unchanged.

        Args:
            goes_on: Whether the first latent frame stands for eight pictures; a still at the start is never kept.
        """
        self._goes_on = goes_on
        for piece in pieces:
            whole = piece if self._last is None else torch.cat([self._last, piece], dim=2)
            self._last, self._passed = whole[:, :, -OVERLAP:], self._passed + piece.shape[2]
            yield piece

    @property
    def latents(self) -> Latents | None:
        """(C, t, h, w), t at most ``OVERLAP``; None when nothing but a still has passed."""
        usable = self._passed - (not self._goes_on)
        if self._last is None or usable < 1:
            return None
        kept: Latents = self._last[0, :, -min(usable, OVERLAP) :].float().cpu().numpy()
        return kept

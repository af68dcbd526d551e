"""Captions over time: each latent frame follows the caption in force when its last picture is shown.

The network takes one text for a whole clip, so where a window holds several captions it is run once for each and every latent frame keeps
the velocity of its own; attention between frames still ties the parts together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from misora.base.canvas import Canvas
from misora.base.shapes import TIME_STRIDE, latent_frames
from misora.models.text_encoder.model import EncodedText, TextEncoder
from misora.models.transformer.layouts import SETTLED, Layouts
from misora.models.transformer.model import Drawn, VideoTransformer
from misora.pipelines.together import Inputs, evaluate
from misora.pipelines.windows import Window

BATCH = 2
"""Texts that the network is run on at once: a caption and the negative prompt."""


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """The canvas's texts, encoded, and who follows which.

    Args:
        text: Each distinct caption, then the negative prompt.
        rows: Row of ``text`` for each latent frame of the canvas.
    """

    text: EncodedText
    rows: tuple[int, ...]

    @property
    def negative_row(self) -> int:
        return len(self.text.tokens) - 1


def encode_script(canvas: Canvas, encoder: TextEncoder) -> Script:
    """The captions of ``canvas`` and its negative prompt, read once."""
    captions = list(canvas.captions())
    with torch.no_grad():
        text = encoder.encode([*captions, canvas.negative_prompt])
    return Script(text, tuple(captions.index(caption) for caption in captions_of_latents(canvas)))


def captions_of_latents(canvas: Canvas) -> list[str]:
    """The caption that each latent frame follows."""
    last = canvas.shape.num_frames - 1
    ends = [min(TIME_STRIDE * index, last) for index in range(latent_frames(canvas.shape.num_frames))]
    return [canvas.caption_at(end / canvas.shape.fps) for end in ends]


class ScriptedDenoiser:
    """The network as the samplers want it, for one window: (x, sigma) to velocity, each latent frame by its own caption."""

    def __init__(self, transformer: VideoTransformer, script: Script, window: Window, fps: float, layouts: Layouts | None = None) -> None:
        self.transformer = transformer
        self.script = script
        self.device = script.text.tokens.device
        self.fps = fps
        self.layouts = None if layouts is None else layouts.part(window.start, window.stop)
        self.drawn: dict[tuple[int, ...], Drawn] = {}
        self.numbers = torch.arange(window.first_number, window.first_number + len(window), device=self.device)
        self.rows = torch.tensor(script.rows[window.start : window.stop], device=self.device)

    def conditional(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The captions' velocity, (1, C, t, h, w)."""
        return self._cast(dict(self._evaluate(x, sigma, self._captions())))

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The captions' velocity and the negative prompt's."""
        velocities = dict(self._evaluate(x, sigma, [*self._captions(), self.script.negative_row]))
        return self._cast(velocities), velocities[self.script.negative_row]

    def _captions(self) -> list[int]:
        return sorted(set(self.rows.tolist()))

    def _cast(self, velocities: dict[int, Tensor]) -> Tensor:
        """Every latent frame from the velocity of its own caption."""
        first, *others = self._captions()
        mixed = velocities[first]
        for row in others:
            mixed = torch.where((self.rows == row)[None, None, :, None, None], velocities[row], mixed)
        return mixed

    def _evaluate(self, x: Tensor, sigma: Tensor, rows: Sequence[int]) -> list[tuple[int, Tensor]]:
        """(row, velocity (1, C, t, h, w)) for each text, ``BATCH`` at a time, so that memory does not grow with their number."""
        done: list[tuple[int, Tensor]] = []
        for start in range(0, len(rows), BATCH):
            some = list(rows[start : start + BATCH])
            done += zip(some, self._run(x, sigma, some).split(1), strict=True)
        return done

    @torch.no_grad()
    def _run(self, x: Tensor, sigma: Tensor, rows: list[int]) -> Tensor:
        count = len(rows)
        text = self.script.text
        longest = int(text.mask[rows].sum(1).max())
        inputs = Inputs(
            x.expand(count, -1, -1, -1, -1),
            sigma.expand(count, -1),
            text.tokens[rows, :longest],
            text.mask[rows, :longest],
            text.pooled[rows],
            torch.full((count,), self.fps, device=self.device),
            self.numbers.expand(count, -1),
            None if self.layouts is None else self._drawn(rows, float(sigma.max()), x.shape[-2], x.shape[-1]),
        )
        return evaluate(self.transformer, inputs)

    def _drawn(self, rows: Sequence[int], level: float, height: int, width: int) -> Drawn:
        """What is drawn of the layout for some texts at noise ``level``; once, since it is the same at most steps."""
        key = (*rows, level > SETTLED)
        if key not in self.drawn:
            self.drawn[key] = self.transformer.draw(self._told(rows, level), self.script.text.pooled[list(rows)], height, width)
        return self.drawn[key]

    def _told(self, rows: Sequence[int], level: float) -> Layouts:
        """The layout for every text, for the negative prompt only as much as guidance is not to push towards."""
        assert self.layouts is not None
        layouts = Layouts(*(values.expand(len(rows), *values.shape[1:]) for values in self.layouts))
        return layouts.led_away_from(torch.tensor([row == self.script.negative_row for row in rows], device=self.device), level)

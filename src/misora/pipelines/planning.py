"""The layout of a canvas, planned before anything is painted.

Where latent frames are known, what they show is read first (``seen``) and the plan goes on from it, or towards it; where they are known a
little, as in a remix, so is the plan: it is changed as much as the picture is. A canvas with a mask is painted freely. Clips longer than
the planner has seen are planned in windows, each going on from the end of the one before; so is a new caption about the same characters,
while one about others begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from misora.base.canvas import Canvas
from misora.base.layout import Layout
from misora.base.shapes import TIME_STRIDE, LatentShape
from misora.diffusion.flow import add_noise
from misora.diffusion.guidance import with_guidance
from misora.diffusion.samplers import sample_euler
from misora.diffusion.schedules import for_frames, shifted
from misora.models.planner import NUMBERS, Planner, frame_numbers, from_values, to_values, who_values
from misora.models.text_encoder.model import EncodedText
from misora.models.transformer.layouts import Layouts, stack_layouts
from misora.pipelines.windows import Window

STEPS = 32
GUIDANCE = 2.0
MAX_WINDOW = 31
"""Latent frames that are planned at once: ten seconds at 24 frames a second."""
OVERLAP = 8
LEAST_SECONDS = 1.0
TEMPERATURE = 0.5
"""Of who is chosen where a caption leaves it open; where it does not, that changes nothing."""
SALT = 0x706C616E
"""Keeps the plan's noise apart from that of the picture."""


def can_be_planned(canvas: Canvas) -> bool:
    """Whether no picture of ``canvas`` is known in some parts more than in others."""
    return canvas.planned and all(pin.mask is None for pin in canvas.pins)


def is_known_in_part(canvas: Canvas) -> bool:
    """Whether there is anything on ``canvas`` to read."""
    return canvas.past is not None or any(any(pin.strengths) for pin in canvas.pins)


class PlanDenoiser:
    """The planner as the samplers want it, for one window: (x, sigma) to velocity."""

    def __init__(self, planner: Planner, text: EncodedText, latent: LatentShape, fps: float, window: Window) -> None:
        """``text`` is the caption, then the empty one."""
        self.planner = planner
        self.text = text
        self.latent = latent
        self.fps = fps
        self.window = window

    def conditional(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The caption's velocity, (1, C, t, 1, P + 1)."""
        return self._run(x, sigma, 1)

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The caption's velocity and that of no caption."""
        said, unsaid = self._run(x, sigma, 2).split(1)
        return said, unsaid

    def _run(self, x: Tensor, sigma: Tensor, rows: int) -> Tensor:
        count = len(self.window)
        seconds = max((TIME_STRIDE * (count - 1) + 1) / self.fps, LEAST_SECONDS)
        frame = torch.tensor(frame_numbers(self.latent.height, self.latent.width, seconds), device=x.device)
        numbers = torch.arange(self.window.first_number, self.window.first_number + count, device=x.device)
        velocity: Tensor = self.planner(
            x.expand(rows, -1, -1, -1, -1),
            sigma.expand(rows, -1),
            EncodedText(*(values[:rows] for values in self.text)),
            frame.expand(rows, -1),
            torch.full((rows,), self.fps, device=x.device),
            numbers.expand(rows, -1),
        )
        return velocity


Reader = Callable[[Sequence[int], range], Mapping[int, Layout]]
"""(class of each slot, latent frames) to what is known of those latent frames, by the first of each run."""


class Stretch(NamedTuple):
    """Latent frames that one caption holds for."""

    caption: str
    frames: int


def stretches_of(captions: Sequence[str]) -> list[Stretch]:
    """Runs of one caption among those of all latent frames."""
    return [Stretch(caption, len(list(run))) for caption, run in groupby(captions)]


@torch.no_grad()
def plan(
    planner: Planner,
    captions: Sequence[str],
    latent: LatentShape,
    fps: float,
    seed: int,
    guidance: float = GUIDANCE,
    *,
    read: Reader | None = None,
    firmness: Tensor | None = None,
    goes_on: bool = False,
) -> Layouts:
    """A layout for every latent frame.

    Args:
        captions: Of each latent frame, as the transformer gets them.
        latent: The grid.
        seed: The same seed plans the same layout, and a longer clip begins with the same noise.
        read: Says where the characters of some classes are in the latent frames of which something is known.
        firmness: How firmly each latent frame is known, (t,), where it is read; None is wholly.
        goes_on: Whether even the first latent frame stands for eight pictures.
    Raises:
        Stranger: What is known shows others.
    """
    device = planner.frame.weight.device
    generator = torch.Generator("cpu").manual_seed(seed ^ SALT)
    size = (1, planner.config.channels, 1, planner.config.slots + 1)
    values = torch.stack([torch.randn(size, generator=generator) for _ in range(latent.num_frames)], dim=2).to(device)
    known = torch.zeros(latent.num_frames, device=device)
    firmness = torch.ones_like(known) if firmness is None else firmness.to(known)
    begun, done, parts, who = 0, 0, [], torch.full((planner.config.slots,), -1, device=device)
    for caption, frames in stretches_of(captions):
        start, stop, text = done, done + frames, planner.text_encoder.encode([caption, ""])
        before, who = who, choose_cast(planner, text, seed)
        if not torch.equal(before, who):
            begun = start
        values[:, NUMBERS:, start:stop] = 0
        values[:, NUMBERS:, start:stop, 0, :-1] = who_values(who, planner.config.classes).T[:, None]
        for first, layout in (read(who.tolist(), range(start, stop)) if read else {}).items():
            here = slice(first, first + len(layout))
            seen, firm = to_values(stack_layouts([layout], [True]), planner.config.classes).to(device), firmness[here]
            values[:, :NUMBERS, here] = add_noise(seen[:, :NUMBERS], values[:, :NUMBERS, here], 1 - firm.unsqueeze(0))
            known[here] = firm
        while done < stop:
            first = max(begun, done - OVERLAP)
            window = Window(first, min(first + MAX_WINDOW, stop), done, min(first + MAX_WINDOW, stop), goes_on)
            network = PlanDenoiser(planner, text, latent, fps, window)
            denoise = with_guidance(network.conditional, network.pair, guidance)
            sigmas = for_frames(shifted(STEPS).to(values), known[window.start : window.stop].unsqueeze(0))
            values[:, :, window.start : window.stop] = sample_euler(denoise, values[:, :, window.start : window.stop], sigmas)
            known[window.start : window.stop] = 1
            done = window.stop
        parts.append(from_values(values[:, :, start:stop]))
    return Layouts(*(torch.cat(several, dim=1) for several in zip(*parts, strict=True)))


def choose_cast(planner: Planner, text: EncodedText, seed: int) -> Tensor:
    """Who is in each slot, (P,) int64, by the first row of ``text``; two captions that leave it open alike are given the same."""
    likely = (planner.read_cast(text)[0].float().cpu() / TEMPERATURE).softmax(-1)
    drawn: Tensor = torch.multinomial(likely, 1, generator=torch.Generator("cpu").manual_seed(seed ^ SALT)).squeeze(1)
    return drawn.to(planner.frame.weight.device)

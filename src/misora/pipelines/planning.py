"""The layout of a canvas, planned before anything is painted, where nothing on it is known yet.

A canvas with pictures or clips pinned to it is painted freely, for where somebody is in them would have to be read first; so is one with
several captions. Clips longer than the planner has seen are planned in windows, each going on from the end of the one before.
"""

from __future__ import annotations

import torch
from torch import Tensor

from misora.base.canvas import Canvas
from misora.base.shapes import TIME_STRIDE, LatentShape
from misora.diffusion.guidance import with_guidance
from misora.diffusion.samplers import sample_euler
from misora.diffusion.schedules import for_frames, shifted
from misora.models.planner import Planner, frame_numbers, from_values
from misora.models.text_encoder.model import EncodedText
from misora.models.transformer.layout import Layouts
from misora.pipelines.windows import Window, windows_of

STEPS = 32
GUIDANCE = 2.0
MAX_WINDOW = 31
"""Latent frames that are planned at once: ten seconds at 24 frames a second."""
OVERLAP = 8
LEAST_SECONDS = 1.0
SALT = 0x706C616E
"""Keeps the plan's noise apart from that of the picture."""


def can_be_planned(canvas: Canvas) -> bool:
    """Whether nothing of ``canvas`` is known and one caption holds throughout."""
    free = canvas.past is None and not any(any(pin.strengths) for pin in canvas.pins)
    return canvas.planned and free and len(set(canvas.captions())) == 1


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


@torch.no_grad()
def plan(planner: Planner, caption: str, latent: LatentShape, fps: float, seed: int, guidance: float = GUIDANCE) -> Layouts:
    """A layout for every latent frame.

    Args:
        caption: As the transformer gets it.
        latent: The grid.
        seed: The same seed plans the same layout, and a longer clip begins with the same noise.
    """
    generator = torch.Generator("cpu").manual_seed(seed ^ SALT)
    size = (1, planner.config.channels, 1, planner.config.slots + 1)
    noise = torch.stack([torch.randn(size, generator=generator) for _ in range(latent.num_frames)], dim=2).to(planner.frame.weight.device)
    values, text = noise.clone(), planner.text_encoder.encode([caption, ""])
    for window in windows_of(latent.num_frames, MAX_WINDOW, OVERLAP):
        network = PlanDenoiser(planner, text, latent, fps, window)
        denoise = with_guidance(network.conditional, network.pair, guidance)
        known = (torch.arange(window.start, window.stop, device=noise.device) < window.new_start).float()
        sigmas = for_frames(shifted(STEPS).to(noise), known.unsqueeze(0))
        values[:, :, window.start : window.stop] = sample_euler(denoise, values[:, :, window.start : window.stop], sigmas)
    return from_values(values)

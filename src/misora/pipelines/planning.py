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
from misora.pipelines.windows import windows_of

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


@torch.no_grad()
def plan(planner: Planner, caption: str, latent: LatentShape, fps: float, seed: int, guidance: float = GUIDANCE) -> Layouts:
    """A layout for every latent frame.

    Args:
        caption: As the transformer gets it.
        latent: The grid.
        seed: The same seed plans the same layout.
    """
    device = planner.frame.weight.device
    text = planner.text_encoder.encode([caption, ""])
    channels, columns = planner.config.channels, planner.config.slots + 1
    generator = torch.Generator("cpu").manual_seed(seed ^ SALT)  # drawn frame by frame: a longer clip begins with the same noise
    noise = torch.stack([torch.randn((1, channels, 1, columns), generator=generator) for _ in range(latent.num_frames)], 2).to(device)
    values = torch.zeros_like(noise)
    for window in windows_of(latent.num_frames, MAX_WINDOW, OVERLAP):
        count = len(window)
        seconds = max((TIME_STRIDE * (count - 1) + 1) / fps, LEAST_SECONDS)
        frame = torch.tensor([frame_numbers(latent.height, latent.width, seconds)], device=device)
        numbers = torch.arange(window.first_number, window.first_number + count, device=device)
        strength = torch.zeros(1, count, device=device)
        strength[:, : window.new_start - window.start] = 1
        part = noise[:, :, window.start : window.stop]
        start = torch.where(strength[:, None, :, None, None] > 0, values[:, :, window.start : window.stop], part)

        def velocity(x: Tensor, sigma: Tensor, rows: EncodedText, frame: Tensor = frame, numbers: Tensor = numbers) -> Tensor:
            size = len(rows.tokens)
            inputs = (x.expand(size, -1, -1, -1, -1), sigma.expand(size, -1))
            rates = torch.full((size,), fps, device=device)
            out: Tensor = planner(*inputs, rows, frame.expand(size, -1), rates, numbers.expand(size, -1))
            return out

        def said(x: Tensor, sigma: Tensor) -> Tensor:
            return velocity(x, sigma, EncodedText(*(values[:1] for values in text)))

        def pair(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
            both, empty = velocity(x, sigma, text).split(1)
            return both, empty

        sigmas = for_frames(shifted(STEPS).to(noise), strength)
        made = sample_euler(with_guidance(said, pair, guidance), start, sigmas)
        values[:, :, window.new_start : window.new_stop] = made[:, :, window.new_start - window.start : window.new_stop - window.start]
    return from_values(values)

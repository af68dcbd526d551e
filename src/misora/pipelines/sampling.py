"""How the noise is walked: a canvas's own choices, else the defaults of the model in use, many-step or Turbo. Knows no network."""

from __future__ import annotations

from dataclasses import dataclass, replace

from misora.base.canvas import Canvas, Quality
from misora.base.errors import WeightsError
from misora.models.transformer.adapter_file import PICTURE, AdapterConfig

STEPS = 22
LAST_LEVEL = 0.25
"""Noise from which the many-step model's last step goes straight to the clip (``diffusion.schedules.shifted``)."""
GUIDANCE = 3.0
UNGUIDED = 1.0
SAMPLER = "ancestral"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the noise is walked, after every default was filled in.

    Args:
        picture_steps: Steps of a clip's first picture, where it is a window alone.
    """

    quality: Quality
    steps: int
    guidance: float
    picture_steps: int
    sampler: str = SAMPLER

    def of_picture(self) -> Sampling:
        """How a clip's first picture is walked."""
        return replace(self, steps=self.picture_steps)

    @property
    def last_level(self) -> float:
        """Noise before the last step; Turbo learnt its own few levels."""
        return LAST_LEVEL if self.quality == "base" else 0.0


def sampling_of(canvas: Canvas, turbo: AdapterConfig | None) -> Sampling:
    """The canvas's own choices, else the defaults.

    Args:
        turbo: Of the adapter that fits the transformer; None where there is none.
    Raises:
        WeightsError: The canvas asks for Turbo and there is none.
    """
    quality = canvas.quality or quality_for(canvas.steps, canvas.guidance, canvas.negative_prompt, has_turbo=turbo is not None)
    if quality == "base":
        steps = STEPS if canvas.steps is None else canvas.steps
        return Sampling("base", steps, GUIDANCE if canvas.guidance is None else canvas.guidance, steps)
    if turbo is None:
        raise WeightsError("quality=turbo needs turbo weights that fit the transformer, and there are none; nearest: base")
    steps = turbo.steps if canvas.steps is None else canvas.steps
    return Sampling("turbo", steps, UNGUIDED, PICTURE * steps)


def quality_for(steps: int | None, guidance: float | None, negative_prompt: str, *, has_turbo: bool) -> Quality:
    """What is used where nobody said: Turbo where it can, the many-step model where something is asked that only it has."""
    asks_for_base = steps is not None or guidance is not None or bool(negative_prompt)
    return "turbo" if has_turbo and not asks_for_base else "base"

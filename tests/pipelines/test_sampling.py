"""Which model is walked, and how: the canvas's own choices, else the defaults of the better one that can do what is asked."""

from __future__ import annotations

import pytest

from misora.base.canvas import Canvas, Span
from misora.base.errors import InputError, WeightsError
from misora.base.shapes import VideoShape
from misora.models.transformer.adapter_file import AdapterConfig
from misora.pipelines.sampling import GUIDANCE, STEPS, Sampling, sampling_of

TURBO = AdapterConfig("", steps=4)


def canvas(**options: object) -> Canvas:
    return Canvas(VideoShape(9, 64, 64, 24.0), (Span("a dog runs"),), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "turbo", "wanted"),
    [
        ({}, TURBO, Sampling("turbo", 4, 1.0, 8)),
        ({"quality": "turbo", "steps": 4}, TURBO, Sampling("turbo", 4, 1.0, 8)),  # as a recipe names it
        ({}, None, Sampling("base", STEPS, GUIDANCE, STEPS)),
        ({"quality": "base"}, TURBO, Sampling("base", STEPS, GUIDANCE, STEPS)),
        ({"steps": 40}, TURBO, Sampling("base", 40, GUIDANCE, 40)),
        ({"guidance": 2.0}, TURBO, Sampling("base", STEPS, 2.0, STEPS)),
        ({"negative_prompt": "rain"}, TURBO, Sampling("base", STEPS, GUIDANCE, STEPS)),
        ({"quality": "turbo", "steps": 2}, TURBO, Sampling("turbo", 2, 1.0, 4)),
        ({"quality": "turbo", "guidance": 1.0}, TURBO, Sampling("turbo", 4, 1.0, 8)),
    ],
)
def test_choices_and_defaults(options: dict[str, object], turbo: AdapterConfig | None, wanted: Sampling) -> None:
    assert sampling_of(canvas(**options), turbo) == wanted


def test_turbo_that_is_not_there_is_refused_with_the_nearest_choice() -> None:
    with pytest.raises(WeightsError, match="quality=turbo needs turbo weights.*nearest: base"):
        sampling_of(canvas(quality="turbo"), None)


@pytest.mark.parametrize(
    ("options", "message", "field"),
    [
        ({"quality": "best"}, "quality='best' is not known; choose turbo or base", "quality"),
        ({"quality": "turbo", "guidance": 3.0}, "guidance=3 goes with quality=base", "guidance"),
        ({"quality": "turbo", "negative_prompt": "rain"}, "a negative prompt goes with quality=base", "quality"),
    ],
)
def test_what_no_model_has_is_refused_by_name(options: dict[str, object], message: str, field: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        canvas(**options)
    assert caught.value.field == field

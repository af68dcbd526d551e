"""What a canvas accepts, what it refuses, and which caption holds when."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from misora.base.canvas import Canvas, Pin, Span
from misora.base.errors import InputError
from misora.base.shapes import VideoShape

SHAPE = VideoShape(num_frames=9, height=64, width=96, fps=8)


def frames(count: int = 1, height: int = 64, width: int = 96) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.zeros((count, height, width, 3), np.uint8)


def canvas(*spans: Span, **changes: Any) -> Canvas:
    return Canvas(SHAPE, spans or (Span("a dog"),), **changes)


def test_defaults_ask_for_one_caption_and_nothing_else() -> None:
    plain = canvas()
    assert (plain.pins, plain.seed, plain.steps, plain.guidance, plain.negative_prompt) == ((), 0, None, None, "")


def test_records_are_frozen() -> None:
    for record, name in ((canvas(), "seed"), (Span("a dog"), "start"), (Pin(frames()), "strength"), (SHAPE, "fps")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, 1)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"steps": 0}, "steps", "steps=0 is outside 1 to 200; nearest: 1"),
        ({"steps": 500}, "steps", "steps=500 is outside 1 to 200; nearest: 200"),
        ({"guidance": -1.0}, "guidance", "guidance=-1 is outside 0 to 30; nearest: 0"),
        ({"guidance": 99.0}, "guidance", "guidance=99 is outside 0 to 30; nearest: 30"),
        ({"guidance": math.nan}, "guidance", "guidance=nan is outside 0 to 30"),
        ({"seed": -3}, "seed", "seed=-3 is outside"),
        ({"seed": 2**63}, "seed", f"nearest: {2**63 - 1}"),
        ({"pins": (Pin(frames(height=65)),)}, "pins", "pin is 96x65, the canvas 96x64"),
        ({"pins": (Pin(frames(), frame_index=9),)}, "pins.frame_index", "pin covers frames 9 to 9, the canvas has 0 to 8"),
        ({"pins": (Pin(frames(2), frame_index=8),)}, "pins.frame_index", "pin covers frames 8 to 9"),
        ({"pins": (Pin(frames(), frame_index=-1),)}, "pins.frame_index", "pin covers frames -1 to -1"),
    ],
)
def test_a_canvas_refuses_what_cannot_be_sampled(changes: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        canvas(**changes)
    assert caught.value.field == field
    assert words in str(caught.value)


def test_a_canvas_needs_a_caption() -> None:
    with pytest.raises(InputError, match="at least one caption") as caught:
        Canvas(SHAPE, ())
    assert caught.value.field == "spans"


@pytest.mark.parametrize("edge", [{"steps": 1}, {"steps": 200}, {"guidance": 0.0}, {"guidance": 30.0}, {"seed": 2**63 - 1}])
def test_the_edges_of_each_range_are_allowed(edge: dict[str, Any]) -> None:
    assert canvas(**edge)


def test_a_pin_may_fill_the_canvas_and_may_sit_on_its_last_frame() -> None:
    assert canvas(pins=(Pin(frames(9)), Pin(frames(), frame_index=8, strength=0.0)))


@pytest.mark.parametrize(
    ("arguments", "field", "words"),
    [
        (("",), "prompt", "describe the scene"),
        ((" \n\t",), "prompt", "describe the scene"),
        (("a dog", -1.0), "spans.start", "span.start=-1 must be 0 s or later; nearest: 0"),
        (("a dog", math.nan), "spans.start", "span.start=nan"),
        (("a dog", 2.0, 2.0), "spans.end", "span.end=2 must be after span.start=2 s"),
        (("a dog", 2.0, 1.0), "spans.end", "span.end=1 must be after"),
        (("a dog", 0.0, math.nan), "spans.end", "span.end=nan must be after"),
    ],
)
def test_a_span_refuses_an_empty_caption_and_an_empty_time(arguments: tuple[Any, ...], field: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        Span(*arguments)
    assert caught.value.field == field
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"frames": np.zeros((64, 96, 3), np.uint8)}, "pins.frames", "got uint8 (64, 96, 3)"),
        ({"frames": np.zeros((1, 64, 96, 4), np.uint8)}, "pins.frames", "got uint8 (1, 64, 96, 4)"),
        ({"frames": np.zeros((1, 64, 96, 3), np.float32)}, "pins.frames", "got float32"),
        ({"frames": frames(0)}, "pins.frames", "T >= 1"),
        ({"strength": 1.5}, "pins.strength", "pin.strength=1.5 is outside 0 to 1; nearest: 1"),
        ({"strength": -0.1}, "pins.strength", "nearest: 0"),
        ({"strength": math.nan}, "pins.strength", "pin.strength=nan"),
        ({"strength": (1.0, 2.0)}, "pins.strength", "pin.strength has 2 numbers for 1 frames"),
        ({"strength": (2.0,)}, "pins.strength", "pin.strength=2 is outside 0 to 1; nearest: 1"),
        ({"mask": np.ones((96, 64), bool)}, "pins.mask", "pin.mask is (96, 64), its frames are (1, 64, 96)"),
    ],
)
def test_a_pin_refuses_what_is_not_a_picture_or_a_strength(changes: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        Pin(**({"frames": frames()} | changes))
    assert caught.value.field == field
    assert words in str(caught.value)


CARDS = (Span("dog", 1.0, 2.0), Span("fox", 3.0, 4.0), Span("owl", 6.0, 7.0))
OVERLAP = (Span("meadow"), Span("rain", 2.0, 4.0))


@pytest.mark.parametrize(
    ("spans", "seconds", "caption"),
    [
        (CARDS, 0.0, "dog"),  # before the first: the first
        (CARDS, 1.0, "dog"),
        (CARDS, 1.999, "dog"),
        (CARDS, 2.5, "dog"),  # in a gap: what was last in force
        (CARDS, 3.0, "fox"),
        (CARDS, 5.0, "fox"),
        (CARDS, 99.0, "owl"),
        (OVERLAP, 1.0, "meadow"),
        (OVERLAP, 3.0, "rain"),  # later spans win where they overlap
        (OVERLAP, 4.0, "meadow"),
        (OVERLAP[::-1], 3.0, "meadow"),
        (CARDS[::-1], 0.0, "dog"),
    ],
)
def test_caption_at(spans: tuple[Span, ...], seconds: float, caption: str) -> None:
    assert canvas(*spans).caption_at(seconds) == caption


def test_captions_come_once_each_in_order_of_use() -> None:
    assert list(canvas(Span("dog", 0, 1), Span("fox", 1, 2), Span("dog", 2)).captions()) == ["dog", "fox"]


@pytest.mark.parametrize("shape", [(8, 3, 9, 9), (8, 9, 2, 3), (8, 0, 2, 3), (3, 2, 3)])
def test_a_past_that_does_not_fit_the_grid_is_refused(shape: tuple[int, ...]) -> None:
    shape_of_canvas = VideoShape(17, 64, 96, 24.0)
    with pytest.raises(InputError, match=r"canvas\.past is") as caught:
        Canvas(shape_of_canvas, (Span("a dog"),), past=np.zeros(shape, np.float32))
    assert caught.value.field == "past"
    assert Canvas(shape_of_canvas, (Span("a dog"),), past=np.zeros((8, 3, 2, 3), np.float32)).past is not None

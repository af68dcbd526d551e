from __future__ import annotations

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.editing.blend import Blend
from misora.editing.curves import CURVES, check_curve, influences, parse_curve
from misora.editing.footage import Footage
from misora.editing.plan import Made, assemble
from misora.editing.scene import Scene

SCENE = Scene("a dog runs", seed=5)
DARK = Footage(np.full((48, 64, 96, 3), 20, np.uint8), 24.0)
LIGHT = Footage(np.full((30, 32, 48, 3), 220, np.uint8), 12.0)


@pytest.mark.parametrize(("name", "ends"), [("transition", (0, 1)), ("mix", (0, 1)), ("sample", (0, 0))])
def test_named_curves_fit_any_length(name: str, ends: tuple[float, float]) -> None:
    for count in (2, 9, 48):
        curve = influences(name, count, 24.0)
        assert len(curve) == count and (curve[0], curve[-1]) == ends and ((curve >= 0) & (curve <= 1)).all()


def test_points_are_seconds_and_level_outside() -> None:
    curve = influences(parse_curve("0.5:0,1.5:1"), 48, 24.0)
    assert curve[12] == 0 and curve[24] == pytest.approx(0.5) and curve[36] == 1 and curve[47] == 1


def test_the_blend_holds_each_clip_where_it_is_alone_and_frees_the_middle() -> None:
    (made,) = Blend().compile([DARK, LIGHT], SCENE).parts
    assert isinstance(made, Made) and made.num_frames == 48
    (pin,) = made.canvas.pins
    assert pin.strengths[0] == pin.strengths[-1] == 1 and min(pin.strengths) == pytest.approx(0.25, abs=0.01)
    assert (pin.frames[0] == 20).all() and (pin.frames[-1] == 220).all() and abs(int(pin.frames[23, 0, 0, 0]) - 118) < 5


def test_frames_of_one_clip_alone_are_its_own_bit_for_bit() -> None:
    plan = Blend().compile([DARK, LIGHT], SCENE)
    frames = np.concatenate(list(assemble(plan, lambda canvas: iter(np.zeros((48, 1, 64, 96, 3), np.uint8)))))
    assert (frames[:12] == 20).all() and (frames[36:] == 220).all() and (frames[20:28] == 0).all()


def test_clips_of_unequal_length_are_said_to_be_cut() -> None:
    plan = Blend("mix").compile([DARK, Footage(LIGHT.frames[:12], 12.0)], SCENE)
    assert plan.shape.num_frames == 24 and plan.notes == ("the blend lasts 1 s, as the shorter clip does",)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: check_curve("wave"), "curve='wave' is not known; choose one of transition, mix, sample"),
        (lambda: parse_curve("0:0,1:2"), "curve[1] has influence 2, outside 0 to 1; nearest: 1"),
        (lambda: parse_curve("1:0,0:1"), "curve[1] is at 0 s, not after 1 s"),
        (lambda: parse_curve("0:a"), "is not SECONDS:INFLUENCE"),
        (lambda: check_curve(()), "is not a list of (seconds, influence)"),
        (lambda: check_curve(((0.0, float("nan")),)), "is not a list of (seconds, influence)"),
    ],
)
def test_a_mistake_names_the_point(make: object, says: str) -> None:
    with pytest.raises(InputError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.field == "curve" and says in str(caught.value)


def test_every_named_curve_is_a_curve() -> None:
    assert all(check_curve(points) == points for points in CURVES.values())

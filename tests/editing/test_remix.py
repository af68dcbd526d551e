from __future__ import annotations

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.editing.footage import Footage
from misora.editing.plan import Kept, Made
from misora.editing.remix import RAMP_FRAMES, Remix, context_before, parse_strength, ramp
from misora.editing.scene import Scene
from misora.editing.seams import Overlay
from misora.pipelines.pinning import held_frames, held_strengths

SCENE = Scene("a dog runs", seed=5)
CLIP = Footage(np.broadcast_to(np.arange(72, dtype=np.uint8)[:, None, None, None], (72, 64, 96, 3)), 24.0)


def made_of(tool: Remix, *clips: Footage) -> Made:
    (made,) = [part for part in tool.compile([CLIP, *clips], SCENE).parts if isinstance(part, Made)]
    return made


def test_the_whole_clip_is_pinned_as_firmly_as_the_change_is_weak() -> None:
    for strength, held in (("subtle", 0.6), ("mild", 0.35), ("strong", 0.15), (0.25, 0.75), (0.0, 1.0), (1.0, 0.0)):
        made = made_of(Remix(strength))
        (pin,) = made.canvas.pins
        assert (made.start, made.stop, made.mend) == (0, 72, None)
        assert pin.strengths == pytest.approx((held,) * 72)


@pytest.mark.parametrize(("start", "held"), [(0, 0), (1, 1), (8, 1), (9, 9), (24, 17), (60, 17)])
def test_a_window_begins_a_latent_frame(start: int, held: int) -> None:
    assert context_before(start) == held


def test_a_window_changes_between_frames_that_stay() -> None:
    plan = Remix("strong", 1.0, 2.0).compile([CLIP], SCENE)
    before, made, after = plan.parts
    assert isinstance(before, Kept) and isinstance(made, Made) and isinstance(after, Kept)
    assert (before.num_frames, made.num_frames, after.num_frames) == (24, 24, 24)
    (pin,) = made.canvas.pins
    assert pin.frames[made.start, 0, 0, 0] == 24
    strengths = held_strengths(pin, *held_frames(pin, made.canvas.shape.num_frames))
    assert strengths == pytest.approx([1, 1, 1, 0.15, 0.15, 0.15, 1, 1])


def test_the_change_comes_in_and_goes_out_at_ends_that_meet_the_source() -> None:
    both = ramp(30, comes_in=True, goes_out=True)
    assert both[0] == pytest.approx(1 / (RAMP_FRAMES + 1)) and both[15] == 1 and np.allclose(both, both[::-1])
    assert (ramp(30, comes_in=False, goes_out=False) == 1).all()
    assert (ramp(1, comes_in=True, goes_out=True) > 0).all()


def test_a_mask_pins_the_rest_firmly_and_lays_the_source_back() -> None:
    made = made_of(Remix("strong", box=(32, 0, 96, 64)))
    loose, firm = made.canvas.pins
    assert loose.strengths[0] == pytest.approx(0.15) and firm.strength == 1.0
    assert firm.mask is not None and firm.mask[:, :32].all() and not firm.mask[:, 32:].any()
    assert isinstance(made.mend, Overlay) and np.shares_memory(made.mend.source, CLIP.frames)


def test_a_moving_mask_is_cut_to_the_window() -> None:
    masks = np.zeros((72, 64, 96, 3), np.uint8)
    masks[np.arange(72), :, np.arange(72)] = 255
    made = made_of(Remix("mild", 1.0, 2.0), Footage(masks, 24.0))
    assert isinstance(made.mend, Overlay) and made.mend.where is not None
    assert made.mend.where.shape == (24, 64, 96) and made.mend.where[0, 0].argmax() == 24


def test_strengths_are_names_or_numbers() -> None:
    assert (parse_strength("mild"), parse_strength("0.3")) == ("mild", 0.3)


@pytest.mark.parametrize(
    ("make", "field", "says"),
    [
        (lambda: Remix("huge"), "strength", "strength='huge' is not known; choose one of subtle, mild, strong, or a number"),
        (lambda: Remix(1.5), "strength", "strength=1.5 is outside 0 to 1; nearest: 1"),
        (lambda: Remix(float("nan")), "strength", "strength=nan is not known"),
        (lambda: Remix("mild", 2.0, 1.0), "end", "end=1 must be after start=2 s"),
        (lambda: Remix("mild", 1.0, 9.0).compile([CLIP], SCENE), "end", "end=9 is outside the clip, 0 to 3 s; nearest: 3"),
        (lambda: Remix("mild", 1.0, 1.001).compile([CLIP], SCENE), "end", "holds no frame"),
        (lambda: Remix(box=(0, 0, 9, 9)).compile([CLIP, CLIP], SCENE), "box", "box and a mask are both given"),
        (lambda: Remix(player="the dog").compile([CLIP], SCENE), "player", "was not looked for; give a mask or a box"),
    ],
)
def test_a_mistake_names_its_field(make: object, field: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.field == field and says in str(caught.value)

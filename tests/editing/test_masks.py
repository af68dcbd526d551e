from __future__ import annotations

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.editing.footage import Footage, makeable
from misora.editing.masks import box_mask, check_box, feather, mask_from, parse_box, to_picture

CLIP = Footage(np.zeros((12, 64, 96, 3), np.uint8), 24.0)


def square(height: int = 64, width: int = 96) -> np.ndarray:
    where = np.zeros((height, width), np.bool_)
    where[20:50, 20:60] = True
    return where


def test_a_rim_rises_inside_the_mask_and_is_nothing_outside() -> None:
    soft = feather(square(), 10)
    assert (soft[~square()] == 0).all() and (soft[square()] > 0).all()
    assert soft[20, 40] == pytest.approx(0.1) and soft[24, 40] == pytest.approx(0.5) and soft[35, 40] == 1
    assert soft.dtype == np.float32


def test_a_thin_mask_reaches_one_in_its_middle_and_the_pictures_edge_is_no_rim() -> None:
    thin = np.zeros((64, 96), np.bool_)
    thin[30:33] = True
    assert feather(thin)[31, 48] == 1 and feather(thin)[30, 48] == pytest.approx(0.5)
    assert (feather(np.ones((64, 96), np.bool_)) == 1).all() and not feather(np.zeros((4, 4), np.bool_)).any()


def test_a_box_is_in_pixels_of_the_clip_as_it_came() -> None:
    assert np.array_equal(box_mask((20, 20, 60, 50), CLIP, CLIP), square())
    odd = Footage(np.zeros((2, 128, 193, 3), np.uint8), 24.0)
    fitted, _ = makeable(odd)
    where = box_mask((0, 0, 96, 128), odd, fitted)
    assert where.shape == (128, 192) and where[:, :94].all() and not where[:, 98:].any()


def test_a_drawn_mask_is_white_where_it_may_change_and_a_clip_of_masks_moves() -> None:
    picture = Footage(to_picture(square()[None]), 24.0)
    assert np.array_equal(mask_from(picture, CLIP, CLIP), square())
    moving = np.stack([np.roll(square(), shift, axis=1) for shift in range(6)])
    where = mask_from(Footage(to_picture(moving), 12.0), CLIP, CLIP)
    assert where.shape == (12, 64, 96) and np.array_equal(where[0], moving[0]) and np.array_equal(where[10], moving[5])


@pytest.mark.parametrize(
    ("make", "field", "says"),
    [
        (lambda: parse_box("1,2,3"), "box", "is not (left, top, right, bottom) in pixels"),
        (lambda: parse_box("a,b,c,d"), "box", "is not (left, top, right, bottom) in pixels"),
        (lambda: check_box((5, 5, 5, 9)), "box", "box=5,5,5,9 holds no pixel"),
        (lambda: box_mask((0, 0, 200, 64), CLIP, CLIP), "box", "is outside the clip's 96x64; nearest: 0,0,96,64"),
        (lambda: mask_from(Footage(CLIP.frames[:1, :32], 24.0), CLIP, CLIP), "mask", "mask is 96x32, the clip 96x64"),
        (lambda: mask_from(Footage(CLIP.frames[:1], 24.0), CLIP, CLIP), "mask", "mask is white nowhere"),
        (lambda: mask_from(Footage(CLIP.frames[:2], 24.0), CLIP, CLIP), "mask", "mask lasts 0.08333 s, the clip 0.5 s"),
    ],
)
def test_a_mistake_names_its_field(make: object, field: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.field == field and says in str(caught.value)

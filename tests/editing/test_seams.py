from __future__ import annotations

import numpy as np

from misora.editing.seams import LENT_FRAMES, Joint, Overlay


def flat(level: int, count: int = 1) -> np.ndarray:
    return np.full((count, 4, 4, 3), level, np.uint8)


def test_what_the_likeness_lacks_is_lent_and_taken_back() -> None:
    likeness, original = flat(100), flat(112)[0]
    pictures = np.concatenate([flat(7), likeness, flat(100, 30)])
    mended = list(Joint(before=original)(iter(pictures), 2, 32))
    levels = [int(picture[0, 0, 0]) for picture in mended]
    assert len(mended) == 30 and levels[0] == 111 and levels[LENT_FRAMES:] == [100] * (30 - LENT_FRAMES)
    assert levels == sorted(levels, reverse=True)


def test_the_other_side_is_its_mirror() -> None:
    pictures = np.concatenate([flat(100, 20), flat(7)])
    pictures[19] = 100
    mended = list(Joint(after=flat(112)[0])(iter(np.concatenate([flat(100, 20), flat(100)])), 0, 20))
    levels = [int(picture[0, 0, 0]) for picture in mended]
    assert len(mended) == 20 and levels == sorted(levels) and levels[-1] == 111 and levels[0] == 100


def test_moved_pixels_are_lent_nothing() -> None:
    moved = flat(100)
    moved[0, :2] = 200
    (mended,) = Joint(before=flat(112)[0])(iter(np.concatenate([flat(100), moved])), 1, 2)
    assert (mended[:2] == 200).all() and (mended[2:] == 111).all()


def test_light_that_jumps_at_a_joint_is_brought_in_slowly() -> None:
    pictures = np.concatenate([flat(100, 3), flat(160, 30)])
    mended = list(Joint(before=flat(100)[0])(iter(pictures), 3, 33))
    levels = [100, *(int(picture[0, 0, 0]) for picture in mended)]
    assert levels == sorted(levels) and levels[-1] == 160 and max(np.diff(levels)) <= 60 / LENT_FRAMES
    before = [int(picture[0, 0, 0]) for picture in Joint(after=flat(100)[0])(iter(pictures[::-1]), 0, 30)]
    assert before[::-1] == levels[1:]


def test_light_that_was_changing_anyway_goes_on_doing_so() -> None:
    levels = np.arange(20, 200, 6)
    pictures = np.concatenate([flat(int(level)) for level in levels])
    mended = list(Joint(before=pictures[4], after=pictures[25])(iter(pictures), 5, 25))
    assert [int(picture[0, 0, 0]) for picture in mended] == levels[5:25].tolist()


def test_a_joint_without_a_second_known_picture_cannot_tell_a_jump_from_motion() -> None:
    (mended,) = Joint(before=flat(100)[0])(iter(np.concatenate([flat(100), flat(160)])), 1, 2)
    assert (mended == 160).all()


def test_a_joint_asks_for_no_picture_beyond_what_it_needs() -> None:
    drawn = []

    def pictures() -> object:
        for index in range(50):
            drawn.append(index)
            yield flat(index)[0]

    assert len(list(Joint(after=flat(9)[0])(pictures(), 3, 6))) == 3  # type: ignore[arg-type]
    assert drawn[-1] == 7


def test_an_overlay_shows_the_source_outside_the_mask_and_what_was_made_inside(rng: np.random.Generator) -> None:
    source, made = rng.integers(0, 256, (2, 3, 40, 60, 3), dtype=np.uint8)
    where = np.zeros((40, 60), np.bool_)
    where[:, 30:] = True
    for mask in (where, np.stack([where] * 3)):
        mended = np.stack(list(Overlay(source, np.array([1, 0.5, 0], np.float32), mask)(iter(made), 0, 3)))
        assert np.array_equal(mended[:, :, :30], source[:, :, :30]) and np.array_equal(mended[2], source[2])
        assert np.array_equal(mended[0, :, 50:], made[0, :, 50:])
        assert np.abs(mended[1, :, 50:] - (source[1, :, 50:].astype(float) + made[1, :, 50:]) / 2).max() <= 0.5

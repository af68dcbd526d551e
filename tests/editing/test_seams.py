from __future__ import annotations

import numpy as np

from misora.editing.seams import LENT_FRAMES, Joint, Overlay


def flat(level: int, count: int = 1) -> np.ndarray:
    return np.full((count, 4, 4, 3), level, np.uint8)


def test_what_the_likeness_lacks_is_lent_and_taken_back() -> None:
    likeness, original = flat(100), flat(112)
    pictures = np.concatenate([flat(7), likeness, flat(100, 30)])
    mended = list(Joint(before=original)(iter(pictures), 2, 32))
    levels = [int(picture[0, 0, 0]) for picture in mended]
    assert len(mended) == 30 and levels[0] == 111 and levels[LENT_FRAMES:] == [100] * (30 - LENT_FRAMES)
    assert levels == sorted(levels, reverse=True)


def test_the_other_side_is_its_mirror() -> None:
    pictures = np.concatenate([flat(100, 20), flat(7)])
    pictures[19] = 100
    mended = list(Joint(after=flat(112))(iter(np.concatenate([flat(100, 20), flat(100)])), 0, 20))
    levels = [int(picture[0, 0, 0]) for picture in mended]
    assert len(mended) == 20 and levels == sorted(levels) and levels[-1] == 111 and levels[0] == 100


def test_moved_pixels_are_lent_nothing() -> None:
    moved = flat(100)
    moved[0, :2] = 200
    mended = next(Joint(before=flat(112))(iter(np.concatenate([flat(100), moved, flat(100, 20)])), 1, 22))
    assert (mended[:2] == 200).all() and (mended[2:] == 111).all()


def test_light_that_jumps_at_a_joint_is_brought_in_slowly() -> None:
    pictures = np.concatenate([flat(100, 3), flat(160, 30)])
    mended = list(Joint(before=flat(100, 2))(iter(pictures), 3, 33))
    levels = [100, *(int(picture[0, 0, 0]) for picture in mended)]
    assert levels == sorted(levels) and levels[-1] == 160 and max(np.diff(levels)) <= 60 / LENT_FRAMES
    before = [int(picture[0, 0, 0]) for picture in Joint(after=flat(100, 2))(iter(pictures[::-1]), 0, 30)]
    assert before[::-1] == levels[1:]


def test_light_that_was_changing_anyway_goes_on_doing_so() -> None:
    levels = np.arange(20, 200, 6)
    pictures = np.concatenate([flat(int(level)) for level in levels])
    mended = list(Joint(before=pictures[1:5], after=pictures[25:29])(iter(pictures), 5, 25))
    assert [int(picture[0, 0, 0]) for picture in mended] == levels[5:25].tolist()


def test_a_joint_without_a_second_known_picture_cannot_tell_a_jump_from_motion() -> None:
    (mended,) = Joint(before=flat(100))(iter(np.concatenate([flat(100), flat(160)])), 1, 2)
    assert (mended == 160).all()


def test_a_short_gap_is_shared_by_both_sides() -> None:
    """Three frames between light and dark: each joint has let go where the other begins."""
    pictures = np.concatenate([flat(0, 2), flat(128, 3), flat(240, 2)])
    levels = [int(picture[0, 0, 0]) for picture in Joint(flat(0, 2), flat(240, 2))(iter(pictures), 2, 5)]
    assert levels == sorted(levels) and 20 < levels[0] < 110 and 150 < levels[2] < 220


def test_what_moved_goes_on_moving_while_it_gives_way() -> None:
    """A shaded square moves right by four pixels a frame; the network lost it."""
    ground = np.full((128, 128, 3), 90, np.uint8)

    def seen(number: int) -> np.ndarray:
        picture = ground.copy()
        picture[48:80, 16 + 4 * number : 48 + 4 * number] = np.linspace(130, 250, 32)[:, None]
        return picture

    kept = np.stack([seen(number) for number in range(4)])
    mended = list(Joint(before=kept)(iter([kept[-1], *[ground] * 20]), 1, 21))
    assert np.abs(mended[0].astype(int) - seen(4)).mean() < 0.15 * np.abs(ground.astype(int) - seen(4)).mean()
    assert np.array_equal(mended[LENT_FRAMES], ground)
    assert np.abs(mended[5].astype(int) - ground)[48:80, 12:24].max() == 0, "nothing is left where it was"


def test_a_joint_asks_for_no_picture_beyond_what_it_needs() -> None:
    drawn = []

    def pictures() -> object:
        for index in range(50):
            drawn.append(index)
            yield flat(index)[0]

    assert len(list(Joint(after=flat(9))(pictures(), 3, 6))) == 3  # type: ignore[arg-type]
    assert drawn[-1] == 6


def test_an_overlay_shows_the_source_outside_the_mask_and_what_was_made_inside(rng: np.random.Generator) -> None:
    source, made = rng.integers(0, 256, (2, 3, 40, 60, 3), dtype=np.uint8)
    where = np.zeros((40, 60), np.bool_)
    where[:, 30:] = True
    for mask in (where, np.stack([where] * 3)):
        mended = np.stack(list(Overlay(source, np.array([1, 0.5, 0], np.float32), mask)(iter(made), 0, 3)))
        assert np.array_equal(mended[:, :, :30], source[:, :, :30]) and np.array_equal(mended[2], source[2])
        assert np.array_equal(mended[0, :, 50:], made[0, :, 50:])
        assert np.abs(mended[1, :, 50:] - (source[1, :, 50:].astype(float) + made[1, :, 50:]) / 2).max() <= 0.5

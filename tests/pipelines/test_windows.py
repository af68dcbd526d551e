from __future__ import annotations

import pytest

from misora.pipelines.windows import MAX_WINDOW, OVERLAP, Window, windows_between, windows_from_end, windows_of


@pytest.mark.parametrize("num_frames", [1, 2, 15, 16, 17, 29, 30, 181])
def test_windows_make_every_latent_frame_once_and_in_order(num_frames: int) -> None:
    windows = list(windows_of(num_frames))
    assert [frame for window in windows for frame in range(window.new_start, window.stop)] == list(range(num_frames))
    assert all(len(window) <= MAX_WINDOW for window in windows)
    assert all(window.new_start - window.start == OVERLAP for window in windows[1:])


def test_only_the_clips_start_is_numbered_zero() -> None:
    first, second = windows_of(20, size=16)
    assert first == Window(0, 16, 0, 16) and first.first_number == 0
    assert second == Window(13, 20, 16, 20) and second.first_number == 1


def test_a_clip_of_which_nothing_is_known_begins_with_its_picture() -> None:
    assert list(windows_of(9, picture_first=True)) == [Window(0, 1, 0, 1), Window(0, 7, 1, 7), Window(4, 9, 7, 9)]
    assert list(windows_of(1, picture_first=True)) == [Window(0, 1, 0, 1)]


def test_windows_from_the_end_are_a_mirror() -> None:
    last, first = windows_from_end(20, 16, 3)
    assert last == Window(4, 20, 4, 20) and last.first_number == 1
    assert first == Window(0, 7, 0, 4) and first.first_number == 0
    assert list(windows_from_end(7, 16, 3)) == [Window(0, 7, 0, 7)]


@pytest.mark.parametrize("size", [4, 7, 16])
@pytest.mark.parametrize("num_frames", [1, 5, 7, 8, 10, 17, 60, 181])
def test_windows_between_two_ends_make_every_latent_frame_once_and_close_the_gap_with_sight_of_both(num_frames: int, size: int) -> None:
    windows = list(windows_between(num_frames, size))
    assert sorted(frame for window in windows for frame in range(window.new_start, window.new_stop)) == list(range(num_frames))
    assert all(len(window) <= size for window in windows)
    made: set[int] = set()
    for window in windows:
        beside = {*range(window.start, window.new_start), *range(window.new_stop, window.stop)}
        assert beside <= made  # what a window is to see has been made
        made |= set(range(window.new_start, window.new_stop))
    if num_frames > size:
        last = windows[-1]
        assert len(last) == size and last.start < last.new_start and last.new_stop < last.stop


def test_a_gap_is_made_as_far_from_one_side_as_from_the_other() -> None:
    assert list(windows_between(17, 7, 3)) == [Window(0, 7, 0, 7), Window(10, 17, 10, 17), Window(5, 12, 7, 10)]
    assert [window.first_number for window in windows_between(17, 7, 3)] == [0, 1, 1]

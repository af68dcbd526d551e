from __future__ import annotations

import pytest

from misora.pipelines.windows import MAX_WINDOW, OVERLAP, Window, windows_from_end, windows_of


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


def test_windows_from_the_end_are_a_mirror() -> None:
    last, first = windows_from_end(20, 16, 3)
    assert last == Window(4, 20, 4, 20) and last.first_number == 1
    assert first == Window(0, 7, 0, 4) and first.first_number == 0
    assert list(windows_from_end(7, 16, 3)) == [Window(0, 7, 0, 7)]

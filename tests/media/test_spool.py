from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from misora.base.errors import MediaError
from misora.media.spool import room_for

SHAPE = (5, 4, 6, 3)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("memory_bytes", [0, 10**6])
def test_frames_are_what_was_put_there_wherever_they_lie(folder: Path, memory_bytes: int) -> None:
    frames = room_for(SHAPE, memory_bytes=memory_bytes)
    frames[:] = wanted = np.arange(360, dtype=np.uint8).reshape(SHAPE)
    assert type(frames) is np.ndarray and frames.flags.writeable and frames.flags.c_contiguous
    assert np.array_equal(frames, wanted) and np.array_equal(frames[2:4].copy(), wanted[2:4])
    assert list(folder.iterdir()) == []  # no name, so nothing to clean up


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists what a process has mapped")
def test_only_many_frames_lie_in_a_file_and_it_is_gone_with_them(folder: Path) -> None:
    def mapped() -> int:
        return Path("/proc/self/maps").read_text().count(str(folder))

    few, many = room_for(SHAPE), room_for(SHAPE, memory_bytes=359)
    assert mapped() == 1 and len(few) == len(many)
    del many
    assert mapped() == 0


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="space cannot be reserved here")
def test_a_disk_without_room_is_an_error_before_anything_is_decoded(folder: Path) -> None:
    with pytest.raises(MediaError, match=f"GiB of frames do not fit into {folder}.*set TMPDIR"):
        room_for((2**31, 2**10, 2**10, 3))

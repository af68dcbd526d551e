from __future__ import annotations

from pathlib import Path

import pytest

from misora.api.output import check_output, name_for
from misora.base.errors import InputError
from misora.base.shapes import VideoShape

VIDEO, STILL, ODD = VideoShape(9, 64, 96, 24.0), VideoShape(1, 64, 96, 24.0), VideoShape(9, 65, 97, 24.0)


@pytest.mark.parametrize(("name", "shape"), [("a.mp4", VIDEO), ("a.GIF", VIDEO), ("a.webp", ODD), ("a.png", STILL), ("a.mp4", STILL)])
def test_what_can_be_written_passes_and_leaves_no_trace(tmp_path: Path, name: str, shape: VideoShape) -> None:
    check_output(tmp_path / name, shape)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "shape", "says"),
    [
        ("a.avi", VIDEO, "does not end as a video does; choose one of .mp4, .gif, .webp"),
        ("a", VIDEO, "does not end as a video does"),
        ("a.png", VIDEO, "does not end as a video does"),
        ("a.gif", STILL, "does not end as a still does"),
        ("a.mp4", ODD, "odd side and MP4 needs even ones; nearest: 98x66"),
        ("folder", VIDEO, "it is a folder"),
        ("absent/a.mp4", VIDEO, "does not exist"),
        ("file/a.mp4", VIDEO, "cannot write"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, name: str, shape: VideoShape, says: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=says) as caught:
        check_output(tmp_path / name, shape)
    assert caught.value.field in ("out", "size")


def test_names_come_from_the_prompt_and_never_take_anothers_place(tmp_path: Path) -> None:
    path = name_for("A dog, running… ALONG the beach!", ".mp4", tmp_path)
    assert path.name == "a-dog-running-along-the-beach.mp4"
    path.touch()
    assert name_for("a dog running along the beach", ".mp4", tmp_path).name == "a-dog-running-along-the-beach-2.mp4"
    assert name_for("一只小狗在海滩上奔跑", ".png", tmp_path).name == "一只小狗在海滩上奔跑.png"
    assert name_for("../../!", ".mp4", tmp_path).name == "video.mp4"
    assert len(name_for("long " * 100, ".mp4", tmp_path).stem) <= 48

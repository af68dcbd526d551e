from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from misora.base.errors import InputError
from misora.media.decode import read_video
from misora.media.encode import write_video
from misora.media.probe import probe, read_metadata


def gradient(num_frames: int = 6, height: int = 64, width: int = 96) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Smooth colour that moves: (T, H, W, 3)."""
    t, y, x = np.mgrid[0:num_frames, 0:height, 0:width]
    return np.stack([255 * x / width, 255 * y / height, 127 + 100 * np.sin(x / 30 + y / 20 + t / 3)], -1).astype(np.uint8)


def test_smooth_colour_survives_a_round_trip_without_drift(tmp_path: Path) -> None:
    frames = gradient()
    for crf, error, drift in ((12, 2.0, 0.5), (1, 1.0, 0.1)):
        write_video(tmp_path / "a.mp4", frames, 24, crf=crf)
        difference = read_video(tmp_path / "a.mp4").frames.astype(int) - frames
        assert np.abs(difference).mean((0, 1, 2)).max() < error
        assert np.abs(difference.mean((0, 1, 2))).max() < drift


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128)])
def test_flat_colours_come_back(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    frames = np.full((1, 32, 32, 3), colour, np.uint8)
    write_video(tmp_path / "a.mp4", frames, 24, crf=4)
    assert np.abs(read_video(tmp_path / "a.mp4").frames.astype(int) - frames).max() <= 3


def test_colour_is_tagged_and_file_starts_fast(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", gradient(2), 24)
    with av.open(str(tmp_path / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        assert context.pix_fmt == "yuv420p"
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (24, 24),
        (23.976, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (12.5, Fraction(25, 2)),
        (Fraction(50, 3), Fraction(50, 3)),
    ],
)
def test_rate_is_exact(tmp_path: Path, fps: float, exact: Fraction) -> None:
    write_video(tmp_path / "a.mp4", gradient(5), fps)
    info = probe(tmp_path / "a.mp4")
    assert info.fps == pytest.approx(float(exact), abs=1e-9)
    assert (info.num_frames, info.variable_rate) == (5, False)
    assert info.seconds == pytest.approx(5 / float(exact))


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", gradient(1), 8)
    info = probe(tmp_path / "a.mp4")
    assert (info.kind, info.num_frames, info.fps) == ("video", 1, 8)


def test_recipe_of_8_kb_survives(tmp_path: Path) -> None:
    recipe = json.dumps({"prompt": "一只柯基在日落的海滩上奔跑 🐕" * 200, "odd": '=;#\\"\n\t', "seed": 2**62}, ensure_ascii=False)
    assert len(recipe.encode()) > 8000
    write_video(tmp_path / "a.mp4", gradient(1), 24, metadata={"comment": recipe, "title": "柯基", "artist": ""})
    assert read_metadata(tmp_path / "a.mp4") == {"title": "柯基", "comment": recipe}
    assert json.loads(read_metadata(tmp_path / "a.mp4")["comment"])["seed"] == 2**62


def test_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    contents = set()
    for _ in range(5):
        write_video(tmp_path / "a.mp4", gradient(12, 128, 160), 24, metadata={"title": "x"})
        contents.add((tmp_path / "a.mp4").read_bytes())
    assert len(contents) == 1


def test_frames_are_taken_one_by_one(tmp_path: Path) -> None:
    alive = 0
    most_alive = 0

    class Counted(np.ndarray[Any, Any]):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def frames() -> Iterator[Any]:
        nonlocal alive, most_alive
        for _ in range(40):
            frame = np.zeros((32, 32, 3), np.uint8).view(Counted)
            alive += 1
            most_alive = max(most_alive, alive)
            yield frame

    write_video(tmp_path / "a.mp4", frames(), 24)
    assert most_alive < 10


@pytest.mark.parametrize(
    ("frames", "options", "sentence"),
    [
        (gradient(1, 64, 97), {}, "size 97x64 has an odd side .* nearest: 98x64"),
        (gradient(1, 63, 97), {}, "nearest: 98x64"),
        ([], {}, "at least one frame"),
        ([gradient(1)[0], gradient(1, 32, 32)[0]], {}, r"frames\[1\] is uint8 \(32, 32, 3\), but frames\[0\]"),
        ([np.zeros((32, 32, 3))], {}, "must be uint8"),
        ([np.zeros((32, 32), np.uint8)], {}, r"\(H, W, 3\)"),
        (gradient(1), {"crf": 60}, "crf=60 .* nearest: 51"),
        (gradient(1), {"preset": "quick"}, "preset='quick' is not known; choose one of ultrafast"),
        (gradient(1), {"fps": 0}, "fps=0 is outside"),
        (gradient(1), {"fps": float("nan")}, "fps=nan is outside"),
        (gradient(1), {"metadata": {"gps": "here"}}, "metadata key 'gps' has no place"),
        (gradient(1), {"metadata": {"title": "a\0b"}}, "NUL"),
        (gradient(1), {"metadata": {"title": "\ud800"}}, "surrogate"),
    ],
)
def test_bad_input_leaves_nothing_behind(tmp_path: Path, frames: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        write_video(tmp_path / "a.mp4", frames, **{"fps": 24, **options})
    assert list(tmp_path.iterdir()) == []


def test_failing_source_keeps_the_old_file_and_its_own_error(tmp_path: Path) -> None:
    def frames() -> Iterator[Any]:
        yield from gradient(5)
        raise FileNotFoundError("the source's own trouble")

    (tmp_path / "a.mp4").write_bytes(b"old")
    with pytest.raises(FileNotFoundError, match="own trouble"):
        write_video(tmp_path / "a.mp4", frames(), 24)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("missing/a.mp4", r"the folder .*missing does not exist"), ("", "it is a folder"), ("file/a.mp4", "not a directory")],
)
def test_unwritable_path_is_explained(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=sentence) as caught:
        write_video(tmp_path / name, gradient(1), 24)
    assert caught.value.field == "out"


def test_full_disk_is_explained_and_cleaned_up(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 64, 64, 3), dtype=np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(InputError, match=r"cannot write .*file too large"):
            write_video(tmp_path / "a.mp4", noise, 24, crf=1, preset="ultrafast")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_file_is_readable_as_any_other(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", gradient(1), 24)
    (tmp_path / "plain").write_text("")
    assert os.stat(tmp_path / "a.mp4").st_mode == os.stat(tmp_path / "plain").st_mode

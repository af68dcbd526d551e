from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from misora.base.errors import InputError, MediaError
from misora.media.animation import write_animation
from misora.media.decode import iter_frames, read_video
from misora.media.encode import write_video
from misora.media.probe import probe, read_metadata
from misora.media.stills import write_image

QUADRANTS = np.zeros((32, 64, 3), np.uint8)
QUADRANTS[:16, :32], QUADRANTS[:16, 32:], QUADRANTS[16:, :32] = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def write_at(path: Path, times_ms: Sequence[int], *, rotation: int = 0, codec: str = "libx264", **tags: str) -> None:
    """A clip whose frame k is grey 10 k (or QUADRANTS when turned), shown at ``times_ms[k]``."""
    with av.open(str(path), "w") as container:
        container.metadata.update(tags)
        stream: Any = container.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for index, time_ms in enumerate(times_ms):
            picture = QUADRANTS if rotation else np.full_like(QUADRANTS, 10 * index)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    write_video(path, np.random.default_rng(0).integers(0, 255, (12, 32, 64, 3), dtype=np.uint8), 24, metadata={"title": "t"}, crf=20)
    return path


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (-90, 3), (180, 2)])
def test_turned_clips_stand_upright(tmp_path: Path, rotation: int, turns: int) -> None:
    write_at(tmp_path / "a.mp4", [0, 33, 66], rotation=rotation)
    upright = np.rot90(QUADRANTS, turns)
    info, read = probe(tmp_path / "a.mp4"), read_video(tmp_path / "a.mp4")
    assert info.rotation == rotation % 360
    assert (info.height, info.width) == upright.shape[:2] == read.frames.shape[1:3]
    assert np.abs(read.frames[0].astype(int) - upright).mean() < 12


def test_variable_rate_is_held_to_a_constant_one(tmp_path: Path) -> None:
    write_at(tmp_path / "a.mp4", [0, 40, 80, 280, 320, 360, 400])
    info, read = probe(tmp_path / "a.mp4"), read_video(tmp_path / "a.mp4")
    assert info.variable_rate
    assert (info.fps, info.num_frames) == (25, len(read.frames))
    greys = (read.frames[:, 16, 32, 1] / 10).round().astype(int).tolist()
    assert greys[:11] == [0, 1, 2, 2, 2, 2, 2, 3, 4, 5, 6]


def test_jitter_is_not_a_variable_rate(tmp_path: Path) -> None:
    write_at(tmp_path / "a.mp4", [0, 35, 65, 101, 133, 168, 200])
    info = probe(tmp_path / "a.mp4")
    assert (info.variable_rate, info.num_frames) == (False, 7)
    assert info.fps == pytest.approx(30, rel=0.02)


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_webm_and_its_capital_tags(tmp_path: Path, codec: str) -> None:
    write_at(tmp_path / "a.webm", [0, 33, 67, 100], codec=codec, title="雨", comment="c")
    read = read_video(tmp_path / "a.webm")
    assert (len(read.frames), read.metadata) == (4, {"title": "雨", "comment": "c"})
    assert read.frames[3].mean() == pytest.approx(30, abs=3)
    assert read.fps == pytest.approx(30, rel=0.01)


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_animations_are_clips(tmp_path: Path, suffix: str) -> None:
    frames = np.stack([np.full((32, 48, 3), 20 * index, np.uint8) for index in range(9)])
    write_animation(tmp_path / f"a{suffix}", frames, 24, metadata={"comment": '{"提示": 1}', "title": "x"}, quality=100)
    info, read = probe(tmp_path / f"a{suffix}"), read_video(tmp_path / f"a{suffix}")
    assert (info.kind, info.codec, info.num_frames, info.variable_rate) == ("video", suffix[1:], 9, False)
    assert read.fps == pytest.approx(24, rel=0.04)
    assert np.abs(read.frames.astype(int) - frames).mean() < 4
    assert read.metadata == read_metadata(tmp_path / f"a{suffix}") == {"title": "x", "comment": '{"提示": 1}'}


def test_frames_stream_and_a_still_is_one_frame(tmp_path: Path, clip: Path) -> None:
    assert np.array_equal(next(iter_frames(clip)), read_video(clip).frames[0])
    write_image(tmp_path / "a.png", QUADRANTS)
    assert [np.array_equal(frame, QUADRANTS) for frame in iter_frames(tmp_path / "a.png")] == [True]
    assert probe(tmp_path / "a.png").kind == "image"


def test_probe_of_a_clip(clip: Path) -> None:
    info = probe(clip)
    assert (info.kind, info.height, info.width, info.codec, info.num_frames) == ("video", 32, 64, "h264", 12)
    assert (info.seconds, info.rotation, info.metadata) == (0.5, 0, {"title": "t"})


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"max_frames": 11}, "has 12 frames .* limit is 11: cut it first"),
        ({"max_pixels": 2047}, "64x32, 0.0 megapixels"),
        ({"max_bytes": 1000}, "GiB as frames"),
    ],
)
def test_limits_are_checked_first(clip: Path, limits: dict[str, int], sentence: str) -> None:
    with pytest.raises(MediaError, match=sentence):
        read_video(clip, **limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.mp4", None, "missing.mp4 does not exist"),
        ("empty.mp4", b"", "damaged, or not a clip"),
        ("text.mp4", "Dear diary\n" * 50, "damaged, or not a clip"),
        ("random.mp4", np.random.default_rng(1).bytes(5000), "damaged, or not a clip"),
        ("list.mp4", "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "damaged, or not a clip"),
        ("list.m3u8", "#EXTM3U\n#EXTINF:1,\nclip.mp4\n#EXT-X-ENDLIST\n", "damaged, or not a clip"),
        ("concat.mp4", "ffconcat version 1.0\nfile clip.mp4\n", "damaged, or not a clip"),
        ("half.gif", b"GIF89a\x10\x00", "not a picture that Misora reads|damaged or cut short"),
        ("page.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", "damaged, or not a clip"),
    ],
)
def test_what_is_not_a_clip_is_refused_in_words(tmp_path: Path, clip: Path, name: str, content: str | bytes | None, sentence: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for read in (read_video, probe, read_metadata, lambda path: list(iter_frames(path))):
        with pytest.raises(MediaError, match=sentence):
            read(path)


def test_sound_folders_stills_and_other_codecs_are_named(tmp_path: Path) -> None:
    write_sound(tmp_path / "sound.m4a")
    write_at(tmp_path / "old.mp4", [0, 40], codec="mpeg4")
    write_image(tmp_path / "still.png", QUADRANTS)
    for name, sentence in {"sound.m4a": "only sound", "old.mp4": "coded as mpeg4", "still.png": "is a still", "": "is a folder"}.items():
        with pytest.raises(MediaError, match=sentence):
            read_video(tmp_path / name)


def test_a_name_that_looks_like_a_protocol_is_a_file(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clip.parent)
    clip.rename(clip.with_name("concat:a.mp4"))
    assert probe("concat:a.mp4").num_frames == 12
    with pytest.raises(MediaError, match="does not exist"):
        probe("http://127.0.0.1:9/a.mp4")


def test_a_clip_cut_anywhere_is_refused(tmp_path: Path, clip: Path) -> None:
    content = clip.read_bytes()
    cut = tmp_path / "cut.mp4"
    for kept in range(50, len(content), len(content) // 12):
        cut.write_bytes(content[:kept])
        with pytest.raises(MediaError, match=r"cut\.mp4 (is cut short: its index needs|is damaged|has no picture track)"):
            read_video(cut)


def test_flipped_bytes_end_in_frames_or_a_media_error(tmp_path: Path, clip: Path) -> None:
    content, random = clip.read_bytes(), np.random.default_rng(7)
    broken = tmp_path / "broken.mp4"
    for _ in range(12):
        mutant = bytearray(content)
        for place in random.integers(0, len(content) // 4, 5):
            mutant[place] = random.integers(256)
        broken.write_bytes(mutant)
        try:
            assert read_video(broken, max_frames=100, max_pixels=100_000).frames.size
        except MediaError:
            continue


def test_media_errors_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        probe(tmp_path / "no.png")


def test_untagged_colour_is_read_by_size(tmp_path: Path) -> None:
    """A small clip without tags is BT.601, as old cameras and FFmpeg itself write it."""
    write_at(tmp_path / "a.mp4", [0, 40], rotation=180)
    assert np.abs(np.rot90(read_video(tmp_path / "a.mp4").frames[0], 2).astype(int) - np.asarray(Image.fromarray(QUADRANTS))).mean() < 12

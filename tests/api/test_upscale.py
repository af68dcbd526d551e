from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.upscale import target
from misora.base.progress import Step
from misora.media.decode import read_video
from misora.media.encode import write_video
from misora.media.probe import read_metadata
from misora.media.stills import read_image, write_image
from misora.models.weights_file import weights_path
from tiny import write_tiny_interpolator, write_tiny_upsampler


@pytest.fixture
def upsampler(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(tiny_weights, tmp_path / "weights"))
    monkeypatch.setenv("MISORA_WEIGHTS", str(write_tiny_upsampler(folder)))
    return folder


@pytest.fixture
def clip(tmp_path: Path, rng: np.random.Generator) -> Path:
    """19 frames of 96x64 that nobody's recipe describes."""
    path = tmp_path / "clip.mp4"
    write_video(path, rng.integers(0, 256, (19, 8, 12, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2), 24.0)
    return path


@pytest.mark.parametrize(
    ("size", "expected"),
    [("1080p", (1080, 1872)), ("480p", (480, 832)), ("1920x1080", (1080, 1920)), ((900, 600), (600, 900)), ("832x500", (500, 832))],
)
def test_sizes_are_said_by_name_or_number(size: str | tuple[int, int], expected: tuple[int, int]) -> None:
    assert target(size, 240, 416) == expected
    assert target("1080p", 480, 832) == (1080, 1872) and target("1080p", 832, 480) == (1872, 1080)


@pytest.mark.parametrize(
    ("size", "sentence"),
    [("832x480", "not larger"), ("240p", "not larger"), ("1920x400", "not larger"), ("huge", "WIDTHxHEIGHT"), ("4000x3000", "2048")],
)
def test_a_size_that_cannot_be_made_is_explained_before_anything_is_loaded(size: str, sentence: str) -> None:
    video = misora.Video(np.zeros((1, 480, 832, 3), np.uint8), 24.0, recipe())
    with pytest.raises(misora.InputError, match=sentence):
        misora.upscale(video, size)


def recipe() -> misora.Recipe:
    return misora.Recipe("a dog runs", "a dog runs.", misora.VideoShape(1, 480, 832, 24.0), 1, 2, 3.0, "euler")


def test_shots_of_one_clip_are_enlarged_as_if_they_were_clips(upsampler: Path, rng: np.random.Generator) -> None:
    dark, light = (np.full((9, 64, 96, 3), level, np.uint8) for level in (30, 200))
    for shot in (dark, light):
        shot[:, 20:40, 30:60] += rng.integers(0, 40, (20, 30, 3), dtype=np.uint8)
    whole = misora.upscale(misora.Video(np.concatenate([dark, light]), 24.0, recipe()), (192, 128))
    second = misora.upscale(misora.Video(light, 24.0, recipe()), (192, 128))
    assert np.array_equal(whole.frames[9:], second.frames)


def test_a_clip_of_unknown_origin_grows_and_can_be_replayed(upsampler: Path, clip: Path, tmp_path: Path) -> None:
    seen: list[Step] = []
    large = misora.upscale(clip, "240p", progress=seen.append)
    assert large.frames.shape == (19, 240, 360, 3) and large.fps == 24.0 and large.tail is None
    assert [(step.stage, step.done, step.total) for step in seen] == [("upscale", 8, 19), ("upscale", 16, 19), ("upscale", 19, 19)]
    assert set(large.recipe.weights) == {"upsampler"} and large.recipe.edit == {"tool": "upscale", "size": "360x240"}
    path = large.save(tmp_path / "large.mp4")
    assert np.array_equal(misora.replay(path, images=[clip]).frames, large.frames)
    with pytest.raises(misora.InputError, match="the parent .* is needed"):
        misora.replay(path)


def test_a_file_and_the_same_frames_in_memory_give_the_same(upsampler: Path, clip: Path) -> None:
    made = misora.upscale(clip, "240p")
    frames = read_video(clip).frames
    video = misora.Video(frames, 24.0, replace(recipe(), shape=misora.VideoShape(19, 64, 96, 24.0)))
    again = misora.upscale(video, (360, 240))
    assert np.array_equal(made.frames, again.frames) and again.recipe.prompt == "a dog runs"


def test_what_the_clip_shows_stays_known(upsampler: Path, tmp_path: Path) -> None:
    small = misora.generate("a dog runs", seconds=0.25, size="64x64", steps=1, seed=5)
    large = misora.upscale(small.save(tmp_path / "small.mp4"), "240p").save(tmp_path / "large.mp4")
    kept = misora.Recipe.from_json(read_metadata(large)["comment"])
    assert (kept.prompt, kept.caption, kept.seed) == (small.recipe.prompt, small.recipe.caption, 5)


def test_a_clip_gets_more_frames_a_second_and_may_grow_at_once(upsampler: Path, clip: Path, tmp_path: Path) -> None:
    write_tiny_interpolator(upsampler)
    smooth = misora.upscale(clip, fps=48)
    assert smooth.frames.shape == (38, 64, 96, 3) and smooth.fps == 48.0
    assert np.array_equal(smooth.frames[:-1:2], read_video(clip).frames)
    assert set(smooth.recipe.weights) == {"interpolator"} and smooth.recipe.edit == {"tool": "upscale", "fps": 48}
    path = smooth.save(tmp_path / "smooth.mp4")
    assert np.array_equal(misora.replay(path, images=[clip]).frames, smooth.frames)
    both = misora.upscale(clip, "192x128", fps=36)
    assert both.frames.shape == (28, 128, 192, 3) and set(both.recipe.weights) == {"upsampler", "interpolator"}
    assert np.array_equal(both.frames, misora.upscale(misora.upscale(clip, fps=36), "192x128").frames), "first smoother, then larger"


@pytest.mark.parametrize(("fps", "sentence"), [(24, "not above the clip's 24"), (12, "only raises"), (90, "nearest: 60")])
def test_a_rate_that_cannot_be_made_is_explained(clip: Path, fps: float, sentence: str) -> None:
    with pytest.raises(misora.InputError, match=sentence):
        misora.upscale(clip, fps=fps)


def test_a_picture_has_no_rate_to_raise(tmp_path: Path, rng: np.random.Generator) -> None:
    write_image(tmp_path / "a.png", rng.integers(0, 256, (64, 80, 3), dtype=np.uint8))
    with pytest.raises(misora.InputError, match="no frame rate"):
        misora.upscale(tmp_path / "a.png", fps=48)


def test_a_picture_is_a_clip_of_one_frame(upsampler: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    write_image(tmp_path / "a.png", rng.integers(0, 256, (64, 80, 3), dtype=np.uint8))
    path = misora.upscale(tmp_path / "a.png", "160x128").save(tmp_path / "b.png")
    assert read_image(path).shape == (128, 160, 3)
    assert np.array_equal(misora.replay(path, images=[tmp_path / "a.png"]).frames[0], read_image(path))


def test_without_the_weights_it_says_which(upsampler: Path, clip: Path) -> None:
    weights_path(upsampler, "upsampler").unlink()
    with pytest.raises(misora.WeightsError, match="no weights at .*upsampler"):
        misora.upscale(clip, "240p")

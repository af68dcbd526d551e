"""Extending from latents: what a video remembers, what is kept beside a file, and that a replay asks for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.sources import read_source
from misora.api.tail_file import load_tail, save_tail, tail_path
from misora.base.tail import Tail
from misora.editing.extend import Extend
from misora.editing.footage import Footage
from misora.editing.plan import Made
from misora.editing.scene import Scene

SMALL = {"seconds": 1.0, "size": "64x64", "steps": 1, "seed": 1}


@pytest.fixture(scope="module")
def video(tiny_weights: Path) -> misora.Video:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MISORA_WEIGHTS", str(tiny_weights))
        patch.setenv("MISORA_DEVICE", "cpu")
        return misora.generate("a dog runs", **SMALL)


def test_a_video_remembers_its_last_latents_and_how_far_they_reach(video: misora.Video) -> None:
    assert video.tail is not None
    assert video.tail.latents.shape == (8, 3, 2, 2) and video.tail.overhang == 1  # 24 frames on a grid of 25
    assert video.tail.vae == video.recipe.weights["video_vae"]
    assert misora.image("a dog", size="64x64", steps=1).tail is None
    assert misora.generate("a dog", **SMALL, preset="film-noir").tail is None


@pytest.mark.parametrize("overhang", [0, 1, 7])
def test_the_plan_goes_on_where_the_clip_ends(overhang: int) -> None:
    frames = np.zeros((24, 64, 64, 3), np.uint8)
    clip = Footage(frames, 24.0, Tail(np.zeros((8, 3, 2, 2), np.float32), overhang, ""))
    made = Extend(1.0).compile([clip], Scene("a dog")).parts[1]
    assert isinstance(made, Made) and made.canvas.past is not None and not made.canvas.pins
    assert (made.start, made.num_frames, made.canvas.shape.num_frames) == (17 - overhang, 24, 41 - overhang)


def test_extending_again_and_again_goes_on_from_latents(video: misora.Video) -> None:
    longer = misora.extend(video, 0.5, steps=1, seed=2)
    again = misora.extend(longer, 0.5, steps=1, seed=3)
    assert len(again.frames) == 48 and np.array_equal(again.frames[:36], longer.frames)
    assert [one.role for one in again.recipe.inputs] == ["parent", "latents"]
    by_pictures = misora.extend(replace(video, tail=None), 0.5, steps=1, seed=2)
    assert not np.array_equal(by_pictures.frames[24:], longer.frames[24:])


def test_a_replay_asks_for_the_latents(video: misora.Video) -> None:
    longer = misora.extend(video, 0.5, steps=1, seed=2)
    assert np.array_equal(misora.replay(longer.recipe, images=[video]).frames, longer.frames)
    with pytest.raises(misora.InputError, match="the latents that the clip was gone on from are needed"):
        misora.replay(longer.recipe, images=[replace(video, tail=None)])
    by_pictures = misora.extend(replace(video, tail=None), 0.5, steps=1, seed=2)
    assert np.array_equal(misora.replay(by_pictures.recipe, images=[video]).frames, by_pictures.frames)


def test_latents_are_kept_beside_a_file_and_used_for_that_file_alone(video: misora.Video, tmp_path: Path) -> None:
    clip = video.save(tmp_path / "dog.mp4")
    assert read_source(clip).footage.tail is None
    assert save_tail(video.tail, clip) == tail_path(clip) == tmp_path / "dog.latents.safetensors"
    kept = read_source(clip).footage.tail
    assert kept is not None and video.tail is not None and kept.sha256 == video.tail.sha256 and kept.overhang == 1
    longer = misora.extend(clip, 0.5, steps=1, seed=2)
    assert np.array_equal(misora.replay(longer.recipe, images=[clip]).frames, longer.frames)
    assert load_tail(clip, "another clip's digest") is None
    tail_path(clip).write_bytes(b"spoiled")
    assert read_source(clip).footage.tail is None
    with pytest.raises(misora.InputError, match="dog.mp4 has no latents to keep"):
        save_tail(None, clip)


def test_latents_of_another_autoencoder_are_not_used(video: misora.Video) -> None:
    assert video.tail is not None
    assert read_source(replace(video, tail=replace(video.tail, vae="0" * 64))).footage.tail is None


def test_the_command_keeps_them_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from misora.cli.main import run

    out = str(tmp_path / "dog.mp4")
    assert run(["generate", "a dog runs", "--seconds", "0.5", "--size", "64x64", "--steps", "1", "--out", out, "--keep-latents"]) == 0
    assert run(["extend", out, "--seconds", "0.25", "--steps", "1", "--keep-latents"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "dog-extend.latents.safetensors", "dog-extend.mp4", "dog.latents.safetensors", "dog.mp4",
    ]  # fmt: skip

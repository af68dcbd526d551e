from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.media.encode import write_video
from misora.media.stills import write_image

SMALL = {"seconds": 0.25, "size": "64x64", "steps": 2, "seed": 3}


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.webp"])
def test_a_saved_file_replays_to_the_same_frames(tmp_path: Path, name: str) -> None:
    video = misora.generate("a dog runs", negative_prompt="rain", guidance=2.5, **SMALL)
    again = misora.replay(video.save(tmp_path / name))
    assert np.array_equal(again.frames, video.frames) and again.recipe == video.recipe


def test_a_recipe_alone_and_its_json_replay_too(tmp_path: Path) -> None:
    still = misora.image("a cat", size="64x64", steps=2)
    assert np.array_equal(misora.replay(still.recipe).frames, still.frames)
    for data in (still.recipe.to_dict(), {"path": "x", "recipe": still.recipe.to_dict()}):
        (tmp_path / "r.json").write_text(json.dumps(data))
        assert np.array_equal(misora.replay(tmp_path / "r.json").frames, still.frames)


def test_pinned_pictures_are_asked_for_again_by_digest(tmp_path: Path) -> None:
    photo, other = tmp_path / "photo.png", tmp_path / "other.png"
    write_image(photo, np.full((64, 64, 3), 90, np.uint8))
    write_image(other, np.full((64, 64, 3), 10, np.uint8))
    video = misora.generate("a dog", **SMALL, image=[photo, (photo, 0.2)])
    assert [one.frame_index for one in video.recipe.inputs] == [0, 5]
    assert np.array_equal(misora.replay(video.recipe, images=[other, photo]).frames, video.frames)
    with pytest.raises(misora.InputError, match=r"pinned at frame 0 .* is needed and none was given"):
        misora.replay(video.recipe)
    with pytest.raises(misora.InputError, match="none of the 1 given has that digest"):
        misora.replay(video.recipe, images=[other])


def test_other_weights_are_an_error_and_other_versions_a_warning() -> None:
    still = misora.image("a cat", size="64x64", steps=2)
    other = replace(still.recipe, weights=still.recipe.weights | {"transformer": "0" * 64})
    with pytest.raises(misora.WeightsError, match="made with transformer weights 000000000000…"):
        misora.replay(other)
    with pytest.warns(misora.ReplayWarning, match=r"made with torch 1\.0, replayed with"):
        misora.replay(replace(still.recipe, torch="1.0"))


def test_a_file_without_a_recipe_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", np.zeros((2, 64, 64, 3), np.uint8), 24.0)
    with pytest.raises(misora.InputError, match="carries no recipe"):
        misora.replay(tmp_path / "a.mp4")
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(misora.InputError, match="not a recipe"):
        misora.replay(tmp_path / "a.json")

"""What is large is sampled small and upsampled, wherever there is an upsampler, and everything else holds as it did."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.tail_file import save_tail
from misora.base.recipe import Recipe
from misora.models.weights_file import weights_path
from tiny import write_tiny_upsampler

LARGE = {"seconds": 0.375, "size": "320x300", "steps": 2, "seed": 3}
SAMPLED = (240, 256)


@pytest.fixture
def upsampler(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny weights with an upsampler among them; returns their folder."""
    folder = Path(shutil.copytree(tiny_weights, tmp_path / "weights"))
    monkeypatch.setenv("MISORA_WEIGHTS", str(write_tiny_upsampler(folder)))
    return folder


@pytest.fixture
def clip(upsampler: Path) -> misora.Video:
    return misora.generate("a dog runs", **LARGE)


def test_the_recipe_says_how_and_the_frames_come_again(clip: misora.Video) -> None:
    assert clip.frames.shape == (9, 300, 320, 3) and clip.recipe.sampled == SAMPLED
    assert "upsampler" in clip.recipe.weights
    assert Recipe.from_json(clip.recipe.to_json()) == clip.recipe
    assert np.array_equal(misora.replay(Recipe.from_json(clip.recipe.to_json())).frames, clip.frames)


def test_native_is_as_it_was_without_an_upsampler(clip: misora.Video, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = misora.generate("a dog runs", **LARGE, native=True)
    assert native.recipe.sampled is None and "upsampler" not in native.recipe.weights
    monkeypatch.setenv("MISORA_WEIGHTS", str(tiny_weights))
    without = misora.generate("a dog runs", **LARGE)
    assert np.array_equal(without.frames, native.frames) and without.recipe == native.recipe
    assert not np.array_equal(without.frames, clip.frames)


def test_what_is_small_is_left_alone(upsampler: Path) -> None:
    still = misora.image("a cat", size="64x64", steps=2)
    assert still.recipe.sampled is None and "upsampler" not in still.recipe.weights


def test_another_upsampler_cannot_replay(clip: misora.Video, upsampler: Path) -> None:
    other = replace(clip.recipe, weights=clip.recipe.weights | {"upsampler": "0" * 64})
    with pytest.raises(misora.WeightsError, match="made with upsampler weights 000000000000…"):
        misora.replay(other)
    weights_path(upsampler, "upsampler").unlink()
    with pytest.raises(misora.WeightsError, match="no weights at .*upsampler"):
        misora.replay(clip.recipe)


def test_a_picture_pinned_at_full_size_is_seen_at_the_place_where_it_was(upsampler: Path) -> None:
    picture = np.zeros((300, 320, 3), np.uint8)
    picture[:150, :160] = 255
    with_pin, without = (misora.generate("a dog", **LARGE, image=image).frames[0].astype(int) for image in (picture, None))
    assert with_pin.shape == (300, 320, 3) and np.abs(with_pin - without).mean() > 1


def test_edits_keep_the_source_bit_for_bit_and_replay(clip: misora.Video) -> None:
    longer = misora.extend(replace(clip, tail=None), 1 / 3, seed=1, steps=2)
    assert longer.recipe.sampled == SAMPLED and np.array_equal(longer.frames[:9], clip.frames)
    assert np.array_equal(misora.replay(longer.recipe, images=[replace(clip, tail=None)]).frames, longer.frames)


def test_outside_a_box_a_remix_is_the_source(clip: misora.Video) -> None:
    mixed = misora.remix(clip, "a cat runs", "strong", box=(128, 128, 256, 256), seed=1, steps=2).frames
    inside = np.zeros((300, 320), np.bool_)
    inside[128:256, 128:256] = True
    assert np.array_equal(mixed[:, ~inside], clip.frames[:, ~inside])
    assert not np.array_equal(mixed[:, inside], clip.frames[:, inside])


def test_a_clip_goes_on_from_its_small_latents_also_through_a_file(upsampler: Path, tmp_path: Path) -> None:
    clip = misora.generate("a dog runs", **{**LARGE, "seconds": 17 / 24})
    assert clip.tail is not None and clip.tail.sampled == SAMPLED
    path = clip.save(tmp_path / "clip.mp4")
    save_tail(clip.tail, path)
    longer = misora.extend(path, 1 / 3, seed=1, steps=2)
    assert [one.role for one in longer.recipe.inputs] == ["parent", "latents"]
    assert longer.tail is not None and longer.tail.sampled == SAMPLED
    assert np.array_equal(misora.replay(longer.recipe, images=[path]).frames, longer.frames)


def test_small_latents_are_of_no_use_without_the_upsampler(clip: misora.Video, upsampler: Path, tmp_path: Path) -> None:
    path = clip.save(tmp_path / "clip.mp4")
    save_tail(clip.tail, path)
    weights_path(upsampler, "upsampler").unlink()
    longer = misora.extend(path, 1 / 3, seed=1, steps=2)
    assert [one.role for one in longer.recipe.inputs] == ["parent"] and longer.recipe.sampled is None


def test_drafts_are_finished_and_replayed(upsampler: Path) -> None:
    draft = misora.generate("a dog runs", **{**LARGE, "size": "640x600"}, draft=True)
    full = misora.finish(draft.recipe, steps=2)
    assert draft.recipe.sampled == SAMPLED and full.recipe.sampled == SAMPLED
    assert full.recipe.draft is not None and full.recipe.draft.sampled == SAMPLED
    assert full.frames.shape == (9, 600, 640, 3)
    assert np.array_equal(misora.replay(Recipe.from_json(full.recipe.to_json())).frames, full.frames)

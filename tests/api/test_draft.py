"""Draft, then full: the full clip keeps the draft's composition, more of it the firmer the draft is pinned, and replays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.underlay import draft_shape
from misora.base.canvas import Frames
from misora.base.shapes import VideoShape
from misora.media.fit import fit_frames
from misora.media.stills import write_image

SMALL = {"seconds": 0.7, "size": "192x128", "seed": 3}


def likeness(first: Frames, second: Frames) -> float:
    """Correlation of two clips, each picture shrunk to an eighth and freed of its mean colour."""
    small = [fit_frames(clip, clip.shape[1] // 8, clip.shape[2] // 8, "stretch").astype(float) for clip in (first, second)]
    a, b = (clip - clip.mean(axis=(1, 2), keepdims=True) for clip in small)
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


@pytest.fixture(scope="module")
def draft(tiny_weights: Path) -> misora.Video:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MISORA_WEIGHTS", str(tiny_weights))
        patch.setenv("MISORA_THREADS", "1")
        return misora.generate("a dog runs left", draft=True, **SMALL)


def test_a_draft_has_half_the_sides_and_few_steps_and_knows_what_it_is_for(draft: misora.Video) -> None:
    assert draft.frames.shape == (17, 64, 96, 3)
    assert (draft.recipe.steps, draft.recipe.draft_of, draft.recipe.draft) == (8, (128, 192), None)
    assert np.array_equal(misora.replay(draft.recipe).frames, draft.frames)


def test_the_full_clip_keeps_the_composition_by_the_strength_of_the_pin(draft: misora.Video) -> None:
    """An untrained autoencoder changes pictures, so the measure is the enlarged draft as it comes out of it: strength 1."""
    kept = misora.finish(draft.recipe, steps=4, strength=1.0).frames
    free = misora.generate("a dog runs left", steps=4, **SMALL).frames
    near = [likeness(misora.finish(draft.recipe, steps=4, strength=strength).frames, kept) for strength in (0.0, 0.3, 0.5, 0.8)]
    assert near == sorted(near) and near[-1] > 0.8
    assert near[2] > 0.4 > near[0] + 0.2, "the default keeps it; the seed alone does not"
    assert likeness(free, kept) == pytest.approx(near[0], abs=1e-6), "strength 0 is the clip without a draft"


def test_a_finished_clip_remembers_its_draft_and_replays_without_its_file(draft: misora.Video, tmp_path: Path) -> None:
    full = misora.finish(draft.save(tmp_path / "d.webp"), steps=3)
    assert full.frames.shape == (17, 128, 192, 3)
    recipe = full.recipe
    assert recipe.draft is not None and (recipe.draft.height, recipe.draft.width, recipe.draft.steps, recipe.draft.strength) == (
        64,
        96,
        8,
        0.5,
    )
    assert (recipe.draft_of, recipe.prompt, recipe.caption, recipe.seed) == (None, "a dog runs left", draft.recipe.caption, 3)
    again = misora.replay(full.save(tmp_path / "f.webp"))
    assert np.array_equal(again.frames, full.frames) and again.recipe == recipe


def test_style_and_pictures_go_into_both(tmp_path: Path) -> None:
    write_image(tmp_path / "p.png", np.full((40, 60, 3), 90, np.uint8))
    draft = misora.generate("a dog runs left", draft=True, image=tmp_path / "p.png", preset="film-noir", **SMALL)
    with pytest.raises(misora.InputError, match="is needed and none was given"):
        misora.finish(draft.recipe)
    full = misora.finish(draft.recipe, images=[tmp_path / "p.png"], steps=2)
    assert full.recipe.preset == "film-noir" and np.ptp(full.frames.astype(int), axis=-1).max() < 40, "graded once, and grey"
    assert full.recipe.inputs == draft.recipe.inputs


def test_the_steps_of_both_are_reported(draft: misora.Video) -> None:
    stages: list[str] = []
    misora.finish(draft.recipe, steps=2, progress=lambda step: stages.append(step.stage))
    assert list(dict.fromkeys(stages)) == ["draft", "denoise", "decode"] and stages.count("draft") == 16


@pytest.mark.parametrize(("strength", "says"), [(1.5, "nearest: 1"), (-0.1, "nearest: 0"), (float("nan"), "strength=nan")])
def test_a_strength_out_of_range_is_refused(draft: misora.Video, strength: float, says: str) -> None:
    with pytest.raises(misora.InputError, match=says):
        misora.finish(draft.recipe, strength=strength)


def test_only_drafts_can_be_finished() -> None:
    with pytest.raises(misora.InputError, match="is no draft"):
        misora.finish(misora.image("a dog", size="64x64", steps=1).recipe)


@pytest.mark.parametrize(("full", "half"), [((480, 832), (240, 416)), ((64, 100), (64, 64)), ((1079, 1919), (538, 958))])
def test_sides_of_a_draft_are_even_and_long_enough(full: tuple[int, int], half: tuple[int, int]) -> None:
    shape = draft_shape(VideoShape(9, *full, 24.0))
    assert (shape.height, shape.width, shape.num_frames) == (*half, 9)

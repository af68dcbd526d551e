"""Turbo or base: by default Turbo where the weights have one that fits, and the recipe says which, so that a replay uses it too."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.edit import Choices
from misora.api.request import Request, prepare
from misora.api.storyboard import prepare_storyboard
from misora.base.errors import InputError, WeightsError
from misora.editing.storyboard.records import Card, Storyboard
from tiny import write_tiny_turbo

SMALL = {"seconds": 0.25, "size": "96x64", "seed": 3}


@pytest.fixture
def folder(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A weights folder of the test's own, with Turbo, in use."""
    shutil.copytree(tiny_weights, tmp_path / "weights")
    monkeypatch.setenv("MISORA_WEIGHTS", str(tmp_path / "weights"))
    yield write_tiny_turbo(tmp_path / "weights")
    misora.release()


def test_turbo_is_the_default_and_the_recipe_names_its_weights(folder: Path) -> None:
    recipe = misora.generate("a dog runs", **SMALL).recipe
    assert (recipe.quality, recipe.steps, recipe.guidance) == ("turbo", 4, 1.0)
    assert set(recipe.weights) == {"video_vae", "transformer", "text_encoder", "turbo"}


@pytest.mark.parametrize("options", [{"steps": 2}, {"guidance": 2.0, "steps": 1}, {"quality": "base", "steps": 1}])
def test_what_only_the_many_step_model_has_chooses_it(folder: Path, options: dict[str, object]) -> None:
    recipe = misora.generate("a dog runs", **SMALL, **options).recipe
    assert recipe.quality == "base" and "turbo" not in recipe.weights


def test_a_replay_uses_the_model_that_made_the_file(folder: Path, tmp_path: Path) -> None:
    for quality, steps in (("turbo", None), ("turbo", 2), ("base", 2)):
        video = misora.generate("a dog runs", **SMALL, quality=quality, steps=steps)
        path = video.save(tmp_path / f"{quality}-{steps}.mp4")
        again = misora.replay(path)
        assert again.recipe.quality == quality and np.array_equal(again.frames, video.frames)


def test_a_replay_needs_the_turbo_that_made_the_file(folder: Path) -> None:
    recipe = misora.generate("a dog runs", **SMALL).recipe
    write_tiny_turbo(folder, base="0" * 64)
    with pytest.raises(WeightsError, match="made with turbo weights"):
        misora.replay(recipe)


def test_a_turbo_of_another_transformer_is_passed_over_and_refused_when_asked_for(folder: Path) -> None:
    write_tiny_turbo(folder, base="0" * 64)
    assert prepare(Request("a dog runs")).canvas.quality == "base"
    with pytest.raises(WeightsError, match="trained on another transformer than the one beside it; use quality=base"):
        prepare(Request("a dog runs", quality="turbo"))
    (folder / "turbo.safetensors").unlink()
    with pytest.raises(WeightsError, match="there are no turbo weights in"):
        prepare(Request("a dog runs", quality="turbo"))


def test_a_damaged_turbo_is_an_error_and_not_passed_over(folder: Path) -> None:
    (folder / "turbo.safetensors").write_bytes(b"no header")
    with pytest.raises(WeightsError, match=r"turbo\.safetensors is damaged"):
        prepare(Request("a dog runs"))
    assert prepare(Request("a dog runs", quality="base")).canvas.quality == "base"


def test_an_unknown_quality_names_the_choices() -> None:
    with pytest.raises(InputError, match="quality='best' is not known; choose turbo or base"):
        prepare(Request("a dog runs", quality="best"))


def test_a_draft_and_what_is_finished_from_it_are_turbo(folder: Path) -> None:
    draft = misora.generate("a dog runs", seconds=0.25, size="128x128", seed=3, draft=True)
    full = misora.finish(draft.recipe)
    assert (draft.recipe.quality, draft.recipe.steps) == ("turbo", 4)
    assert (full.recipe.quality, full.recipe.steps) == ("turbo", 4) and full.recipe.draft is not None


def test_edits_are_turbo_unless_something_else_is_asked(folder: Path) -> None:
    clip = misora.generate("a dog runs", **SMALL)
    assert misora.extend(clip, 0.25, seed=1).recipe.quality == "turbo"
    longer = misora.extend(clip, 0.25, seed=1, quality="base", steps=1)
    assert longer.recipe.quality == "base"


def test_a_film_with_something_not_to_be_seen_in_any_card_is_base(folder: Path) -> None:
    cards = (Card(0.0, "a dog runs"), Card(1.0, "a cat sleeps"))
    unseen = (cards[0], Card(1.0, "a cat sleeps", negative="rain"))
    qualities = [
        prepare_storyboard(Storyboard(cards=some, height=64, width=64), Path(), Choices()).scene.quality for some in (cards, unseen)
    ]
    assert qualities == ["turbo", "base"]

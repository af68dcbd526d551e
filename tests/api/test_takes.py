"""Takes: seeds in a row, ranked by the critic, thrown again when none is good enough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.api.request import Prepared, Request, prepare
from misora.api.takes import MAX_RETRIES, critic_folder, roll
from misora.base.errors import InputError
from misora.base.settings import Settings, load_settings
from tiny import write_tiny_parsers, write_tiny_weights

PROMPT = "a dog runs to the left along the beach"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    weights = write_tiny_parsers(write_tiny_weights(tmp_path_factory.mktemp("weights")))
    return replace(load_settings({}), weights=weights, device="cpu", threads=1)


def prepared(prompt: str = PROMPT, seed: int = 5) -> Prepared:
    return prepare(Request(prompt, seconds=0.5, size=(64, 64), fps=16, seed=seed, steps=1))


def test_each_take_has_its_own_seed_and_can_be_made_alone(settings: Settings) -> None:
    made = list(roll(prepared(), 3, settings=settings))
    assert [take.video.recipe.seed for take in made] == [5, 6, 7]
    (alone,) = roll(prepared(seed=6), 1, settings=settings)
    assert np.array_equal(alone.video.frames, made[1].video.frames)
    assert alone.score == made[1].score
    assert {check.fact for check in alone.verdict.checks} == {"subject", "count", "action", "direction", "place"}


def test_what_was_not_asked_is_not_held_against_a_take(settings: Settings) -> None:
    (take,) = roll(prepared("a dog runs"), 1, settings=settings)
    assert len(take.video.recipe.caption) > len("a dog runs"), "the rewriter added a place, a time, a direction"
    assert {check.fact for check in take.verdict.checks} == {"subject", "count", "action"}


def test_a_bad_lot_is_thrown_again_but_not_for_ever(settings: Settings) -> None:
    assert len(list(roll(prepared(), 2, 1.0, settings=settings))) == 2 + MAX_RETRIES
    assert len(list(roll(prepared(), 2, 0.0, settings=settings))) == 2
    scores = [take.score for take in roll(prepared(), 1 + MAX_RETRIES, settings=settings)]
    target = sorted(scores)[-1]
    again = [take.score for take in roll(prepared(), 1, target, settings=settings)]
    assert again == scores[: scores.index(target) + 1]


def test_the_best_comes_first(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISORA_WEIGHTS", str(settings.weights))
    monkeypatch.setenv("MISORA_THREADS", "1")
    ranked = misora.takes(PROMPT, 3, seconds=0.4, size="64x64", seed=1)
    assert [take.score for take in ranked] == sorted((take.score for take in ranked), reverse=True)


@pytest.mark.parametrize(
    ("count", "retry_below", "says"), [(0, None, "nearest: 1"), (99, None, "nearest: 16"), (2, 1.5, "nearest: 1"), (2, -1.0, "nearest: 0")]
)
def test_counts_out_of_range_name_the_nearest(count: int, retry_below: float | None, says: str, settings: Settings) -> None:
    with pytest.raises(InputError, match=says):
        next(roll(prepared(), count, retry_below, settings=settings))


def test_a_prompt_of_nobody_cannot_be_ranked(settings: Settings) -> None:
    with pytest.raises(InputError, match="names no character"):
        next(roll(prepared("something strange"), 2, settings=settings))


def test_the_critic_is_taken_from_the_weights_in_use_else_from_the_package(settings: Settings, tmp_path: Path) -> None:
    assert critic_folder(settings) == settings.weights
    assert critic_folder(replace(settings, weights=tmp_path)).parts[-2:] == ("models", "weights")

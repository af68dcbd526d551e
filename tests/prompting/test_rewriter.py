"""The offline rewriter keeps what was said, completes the rest, and reports every change."""

from __future__ import annotations

import pytest

from misora.prompting.rewriter import rewrite
from misora.world.lexicon import load_lexicon
from misora.world.program import Action, Direction, Place, Time


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a corgi runs left along the beach at sunset", "A corgi runs to the left on the beach at sunset. The camera stays still."),
        ("cat walking in the snow to the right", "A cat walks to the right in the snow during the day. The camera stays still."),
        ("a rocket jumps on the moon, zoom in", "A rocket jumps on the moon during the day. The camera zooms in."),
        ("夜里一只小狗在海滩上向左奔跑", "夜晚，一只小狗在海滩上向左奔跑。镜头固定不动。"),
        ("狗从左边走进森林", "白天，一只狗在森林里从左边走进来。镜头固定不动。"),
    ],
)
def test_short_prompts_become_training_captions(prompt: str, expected: str) -> None:
    assert rewrite(prompt).text == expected


def test_everything_said_is_kept_and_everything_added_is_reported() -> None:
    result = rewrite("a wolf gallops at midnight")
    reading = load_lexicon().read(result.text)
    assert reading.events[0].action is Action.RUN
    assert reading.times == (Time.NIGHT,)
    assert result.replaced == (("wolf", "dog"), ("midnight", "at night"))
    assert len(result.added) == 3, "direction, place, camera"


def test_a_missing_place_is_chosen_from_the_prompt_alone() -> None:
    assert rewrite("a cat runs") == rewrite("a cat runs")
    assert len({rewrite(f"a cat runs {'fast ' * n}").text for n in range(12)}) > 3
    assert load_lexicon().read(rewrite("a shark swims").text).places == (Place.UNDERWATER,)


def test_unknown_words_are_left_out_and_reported() -> None:
    result = rewrite("an orange cat with a hat runs to the left in the city by day")
    assert result.unknown_words == ("orange", "hat")
    assert "orange" not in result.text


def test_more_than_a_scene_can_hold_is_reported() -> None:
    result = rewrite("a dog, a cat and a bird run on the beach and then jump in the forest")
    assert set(result.dropped) == {"bird", "jump", "in the forest"}


@pytest.mark.parametrize("prompt", ["abstract painting", "", "抽象画", "a beach at sunset"])
def test_a_prompt_without_a_known_character_passes_unchanged(prompt: str) -> None:
    result = rewrite(prompt)
    assert (result.text, result.added, result.replaced) == (prompt, (), ())


@pytest.mark.parametrize(
    "prompt", ["a dog runs", "一只猫", "a fox to the left of a duck, both jumping", "a train leaves to the right", "蜜蜂从右边飞到左边"]
)
def test_rewriting_twice_changes_nothing(prompt: str) -> None:
    once = rewrite(prompt)
    twice = rewrite(once.text)
    assert (twice.text, twice.added, twice.unknown_words, twice.dropped) == (once.text, (), (), ())


def test_two_characters_keep_their_own_directions() -> None:
    events = load_lexicon().read(rewrite("a bee flies from right to left while a car drives right").text).events
    assert [event.direction for event in events] == [Direction.LEFT, Direction.RIGHT]

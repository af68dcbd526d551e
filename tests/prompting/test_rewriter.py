"""The offline rewriter keeps what was said, completes the rest, and reports every change."""

from __future__ import annotations

import pytest

from misora.prompting.rewriter import rewrite
from misora.prompting.scenario import HOMES, LAND, PLACES
from misora.world.lexicon import load_lexicon
from misora.world.program import Action, CameraMove, Direction, Place, Time


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a corgi runs left along the beach at sunset", "A corgi runs to the left on the beach at sunset."),
        ("cat walking in the snow to the right", "A cat walks to the right in the snow during the day."),
        ("a cat sits in the snow", "A cat stands still in the snow during the day. The camera stays still."),
        ("a rocket jumps on the moon, zoom in", "A rocket jumps on the moon during the day. The camera zooms in."),
        ("夜里一只小狗在海滩上向左奔跑", "夜晚，一只小狗在海滩上向左奔跑。"),
        ("狗从左边走进森林", "白天，一只狗在森林里从左边走进来。镜头固定不动。"),
        (
            "a fox is on the left of a duck in the snow",
            "A fox and a duck stand still in the snow during the day. The fox is to the left of the duck. The camera stays still.",
        ),
        ("雪地里，一只狐狸在鸭子左边", "白天，一只狐狸和一只鸭子都在雪地里站着。狐狸在鸭子的左边。镜头固定不动。"),
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
    assert len(result.added) == 2, "direction, place"


@pytest.mark.parametrize(
    ("prompt", "still"),
    [
        ("a dog jumps on the beach", True),
        ("a dog leaves to the right", True),
        ("a duck flies left", False),
        ("a cat sits while a dog runs left", False),
        ("a cat sits, then it walks left", False),
        ("a dog runs left, static shot", True),
    ],
)
def test_the_camera_is_left_open_where_somebody_would_leave_a_still_one(prompt: str, still: bool) -> None:
    result = rewrite(prompt)
    beats = result.beats or (result.text,)
    assert [load_lexicon().read(beat).cameras for beat in beats] == [(CameraMove.STATIC,) if still else ()] * len(beats)


@pytest.mark.parametrize(
    ("prompt", "seconds", "cameras"),
    [
        ("a dog runs left", 2.0, ((),)),
        ("a dog runs left", 5.0, ((CameraMove.FOLLOW,),)),
        ("小狗向左跑", 5.0, ((CameraMove.FOLLOW,),)),
        ("a dog jumps", 5.0, ((CameraMove.STATIC,),)),
        ("a dog runs left, static shot", 5.0, ((CameraMove.STATIC,),)),
        ("a dog runs left, then it jumps", 5.0, ((), ())),
        ("a dog runs left, then it jumps", 10.0, ((CameraMove.FOLLOW,), (CameraMove.STATIC,))),
    ],
)
def test_in_a_long_moment_the_camera_goes_along(prompt: str, seconds: float, cameras: tuple[tuple[CameraMove, ...], ...]) -> None:
    result = rewrite(prompt, seconds=seconds)
    assert tuple(load_lexicon().read(beat).cameras for beat in result.beats or (result.text,)) == cameras


def test_a_missing_place_is_chosen_from_the_prompt_alone() -> None:
    assert rewrite("a cat runs") == rewrite("a cat runs")
    assert len({rewrite(f"a cat runs {'fast ' * n}").text for n in range(12)}) > 3
    assert load_lexicon().read(rewrite("a shark swims").text).places == (Place.UNDERWATER,)


@pytest.mark.parametrize(("prompt", "place"), [("a penguin jumps", Place.SNOW), ("骆驼", Place.DESERT), ("a bus and a dog", Place.CITY)])
def test_who_is_at_home_somewhere_goes_there(prompt: str, place: Place) -> None:
    assert load_lexicon().read(rewrite(prompt).text).places == (place,)


def test_every_home_is_a_known_characters_and_one_where_they_can_be() -> None:
    cast = load_lexicon().cast
    for place, those in HOMES.items():
        assert set(those) <= set(cast) and all(place in (*PLACES.get(cast[one].gait, LAND), Place.MOON) for one in those)


def test_unknown_words_are_left_out_and_reported() -> None:
    result = rewrite("an orange cat with a hat runs to the left in the city by day")
    assert result.unknown_words == ("orange", "hat")
    assert "orange" not in result.text


def test_more_than_a_scene_can_hold_is_reported() -> None:
    result = rewrite("a dog, a cat and a bird run on the beach and then jump in the forest")
    assert result.dropped == ("bird",)
    assert rewrite("a cat stands on the beach in the snow at sunset").dropped == ("in the snow",)


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


@pytest.mark.parametrize(
    ("prompt", "beats"),
    [
        (
            "a dog runs left on the beach, then jumps",
            (
                "A dog runs to the left on the beach during the day.",
                "A dog jumps on the beach during the day.",
            ),
        ),
        (
            "小狗先在雪地里站着，然后向左离开",
            ("白天，一只小狗在雪地里站着。镜头固定不动。", "白天，一只小狗在雪地里从左边走出画面。镜头固定不动。"),
        ),
    ],
)
def test_one_thing_after_another_becomes_captions_in_order(prompt: str, beats: tuple[str, ...]) -> None:
    result = rewrite(prompt)
    assert result.beats == beats
    assert rewrite(result.text).beats == beats, "the text says the same again"


@pytest.mark.parametrize(
    ("prompt", "came"),
    [
        ("a cat leaves to the right, then it comes back", "A cat walks in from the right"),
        ("a dog walks off to the left in the snow. Later the dog returns.", "A dog walks in from the left"),
        ("a dog leaves to the left, then it comes back from the right", "A dog walks in from the right"),
        ("一只小猫从右边离开，然后它回来", "从右边走进来"),
    ],
)
def test_who_comes_back_comes_from_where_they_went(prompt: str, came: str) -> None:
    assert came in rewrite(prompt).beats[-1]


def test_a_place_that_is_said_once_holds_for_all_moments_until_another_is_said() -> None:
    stay = rewrite("a cat sits. Then it walks left on the beach.")
    move = rewrite("a cat walks left in the snow, later it jumps on the moon at night")
    assert [load_lexicon().read(beat).places for beat in stay.beats] == [(Place.BEACH,)] * 2
    assert [load_lexicon().read(beat).places for beat in move.beats] == [(Place.SNOW,), (Place.MOON,)]
    assert [load_lexicon().read(beat).times for beat in move.beats] == [(Time.NIGHT,)] * 2


def test_those_who_are_not_named_again_stay_until_they_leave() -> None:
    prompt = "a dog enters from the left while a cat stands, then the cat leaves to the right, finally the dog jumps"
    first, second, third = rewrite(prompt).beats
    lexicon = load_lexicon()
    assert set(lexicon.read(first).mentioned) == set(lexicon.read(second).mentioned) == {"dog", "cat"}
    assert lexicon.read(third).mentioned == ("dog",)


def test_misspelt_words_are_mended_and_named() -> None:
    result = rewrite("an elefant runs left thruogh the medow by day")
    assert result.replaced == (("elefant", "elephant"), ("thruogh", "through"), ("medow", "meadow")) and result.unknown_words == ()


@pytest.mark.parametrize("word", ["house", "boat", "coat", "loose", "quest", "mouth", "stone", "three", "friend", "whole"])
def test_real_words_are_not_mended_into_others(word: str) -> None:
    assert rewrite(f"a cat and a {word} stand on the beach by day").replaced == ()


def test_what_should_not_be_seen_is_named_and_not_shown() -> None:
    result = rewrite("a cat walks left on the beach by day, no dogs")
    assert result.excluded == ("no dogs",) and load_lexicon().read(result.text).mentioned == ("cat",)
    assert rewrite("不要狗，一只猫在海滩上").excluded == ("不要狗",)


def test_an_inflected_name_is_the_same_name() -> None:
    result = rewrite("puppies run left on the beach by day")
    assert result.text.startswith("A puppy runs to the left") and result.replaced == ()


def test_words_are_reported_as_they_were_written() -> None:
    result = rewrite("一隻戴著紅帽子的獅子在沙灘上向左奔跑")
    assert result.unknown_words == ("戴", "紅帽子") and result.replaced == (("獅子", "老虎"),)


def test_two_characters_keep_their_own_directions() -> None:
    events = load_lexicon().read(rewrite("a bee flies from right to left while a car drives right").text).events
    assert [event.direction for event in events] == [Direction.LEFT, Direction.RIGHT]

"""The rewriter in the full tier: weathers, colours, places and motions that the small one takes for something near."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from misora.base.errors import InputError
from misora.base.settings import load_settings
from misora.prompting.reading import read_prompt
from misora.prompting.rewriter import rewrite
from misora.prompting.rewriting import rewrite_prompt
from misora.prompting.vocabulary import load_vocabulary
from misora.world.captions import Actor, Story
from misora.world.cast import load_cast
from misora.world.colours import COLOURS
from misora.world.light import SHELTERED
from misora.world.program import TOGETHER, TRAVELLING, Action, CameraMove, Direction, Time, Weather
from misora.world.telling.stories import tell_story
from misora.world.telling.story import TIMELESS
from misora.world.tier import FULL

SIDES = (Direction.LEFT, Direction.RIGHT)


def nothing_near(word: str) -> None:
    """No word is looked up by meaning."""


@pytest.mark.parametrize(
    ("prompt", "small", "full"),
    [
        ("a blue car drives along a country road in the rain", "A car drives to the right in the city", "A blue car drives to the right"),
        ("一辆蓝色的汽车在雨中行驶在公路上", "一辆汽车在城市里", "雨中，一辆蓝色的汽车在乡间公路上"),
        ("a wolf rolls down a snowy mountain at dawn", "A dog walks to the right in the snow at sunset.", "in the mountains at dawn."),
        ("一位厨师在厨房里挥手", "一个机器人在雪地里站着", "一名厨师在房间里左右摇摆"),
    ],
)
def test_what_one_tier_knows_the_other_takes_for_something_near(prompt: str, small: str, full: str) -> None:
    by_small, by_full = (rewrite(prompt, nearest=nothing_near, tier=tier) for tier in ("small", "full"))
    assert small in by_small.text
    assert full in by_full.text
    assert by_small.replaced
    assert not by_full.replaced
    assert len(by_full.unknown_words) <= len(by_small.unknown_words)


def test_moments_colours_and_weather_are_kept_and_what_cannot_be_painted_is_said() -> None:
    got = rewrite("a red dog jumps near a volcano in the fog, then flips", nearest=nothing_near, tier="full")
    assert [beat.count("volcano") for beat in got.beats] == [1, 1]
    assert all("in the fog" in beat for beat in got.beats)
    assert got.dropped == ("red",)
    pink = rewrite("a pink balloon floats up", nearest=nothing_near, tier="full")
    assert "pink balloon" in pink.text
    assert "still" not in pink.text, "the still camera goes unsaid"


def stories(count: int) -> Iterator[tuple[Story, str]]:
    rng, cast = random.Random(5), list(load_cast("full").values())
    for number in range(count):
        character = rng.choice(cast)
        action = rng.choice([action for action in FULL.actions if action not in TOGETHER])
        direction = rng.choice(SIDES) if action in TRAVELLING else Direction.NONE
        colour = rng.choice([colour for colour in COLOURS if colour != character.colour]) if character.recolours else ""
        place = rng.choice(FULL.places)
        time = None if place in TIMELESS else rng.choice([time for time in FULL.times if time is not Time.DAY])
        weather = None if place in SHELTERED else rng.choice([weather for weather in FULL.weathers if weather is not Weather.CLEAR])
        camera = rng.choice([move for move in FULL.camera_moves if move is not CameraMove.STATIC])
        yield Story((Actor(character, action, direction, colour),), place, time, camera, (), weather), ("en", "zh")[number % 2]


def test_every_story_of_the_full_tier_reads_back_as_it_was_told() -> None:
    lexicon = load_vocabulary("full")
    for story, language in stories(150):
        text = tell_story(story, "zh" if language == "zh" else "en")
        reading = read_prompt(text, lexicon, nothing_near)
        (beat,), actor = reading.beats, story.actors[0]
        (part,) = beat.parts
        assert (beat.place, beat.time, beat.weather, beat.camera) == (story.place, story.time, story.weather, story.camera), text
        unsaid = language == "en" and actor.action is Action.RETURN
        assert (part.character, part.action) == (actor.character.id, actor.action), text
        assert part.direction is (Direction.NONE if unsaid else actor.direction), text
        assert (part.colour.entry.value if part.colour else "") == actor.colour, text
        assert reading.unknown == (), text


def test_the_setting_says_which_tier_prompts_are_rewritten_for() -> None:
    assert "rain" in rewrite_prompt("a dog runs in the rain", load_settings({"MISORA_TIER": "full"})).text
    assert "rain" not in rewrite_prompt("a dog runs in the rain", load_settings({})).text
    with pytest.raises(InputError, match="small, full"):
        load_settings({"MISORA_TIER": "huge"})

"""A reading against a story, fact by fact, on readings written by hand."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
import torch

from misora.models.parser.reading import ClipReading, PlayerReading
from misora.models.parser.tracks import Track
from misora.pipelines.adherence import check_clip, match, score
from misora.pipelines.wanted import wanted
from misora.world.captions import Story, canonical_caption, story_of, tell
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.program import Action, CameraMove, Direction, Place, Time
from misora.world.tier import SMALL

FRAMES = 16
PLACES = tuple(place for place in SMALL.places if place is not Place.MOON)
"""A parser that was never shown the moon."""


def sure(name: str, names: Iterable[str]) -> dict[str, float]:
    """0.9 for ``name``, the rest shared among the others; a name of none of them is left at nothing."""
    others = [str(other) for other in names if other != name]
    return {**dict.fromkeys(others, 0.1 / len(others)), name: 0.9}


def player(character: str, action: str, direction: str, *, x: float = 0.0, y: float = 0.2, height: float = 0.3) -> PlayerReading:
    ones = torch.ones(FRAMES)
    track = Track(ones, ones * x, ones * y, ones * height, ones * 0.2, ones.bool())
    return PlayerReading(sure(character, load_cast()), sure(action, SMALL.actions), sure(direction, Direction), track)


def reading(*players: PlayerReading, place: str = "beach", time: str = "day", camera: str = "static") -> ClipReading:
    scene = sure(place, PLACES), sure(time, SMALL.times), sure(camera, SMALL.camera_moves)
    return ClipReading(*scene, players, torch.zeros(FRAMES, 2), torch.zeros(4), rate=8.0)


def wrong(caption: str, clip: ClipReading) -> set[str]:
    return {check.fact for check in check_clip(wanted(caption), clip) if not check.right}


DOG = player("dog", "run", "left")


def test_a_clip_that_shows_all_is_right_in_all() -> None:
    checks = check_clip(wanted("a dog runs to the left along the beach. The camera stays still."), reading(DOG))
    assert [check.fact for check in checks] == ["subject", "count", "place", "action", "direction", "camera"]
    assert all(check.right for check in checks)
    assert score(checks) == pytest.approx((5 * 0.9 + 1) / 6)


@pytest.mark.parametrize(
    ("clip", "facts"),
    [
        (reading(player("fox", "run", "left")), {"subject"}),
        (reading(player("dog", "walk", "left")), {"action"}),
        (reading(player("dog", "run", "right")), {"direction"}),
        (reading(DOG, place="desert"), {"place"}),
        (reading(DOG, time="night"), {"time"}),
        (reading(DOG, camera="zoom_in"), {"camera"}),
        (reading(DOG, player("cat", "stand", "none")), {"count"}),
        (reading(), {"subject", "count", "action", "direction"}),
    ],
)
def test_one_fault_is_one_wrong_fact(clip: ClipReading, facts: set[str]) -> None:
    assert wrong("a dog runs to the left along the beach during the day. The camera stays still.", clip) == facts


def test_players_are_matched_by_character_whatever_their_order() -> None:
    story = wanted("a dog runs to the left and a cat stands on the beach")
    cat, dog = player("cat", "stand", "none", x=0.3), player("dog", "run", "left", x=-0.3)
    assert match(story.actors, [cat, dog]) == [dog, cat]
    assert wrong("a dog runs to the left and a cat stands on the beach", reading(cat, dog)) == set()


@pytest.mark.parametrize(
    ("relation", "first", "second"),
    [("left_of", {"x": -0.3}, {"x": 0.3}), ("nearer_than", {"y": 0.1}, {"y": 0.3}), ("bigger_than", {"height": 0.5}, {"height": 0.2})],
)
def test_relations_are_read_from_the_tracks(relation: str, first: dict[str, float], second: dict[str, float]) -> None:
    cast = load_cast()
    actors = wanted("a dog stands on the beach and a cat stands").actors
    assert [actor.character for actor in actors] == [cast["dog"], cast["cat"]]
    story = Story(actors, relations=((relation, 0, 1),))
    for one, other, right in ((first, second, True), (second, first, False)):
        clip = reading(player("dog", "stand", "none", **one), player("cat", "stand", "none", **other))
        (check,) = [check for check in check_clip(story, clip) if check.fact == "relation"]
        assert check.right is right


def test_what_the_parser_was_never_taught_is_not_checked() -> None:
    caption = "a dog runs on the moon"
    facts = {check.fact for check in check_clip(wanted(caption), reading(DOG))}
    assert "place" not in facts, "this parser knows no moon"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_complete_captions_are_wanted_as_they_were_meant(language: str) -> None:
    cast, rng = load_cast(), random.Random(3)
    for _ in range(25):
        scene = sample_scene(Casting(tuple(cast), second_player=0.0), rng)
        story = story_of(scene, cast)
        asked = wanted(canonical_caption(scene, language))  # type: ignore[arg-type]
        assert (asked.place, asked.time, asked.camera) == (story.place, story.time, story.camera)
        assert [(actor.character.id, actor.action, actor.direction) for actor in asked.actors] == [
            (actor.character.id, actor.action, actor.direction) for actor in story.actors
        ]


def test_a_caption_of_nobody_wants_nobody() -> None:
    assert wanted("something strange happens").actors == ()
    assert wanted("the beach at night").time is Time.NIGHT
    assert wanted("the beach at night").place is Place.BEACH
    assert tell(Story(wanted("a dog runs").actors), "en")
    assert wanted("a dog runs").actors[0].action is Action.RUN
    assert wanted("a dog runs").actors[0].direction is Direction.NONE
    assert wanted("a dog runs").camera not in set(CameraMove)

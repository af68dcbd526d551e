"""Captions of films: every fact that they claim is true, and they are as long and as varied as is said."""

from __future__ import annotations

import random
import re
from collections import Counter

import numpy as np
import pytest

from misora.world.captions import Detail, Language
from misora.world.cast import load_cast
from misora.world.directing import Directing, sample_film
from misora.world.duets import scene_tracks
from misora.world.program import Action, Beat, Camera, CameraMove, Direction, Film, Place, Player, Scene, Time, Weather
from misora.world.telling import LONGEST, Fact, sample_telling, tell_film
from misora.world.telling.english import inflected, plural_of
from misora.world.telling.story import shots_of
from misora.world.telling.words import load_full_words
from misora.world.tier import FULL

CAST = load_cast("full")
DETAILS: tuple[Detail, ...] = ("short", "medium", "full")
BOTH: tuple[Language, ...] = ("en", "zh")


def films(count: int, seed: int = 5) -> list[Film]:
    rng, directing = random.Random(seed), Directing(tuple(CAST.values()), seconds=5.0)
    return [sample_film(directing, rng) for _ in range(count)]


@pytest.fixture(scope="module")
def drawn() -> list[Film]:
    return films(360)


def player(character: str, action: Action, direction: Direction = Direction.NONE, x: float = 0.0, **more: object) -> Player:
    fields = {"size": 0.25, "ground": 0.15, "speed": 0.3, "phase": 0.0, **more}
    return Player(character, action, direction, x=x, **fields)  # type: ignore[arg-type]


def film_of(*players: Player, **more: object) -> Film:
    fields = {"place": Place.LAKE, "time": Time.DAWN, "weather": Weather.RAIN, "camera": Camera(CameraMove.STATIC), **more}
    return Film((Scene(seed=1, horizon=0.5, sun_x=0.0, seconds=4.0, players=players, tier="full", **fields),))  # type: ignore[arg-type]


def is_true(film: Film, fact: Fact) -> bool:
    """Checked against the program and the players' tracks, not by the code that found the fact."""
    shot = film.shots[fact.shot]
    players = [shot.players[index] for index in fact.players]
    if fact.kind in ("place", "time", "weather"):
        return getattr(shot, fact.kind) == fact.value
    if fact.kind == "camera":
        return shot.camera.move == fact.value
    if fact.kind in ("left_of", "starts_left_of", "nearer_than", "bigger_than", "between"):
        return relation_holds(shot, fact)
    return all(player_fact_holds(shot, one, fact, len(players)) for one in players)


def player_fact_holds(shot: Scene, one: Player, fact: Fact, count: int) -> bool:
    checks = {
        "player": one.character == fact.value,
        "count": str(count) == fact.value and sum(other.character == one.character for other in shot.players) >= count,
        "colour": fact.value == (one.colour or CAST[one.character].colour),
        "action": fact.value in (one.action, *(beat.action for beat in one.then)),
        "direction": fact.value in (one.direction, *(beat.direction for beat in one.then)),
        "partner": shot.players[one.partner].character == fact.value,
    }
    return checks[fact.kind]


def relation_holds(shot: Scene, fact: Fact) -> bool:
    tracks = scene_tracks(shot, np.linspace(0, shot.seconds, 25))
    first, second, *third = (tracks[index] for index in fact.players)
    if fact.kind == "between":
        return bool((second.x < first.x).all() and (first.x < third[0].x).all())
    if fact.kind == "nearer_than":
        return bool((first.ground < second.ground).all())
    if fact.kind == "bigger_than":
        sizes = [shot.players[index].size for index in fact.players]
        return bool((sizes[0] * first.scale > sizes[1] * second.scale).all())
    return bool((first.x < second.x).all() if fact.kind == "left_of" else first.x[0] < second.x[0])


@pytest.mark.parametrize("language", BOTH)
def test_every_claim_is_true(drawn: list[Film], language: Language) -> None:
    rng, kinds = random.Random(1), Counter[str]()
    for number, film in enumerate(drawn):
        told = tell_film(film, language, DETAILS[number % 3], rng)
        false = [fact for fact in told.facts if not is_true(film, fact)]
        assert not false, f"{told.text!r}: {false}"
        kinds.update(fact.kind for fact in told.facts)
    assert min(kinds[kind] for kind in ("place", "time", "weather", "camera", "action", "direction", "colour", "partner", "left_of")) >= 5


@pytest.mark.parametrize("language", BOTH)
def test_captions_are_clean_and_no_longer_than_is_said(drawn: list[Film], language: Language) -> None:
    rng = random.Random(2)
    for film in drawn:
        for detail in DETAILS:
            text = tell_film(film, language, detail, rng).text
            assert not re.search(r"[{}\[\]*]|  | ,|\.\.|，，|。。|None", text), text
            length = len(text.split()) if language == "en" else len(text)
            assert 2 <= length <= LONGEST[language, detail], text


def test_lengths_go_from_three_words_to_eighty(drawn: list[Film]) -> None:
    rng = random.Random(3)
    lengths = [len(tell_film(film, "en", detail, rng).text.split()) for film in drawn for detail in DETAILS]
    assert min(lengths) <= 4
    assert max(lengths) >= 70


def test_one_film_is_told_in_many_ways_and_the_same_seed_tells_it_the_same() -> None:
    film = film_of(player("penguin", Action.CHASE, Direction.LEFT, 0.4, partner=1), player("duck", Action.RUN, Direction.LEFT, 0.0))
    told = [sample_telling(film, random.Random(seed)) for seed in range(400)]
    assert len({one.text for one in told}) > 300
    assert told[7] == sample_telling(film, random.Random(7))
    assert 0.5 < sum(one.language == "en" for one in told) / 400 < 0.7


@pytest.mark.parametrize(
    ("film", "en", "zh"),
    [
        (film_of(player("penguin", Action.CHASE, Direction.LEFT, 0.4, partner=1), player("duck", Action.RUN, Direction.LEFT, 0.0)),
         ("penguin", "chases a", "duck", "to the left", "at dawn"), ("追赶一只", "鸭子", "向左", "黎明")),
        (film_of(*[player("goose", Action.WALK, Direction.RIGHT, x) for x in (-0.3, 0.0, 0.3)]), ("three", "geese walk",), ("三只", "鹅")),
        (film_of(player("car", Action.RUN, Direction.RIGHT, colour="blue"), place=Place.ROAD),
         ("a blue car", "drives fast"), ("一辆蓝色的汽车",)),
        (film_of(player("fox", Action.WALK, Direction.RIGHT, then=(Beat(Action.JUMP, Direction.NONE, 1.0, 1.5),))),
         ("first walks", "then jumps"), ("先", "然后跳跃")),
        (film_of(player("frog", Action.JUMP), place=Place.ROOM, weather=Weather.CLEAR, camera=Camera(CameraMove.TILT_UP, 0.1)),
         ("in a room", "the camera tilts up"), ("房间里", "镜头向上仰")),
    ],
)  # fmt: skip
def test_the_plainest_wording(film: Film, en: tuple[str, ...], zh: tuple[str, ...]) -> None:
    english, chinese = (tell_film(film, language, "full").text.lower() for language in BOTH)
    assert all(words in english for words in en), english
    assert all(words in chinese for words in zh), chinese


def test_a_cut_is_told_and_the_character_is_the_same() -> None:
    scene = film_of(player("fox", Action.RUN, Direction.LEFT)).shots[0]
    other = film_of(player("fox", Action.JUMP), place=Place.SNOW).shots[0]
    text = tell_film(Film((scene, other)), "en", "full").text
    assert re.search(r"[Cc]ut|shot|[Tt]hen", text)
    assert "the orange fox" in text


def test_what_is_only_pushed_is_told_with_its_pusher() -> None:
    pusher = player("elephant", Action.PUSH, Direction.RIGHT, -0.5, partner=1)
    ball = player("ball", Action.PUSHED, Direction.RIGHT, partner=0)
    (shot,) = shots_of(film_of(pusher, ball), CAST)
    assert [troupe.character.id for troupe in shot.troupes] == ["elephant"]


@pytest.mark.parametrize(
    ("phrase", "ending", "result"),
    [
        ("run", "ing", "running"),
        ("carry", "s", "carries"),
        ("[leave] the picture and [come] back", "s", "leaves the picture and comes back"),
        ("[leave] the picture and [come] back", "ing", "leaving the picture and coming back"),
        ("hide behind {b}", "ing", "hiding behind {b}"),
    ],
)
def test_verbs_are_inflected(phrase: str, ending: str, result: str) -> None:
    assert inflected(phrase, ending, load_full_words()["double"]) == result


@pytest.mark.parametrize(
    ("name", "plural"),
    [("fox", "foxes"), ("puppy", "puppies"), ("white mouse", "white mice"), ("monkey", "monkeys"), ("slice of pizza", "slices of pizza")],
)
def test_plurals(name: str, plural: str) -> None:
    assert plural_of(name, load_full_words()["plural"]) == plural


def test_all_that_the_tier_knows_has_words_in_both_languages() -> None:
    for language in BOTH:
        say = load_full_words()["say"][language]
        assert set(say["place"]) == set(FULL.places)
        assert set(say["time"]) == set(FULL.times)
        assert set(say["weather"]) == set(FULL.weathers)
        assert set(say["camera"]) == set(FULL.camera_moves)
        assert set(say["verb"]) == set(FULL.actions) - {Action.PUSHED}

"""Captions must be true, varied and the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from misora.world.captions import (
    SHORT_WORDS,
    Detail,
    Language,
    canonical_caption,
    caption,
    relations_of,
    sample_caption,
    story_of,
)
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.lexicon import load_lexicon
from misora.world.phrases import load_words
from misora.world.program import TRAVELLING, Action, Camera, CameraMove, Direction, Place, Player, Scene, Time

CAST = load_cast()
CASTING = Casting(tuple(CAST), second_player=0.3)
BOTH: tuple[Language, ...] = ("en", "zh")


def scene_of(*players: Player, place: Place = Place.BEACH, time: Time = Time.SUNSET, move: CameraMove = CameraMove.STATIC) -> Scene:
    return Scene(0, place, time, 0.5, 0.0, 2.0, players, Camera(move))


def player(character: str = "dog", action: Action = Action.RUN, direction: Direction = Direction.NONE, x: float = 0.0) -> Player:
    return Player(character, action, direction, 0.3, x, 0.2, 0.2, 0.0)


def claims_differ(scene: Scene, text: str) -> str:
    """Why ``text`` is not true of ``scene``, empty when it is."""
    reading = load_lexicon().read(text)
    truth = {(p.character, p.action): p.direction for p in scene.players}
    said = [(name, event.action, event.direction) for event in reading.events for name in event.characters]
    if sorted({(name, action) for name, action, _ in said}) != sorted(truth):
        return f"events {reading.events}"
    wrong = [event for event in said if event[2] is not Direction.NONE and event[2] is not truth[event[0], event[1]]]
    checks = {
        f"directions {wrong}": not wrong,
        f"places {reading.places}": set(reading.places) <= {scene.place},
        f"times {reading.times}": set(reading.times) <= {scene.time},
        f"cameras {reading.cameras}": set(reading.cameras) <= {scene.camera.move},
        f"unknown words {reading.unknown}": not reading.unknown,
        f"relations {reading.relations}": all(is_true(scene, *relation) for relation in reading.relations),
    }
    return "; ".join(problem for problem, holds in checks.items() if not holds)


def is_true(scene: Scene, first: str, relation: str, second: str) -> bool:
    characters = [player.character for player in scene.players]
    return (relation, characters.index(first), characters.index(second)) in set(relations_of(scene))


@pytest.mark.parametrize("language", BOTH)
def test_every_claim_of_a_caption_is_true(language: Language) -> None:
    rng = random.Random(7)
    details: tuple[Detail, ...] = ("short", "medium", "full")
    problems = []
    for index in range(1500):
        scene = sample_scene(CASTING, rng)
        text = caption(scene, rng, language, details[index % 3])
        if problem := claims_differ(scene, text):
            problems.append(f"{text!r}: {problem}")
    assert not problems, f"{len(problems)} of 1500:\n" + "\n".join(problems[:20])


@pytest.mark.parametrize("language", BOTH)
def test_canonical_captions_state_every_fact(language: Language) -> None:
    rng = random.Random(3)
    for _ in range(200):
        scene = sample_scene(CASTING, rng)
        text = canonical_caption(scene, language)
        reading = load_lexicon().read(text)
        assert not claims_differ(scene, text), text
        assert (reading.places, reading.times, reading.cameras) == ((scene.place,), (scene.time,), (scene.camera.move,)), text
        headings = {event.direction for event in reading.events}
        assert {p.direction for p in scene.players if p.action in TRAVELLING} <= headings, text
        assert text == canonical_caption(scene, language)


@pytest.mark.parametrize(
    ("action", "direction", "en", "zh"),
    [
        (Action.ENTER, Direction.RIGHT, "from the left", "从左边"),
        (Action.ENTER, Direction.LEFT, "from the right", "从右边"),
        (Action.LEAVE, Direction.LEFT, "to the left", "从左边"),
        (Action.LEAVE, Direction.RIGHT, "to the right", "从右边"),
        (Action.RUN, Direction.LEFT, "to the left", "向左"),
        (Action.FLY, Direction.RIGHT, "to the right", "向右"),
    ],
)
def test_sides_are_worded_as_seen_on_the_screen(action: Action, direction: Direction, en: str, zh: str) -> None:
    scene = scene_of(player(action=action, direction=direction))
    assert en in canonical_caption(scene, "en")
    assert zh in canonical_caption(scene, "zh")


def test_same_seed_gives_the_same_captions() -> None:
    scene = scene_of(player(direction=Direction.LEFT))
    first = [sample_caption(scene, random.Random(seed)) for seed in range(50)]
    assert first == [sample_caption(scene, random.Random(seed)) for seed in range(50)]


def test_one_scene_has_hundreds_of_captions_in_the_wanted_shares() -> None:
    scene, rng = scene_of(player(direction=Direction.LEFT)), random.Random(0)
    samples = [sample_caption(scene, rng) for _ in range(1000)]
    readings = [load_lexicon().read(text) for text, _ in samples]
    assert len({text for text, _ in samples}) > 200
    assert sum(language == "en" for _, language in samples) / 1000 == pytest.approx(0.6, abs=0.05)
    assert sum(bool(reading.places) for reading in readings) / 1000 == pytest.approx(0.92, abs=0.05)
    assert sum(bool(reading.times) for reading in readings) / 1000 == pytest.approx(0.65, abs=0.07)
    assert sum(event.direction is Direction.LEFT for reading in readings for event in reading.events) / 1000 == pytest.approx(
        0.76, abs=0.06
    )


def test_short_captions_are_short() -> None:
    scene, rng = scene_of(player(direction=Direction.RIGHT), move=CameraMove.ZOOM_IN), random.Random(1)
    assert all(3 <= len(caption(scene, rng, "en", "short").split()) <= SHORT_WORDS for _ in range(300))


def test_two_who_do_the_same_share_a_verb() -> None:
    players = (player("fox", Action.JUMP, x=-0.3), player("duck", Action.JUMP, x=0.3))
    assert canonical_caption(scene_of(*players), "en").startswith(
        "A fox and a duck jump on the beach at sunset. The fox is to the left of the duck."
    )
    assert canonical_caption(scene_of(*players), "zh").startswith("日落时分，一只狐狸和一只鸭子都在海滩上跳跃。狐狸在鸭子的左边。")


def test_players_that_pass_each_other_only_start_on_a_side() -> None:
    fox, duck = player("fox", Action.RUN, Direction.RIGHT, -0.3), player("duck", Action.RUN, Direction.LEFT, 0.3)
    assert ("starts_left_of", 0, 1) in story_of(scene_of(replace(fox, speed=0.5), replace(duck, speed=0.5)), CAST).relations
    assert ("left_of", 0, 1) in story_of(scene_of(replace(fox, speed=0.01), replace(duck, speed=0.01)), CAST).relations


def test_phrases_are_not_shared_between_facts() -> None:
    for tables in load_words()["say"].values():
        for fact in ("place", "time", "camera", "verb"):
            owners: dict[str, str] = {}
            for value, forms in tables[fact].items():
                lists = forms.values() if isinstance(forms, dict) else [forms]
                for phrase in {phrase.rstrip("*-") for phrases in lists for phrase in phrases}:
                    assert owners.setdefault(phrase, value) == value, phrase

"""The full cast: 282 characters as plain data, the small one's first."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from misora.world.cast import Character, Gait, load_cast
from misora.world.colours import COLOURS
from misora.world.telling.words import load_full_words

CAST = list(load_cast("full").values())


def test_the_full_cast_begins_with_the_small_one() -> None:
    assert len(CAST) == 282
    assert list(load_cast("full"))[:48] == list(load_cast())
    assert all(load_cast("full")[name] == character for name, character in load_cast().items())


def test_ids_are_snake_case_and_every_animation_is_used_once() -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", character.id) for character in CAST)
    assert max(Counter(character.path for character in CAST).values()) == 1
    assert all(character.path == f"package/assets/{character.code_point}.webp" for character in CAST)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_name_belongs_to_two_characters_or_is_a_wider_word(language: str) -> None:
    names = [name.lower() for character in CAST for name in getattr(character, language)]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert not set(names) & {word for character in CAST for word in getattr(character, f"hypernyms_{language}")}


@pytest.mark.parametrize("character", CAST[48:], ids=lambda character: str(character.id))
def test_names_are_written_in_their_language(character: Character) -> None:
    english, chinese = (*character.en, *character.hypernyms_en), (*character.zh, *character.hypernyms_zh, character.measure_zh)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z' -]*[A-Za-z]", name) for name in english)
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+", name) for name in chinese)


def test_every_colour_has_a_word_and_what_recolours_has_one_to_lose() -> None:
    words = load_full_words()["say"]
    for character in CAST:
        assert not character.colour or all(character.colour in words[language]["colour"] for language in ("en", "zh"))
        assert character.colour or not character.recolours
    assert set(COLOURS) <= set(words["en"]["colour"])
    assert sum(character.recolours for character in CAST) >= 30


def test_every_gait_is_played_by_several() -> None:
    counts = Counter(character.gait for character in CAST)
    assert set(counts) == set(Gait)
    assert min(counts.values()) >= 2

"""The cast is plain data that captions, the parser and the atlas all index by position."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from misora.world.cast import Character, Facing, load_cast
from misora.world.tier import SMALL

CAST = list(load_cast().values())
MANDATORY = {"dog", "cat", "rabbit", "fox", "penguin", "elephant", "dinosaur", "car", "bus", "rocket", "ball"}


def repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(name.lower() for name in names).items() if count > 1]


def test_there_are_48_characters_and_the_mandatory_ones_are_among_them() -> None:
    assert len(CAST) == 48
    assert set(load_cast()) >= MANDATORY


def test_ids_are_unique_snake_case_and_keys() -> None:
    assert [character.id for character in CAST] == list(load_cast())
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", character.id) for character in CAST)
    assert not repeated([character.path for character in CAST])


def test_no_name_holds_the_word_of_a_place() -> None:
    """A bus in the city was read as a city bus in no place."""
    held = [name for character in CAST for name in character.en if set(name.lower().split()) & {str(place) for place in SMALL.places}]
    assert not held


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_name_belongs_to_two_characters(language: str) -> None:
    assert not repeated([name for character in CAST for name in getattr(character, language)])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_hypernym_is_never_a_name(language: str) -> None:
    names = {name for character in CAST for name in getattr(character, language)}
    hypernyms = {word for character in CAST for word in getattr(character, f"hypernyms_{language}")}
    assert not names & hypernyms


@pytest.mark.parametrize("character", CAST, ids=lambda character: str(character.id))
def test_names_are_written_in_their_language(character: Character) -> None:
    english, chinese = (*character.en, *character.hypernyms_en), (*character.zh, *character.hypernyms_zh, character.measure_zh)
    assert character.en and character.zh and character.hypernyms_en and character.hypernyms_zh
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z' -]*[A-Za-z]", name) for name in english)
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+", name) for name in chinese)


def test_the_file_is_the_emoji_that_the_entry_names() -> None:
    assert all(character.path == f"package/assets/{character.code_point}.webp" for character in CAST)


def test_the_rocket_alone_looks_right() -> None:
    """Checked by eye on a contact sheet; a change here must be looked at again."""
    assert [character.id for character in CAST if character.facing is Facing.RIGHT] == ["rocket"]


def test_the_cast_loads_without_torch() -> None:
    code = "import sys; from misora.world.cast import load_cast; load_cast(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

from __future__ import annotations

import pytest

from misora.prompting.vocabulary import load_near, load_vocabulary, near_phrases
from misora.world.cast import load_cast
from misora.world.readings import Kind
from misora.world.tier import SMALL


def test_every_value_is_covered_in_both_languages() -> None:
    near = load_near()
    assert set(near["character"]) == set(load_cast())
    for kind, values in (("place", SMALL.places), ("time", SMALL.times), ("action", SMALL.actions), ("camera", SMALL.camera_moves)):
        assert set(near[kind]) == {str(value) for value in values}
        for phrases in near[kind].values():
            listed = phrases.split(", ")
            assert any(phrase.isascii() for phrase in listed) and any(not phrase.isascii() for phrase in listed)


def test_no_phrase_is_listed_twice_within_a_kind() -> None:
    for kind, table in load_near().items():
        listed = [phrase for phrases in (table.values() if isinstance(table, dict) else [table]) for phrase in phrases.split(", ")]
        assert [phrase for phrase in set(listed) if listed.count(phrase) > 1] == [], kind
        assert all(phrase and phrase == phrase.strip() for phrase in listed)


def test_the_casts_own_names_keep_their_meaning() -> None:
    lexicon = load_vocabulary()
    for character in load_cast().values():
        for name in (*character.en, *character.zh):
            (match,) = (match for match in lexicon.read(name).matches if match.entry.kind is Kind.CHARACTER)
            assert (match.entry.value, match.entry.exact) == (character.id, True)


def test_words_for_characters_that_are_not_there_are_left_out() -> None:
    values = {entry.value for _, entry in near_phrases({"dog"}) if entry.kind is Kind.CHARACTER}
    assert values == {"dog"}


@pytest.mark.parametrize("phrase", ["raining cats and dogs", "马上", "as the crow flies", "九牛一毛"])
def test_what_only_sounds_like_an_animal_is_none(phrase: str) -> None:
    reading = load_vocabulary().read(phrase)
    assert reading.mentioned == () and reading.unknown == (phrase,)

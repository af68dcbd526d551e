from __future__ import annotations

import pytest

from misora.prompting.spelling import Speller, distance, load_real_words
from misora.prompting.vocabulary import load_vocabulary, spoken_words


@pytest.mark.parametrize(
    ("first", "second", "edits"),
    [
        ("", "", 0),
        ("cat", "cat", 0),
        ("cat", "", 3),
        ("cat", "cart", 1),
        ("cat", "act", 1),
        ("hores", "horse", 1),
        ("elefant", "elephant", 2),
        ("ca", "abc", 3),
    ],
)
def test_distance_counts_edits(first: str, second: str, edits: int) -> None:
    assert distance(first, second) == distance(second, first) == edits


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("pengiun", "penguin"), ("dgo", "dog"), ("girafe", "giraffe"), ("dolfin", "dolphin"), ("buterfly", "butterfly"),
        ("forrest", "forest"), ("house", None), ("boat", None), ("xyzzy", None), ("do", None), ("dig", None), ("3d", None), ("猫", None),
    ],
)  # fmt: skip
def test_only_misspellings_are_mended(written: str, meant: str | None) -> None:
    assert Speller(spoken_words(load_vocabulary()), load_real_words()).mend(written) == meant


def test_of_equals_the_likelier_wins() -> None:
    assert Speller(["bear", "bars"]).mend("baer") == "bear", "the same letters in another order"
    assert Speller(["meadow", "shadow"]).mend("medow") == "meadow"
    assert Speller(["horse"], real=["house"]).mend("house") is None


def test_real_words_do_not_hide_the_vocabulary() -> None:
    assert load_real_words().isdisjoint(spoken_words(load_vocabulary()))

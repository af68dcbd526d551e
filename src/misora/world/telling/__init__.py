"""Captions of films, in English and Chinese: many wordings, order shuffled, facts left out, every stated fact known.

A film becomes ``Shot``s of facts (``story``), a writer (``english``, ``chinese``) turns some of them into sentences and
records which. Phrases lie in ``words_full.json`` and, for what the small tier knows too, ``lexicon.json``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from misora.world.captions import DETAIL_WEIGHTS, ENGLISH_SHARE, Choice, Detail, FirstChoice, Language
from misora.world.cast import Character, load_cast
from misora.world.program import Film
from misora.world.telling.chinese import Chinese
from misora.world.telling.english import English
from misora.world.telling.story import shots_of
from misora.world.telling.writer import Fact

__all__ = ["Fact", "Telling", "sample_telling", "tell_film"]

LONGEST: dict[tuple[Language, Detail], int] = {
    ("en", "short"): 20, ("en", "medium"): 45, ("en", "full"): 80, ("zh", "short"): 40, ("zh", "medium"): 90, ("zh", "full"): 170,
}  # fmt: skip
"""Most words of an English caption, most characters of a Chinese one."""
TRIES = 6


@dataclass(frozen=True, slots=True)
class Telling:
    """A caption and what it claims."""

    text: str
    language: Language
    facts: tuple[Fact, ...]


def sample_telling(film: Film, rng: random.Random, cast: Mapping[str, Character] | None = None) -> Telling:
    """A caption in a language and detail drawn as for training."""
    language: Language = "en" if rng.random() < ENGLISH_SHARE else "zh"
    detail = rng.choices(list(DETAIL_WEIGHTS), list(DETAIL_WEIGHTS.values()))[0]
    return tell_film(film, language, detail, rng, cast)


def tell_film(
    film: Film, language: Language, detail: Detail, rng: random.Random | None = None, cast: Mapping[str, Character] | None = None
) -> Telling:
    """One caption of ``film``.

    Args:
        detail: short (one clause), medium, or full (every kind of fact, 80 English words at most).
        rng: Draws the wording; None always takes the first phrase and the likelier fact, so it tells the same every time.
    """
    choice = FirstChoice() if rng is None else Choice(rng)
    shots = shots_of(film, cast or load_cast("full"))
    shown = len(shots) if detail != "short" or not choice.chance(0.6) else 1
    writers: dict[Language, type[English] | type[Chinese]] = {"en": English, "zh": Chinese}
    for attempt in range(TRIES):
        writer = writers[language](choice, detail if attempt < TRIES - 1 else "bare")
        sentences: list[str] = []
        for number, shot in enumerate(shots[: shown if attempt < TRIES - 1 else 1]):
            writer.number = number
            told = writer.shot(shot, shots[number - 1] if number else None)
            sentences += writer.cut(told) if number else told
        text = writer.finished(sentences)
        if writer.length(text) <= LONGEST[language, detail]:
            break
    return Telling(text, language, tuple(writer.facts))

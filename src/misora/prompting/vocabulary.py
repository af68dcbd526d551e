"""Every phrase that a prompt is read by: the stage's own words, and a much longer list of words that are near to one of them.

``near.json`` holds the second: for each character, place, time, action and camera move the synonyms, kinds and cousins that people write
for it; phrases that only look like one of these ("raining cats and dogs", 马上); and phrases that say nothing about the scene. Knows no
grammar.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from misora.world.cast import load_cast
from misora.world.lexicon import Lexicon
from misora.world.phrases import load_words
from misora.world.readings import Entry, Kind
from misora.world.telling.words import load_reading_words
from misora.world.tier import SMALL

#: Kinds of ``near.json`` whose phrases stand for one of many values.
VALUED = (Kind.CHARACTER, Kind.PLACE, Kind.TIME, Kind.ACTION, Kind.CAMERA)
#: Kinds whose phrases all mean the same: nothing that is seen, or nothing that is known.
PLAIN = (Kind.IGNORE, Kind.UNKNOWN)


@cache
def load_near() -> dict[str, Any]:
    """``near.json`` as it is."""
    near: dict[str, Any] = json.loads(files("misora.prompting").joinpath("near.json").read_text(encoding="utf-8"))
    return near


@cache
def load_vocabulary(tier: str = SMALL.name) -> Lexicon:
    """A tier's lexicon with the near words added, built once; a name of the cast always keeps its own meaning."""
    cast = load_cast(tier)
    return Lexicon(cast, near_phrases(cast), load_words() if tier == SMALL.name else load_reading_words())


def spoken_words(lexicon: Lexicon) -> set[str]:
    """English words that a misspelt one may be meant for: those that name something to be seen, and small words such as "through"."""
    seen = {*VALUED, Kind.HYPERNYM, Kind.HEADING}
    words = {phrase.lower() for phrase, entry in lexicon.phrases if entry.kind in seen and phrase.isascii() and phrase.isalpha()}
    return words | {word for word in load_words()["function_words"] if len(word) > 4}


def near_phrases(characters: Collection[str]) -> Iterator[tuple[str, Entry]]:
    """Every phrase of ``near.json`` with its meaning; those of characters that are not in ``characters`` are left out."""
    known = dict(zip(VALUED, map(set, (characters, SMALL.places, SMALL.times, SMALL.actions, SMALL.camera_moves)), strict=True))
    for kind in VALUED:
        for value, phrases in load_near()[kind].items():
            if value in known[kind]:
                for phrase in phrases.split(", "):
                    yield phrase, Entry(kind, value, exact=kind is Kind.CAMERA)
    for kind in PLAIN:
        for phrase in load_near()[kind].split(", "):
            yield phrase, Entry(kind, "")

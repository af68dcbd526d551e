"""Every phrase that means something, from ``lexicon.json`` and the names of the cast."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from misora.world.cast import Character
from misora.world.program import Direction
from misora.world.readings import OPPOSITE, Entry, Kind


@cache
def load_words() -> dict[str, Any]:
    """``lexicon.json`` as it is."""
    words: dict[str, Any] = json.loads(files("misora.world").joinpath("lexicon.json").read_text(encoding="utf-8"))
    return words


@cache
def load_traditional() -> dict[int, str]:
    """Traditional characters to simplified ones, for ``str.translate``."""
    pairs = files("misora.world").joinpath("traditional.txt").read_text(encoding="utf-8").split()
    return str.maketrans({pair[0]: pair[1] for pair in pairs})


def phrases_of(words: Mapping[str, Any], cast: Mapping[str, Character]) -> Iterator[tuple[str, Entry]]:
    """Every phrase with its meaning; where two agree in wording the first wins."""
    read = words["read"]
    yield from _names(cast)
    for kind, table in words.get("sooner", {}).items():
        yield from _listed(table, Kind(kind))
    for kind in (Kind.IGNORE, Kind.UNKNOWN):
        yield from _listed({"": read["phrase"][kind]}, kind)
    yield from _spoken(words["say"])
    for kind in (Kind.PLACE, Kind.TIME, Kind.CAMERA, Kind.ACTION, Kind.RELATION):
        yield from _listed(read[kind], kind)
    for kind in (Kind.HEADING, Kind.ORIGIN, Kind.SIDE):
        yield from _sided(read[kind], kind)
    yield from _listed({name: near for name, near in read["near_character"].items() if name in cast}, Kind.CHARACTER, exact=False)
    for kind in (Kind.PLACE, Kind.TIME, Kind.ACTION):
        yield from _listed(read[f"near_{kind}"], kind, exact=False)


def _listed(table: Mapping[str, Iterable[str]], kind: Kind, *, exact: bool = True) -> Iterator[tuple[str, Entry]]:
    for value, phrases in table.items():
        for phrase in phrases:
            yield phrase, Entry(kind, value, exact)


def _names(cast: Mapping[str, Character]) -> Iterator[tuple[str, Entry]]:
    for character in cast.values():
        for name in (*character.en, *character.zh):
            yield name, Entry(Kind.CHARACTER, character.id)
    for character in cast.values():
        for name in (*character.hypernyms_en, *character.hypernyms_zh):
            yield name, Entry(Kind.HYPERNYM, name, exact=False)


def _spoken(say: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """The phrases that captions use, so that every caption can be read back."""
    for tables in say.values():
        for place, ways in tables["place"].items():
            for phrase in (phrase for way in ways.values() for phrase in way):
                yield phrase, Entry(Kind.PLACE, place)
                yield "在" + phrase, Entry(Kind.PLACE, place)
                yield phrase.removeprefix("在"), Entry(Kind.PLACE, place)
        yield from _listed(tables["time"], Kind.TIME)
        yield from _listed(tables.get("colour", {}), Kind.COLOUR)
        for weather, forms in tables.get("weather", {}).items():
            yield from _listed({weather: [phrase for form in forms.values() for phrase in form]}, Kind.WEATHER)
        for move, forms in tables["camera"].items():
            for phrase in (phrase for form in forms.values() for phrase in form):
                yield phrase.split("{n}")[0], Entry(Kind.CAMERA, move)
        for action, styles in tables["verb"].items():
            for phrase in (phrase for style in styles.values() for phrase in style if "{b}" not in phrase):
                yield phrase.rstrip("*-").replace("[", "").replace("]", ""), Entry(Kind.ACTION, action)


def _sided(templates: Iterable[str], kind: Kind) -> Iterator[tuple[str, Entry]]:
    for template in templates:
        for side in (Direction.LEFT, Direction.RIGHT):
            yield side_words(template, side), Entry(kind, side)


def side_words(template: str, side: Direction) -> str:
    """``template`` with {d} as ``side`` and {o} as the other one, in the template's own language."""
    names = {Direction.LEFT: "left", Direction.RIGHT: "right"} if template.isascii() else {Direction.LEFT: "左", Direction.RIGHT: "右"}
    return template.format(d=names[side], o=names[OPPOSITE[side]])

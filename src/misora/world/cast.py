"""Who can play on the stage, with names in English and Chinese, as plain data.

The small tier's 48 lie in ``cast.json``, those the full tier adds in ``cast_full.json``; their order fixes class
indices, so new characters go at the end of the second. Nothing here knows pixels or torch: the web process reads names from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


class Facing(StrEnum):
    """Where the character looks in its picture; the renderer mirrors by it, ``FRONT`` never needs to."""

    LEFT = "left"
    RIGHT = "right"
    FRONT = "front"


class Gait(StrEnum):
    """How the character gets about."""

    WALKS = "walks"
    HOPS = "hops"
    SWIMS = "swims"
    FLIES = "flies"
    ROLLS = "rolls"
    DRIVES = "drives"
    FLOATS = "floats"
    STANDS = "stands"
    SAILS = "sails"
    SLIDES = "slides"


class SizeClass(StrEnum):
    """Standing height relative to the other characters, and roughly in the real world."""

    TINY = "tiny"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    HUGE = "huge"


@dataclass(frozen=True, slots=True)
class Character:
    """One character of the cast.

    Args:
        id: Its key in scene programs (``"fire_engine"``).
        package, version, path: The npm package that holds its animation, and the file inside the tarball.
        code_point: The emoji's code points in hexadecimal, joined by ``-``.
        en, zh: Names, the main one first, then synonyms; no name belongs to two characters.
        hypernyms_en, hypernyms_zh: Wider words (animal, 动物); never another character's name.
        measure_zh: The Chinese measure word: 一``只``小狗, 一``辆``汽车.
        facing: Where it looks in its picture.
        gait: How it gets about.
        size: Its height class.
        colour: The one word that says its colour best.
        recolours: Whether it reads well in another colour.
    """

    id: str
    package: str
    version: str
    path: str
    code_point: str
    en: tuple[str, ...]
    zh: tuple[str, ...]
    hypernyms_en: tuple[str, ...]
    hypernyms_zh: tuple[str, ...]
    measure_zh: str
    facing: Facing
    gait: Gait
    size: SizeClass
    colour: str = ""
    recolours: bool = False


@cache
def load_cast(tier: str = "small") -> Mapping[str, Character]:
    """The cast of ``tier`` by id, in class-index order; read-only and read once. The full cast begins with the small one."""
    entries, more = _read("cast.json"), _read("cast_full.json")
    for entry in entries:
        entry |= {"colour": more["colours"][entry["id"]], "recolours": entry["id"] in more["recolours"]}
    if tier == "full":
        entries += more["characters"]
    return MappingProxyType({entry["id"]: _to_character(entry) for entry in entries})


def _read(name: str) -> Any:
    return json.loads(files("misora.world").joinpath(name).read_text(encoding="utf-8"))


def _to_character(entry: dict[str, Any]) -> Character:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    fields.update(facing=Facing(entry["facing"]), gait=Gait(entry["gait"]), size=SizeClass(entry["size"]))
    return Character(**fields)

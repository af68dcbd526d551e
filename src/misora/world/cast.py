"""Who can play on the stage: 48 characters with their names in English and Chinese, as plain data.

The list lies in ``cast.json``; its order fixes class indices, so new characters go at the end.
Nothing here knows pixels or torch: the web process reads names from it.
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


class SizeClass(StrEnum):
    """Standing height relative to the other characters."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


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


@cache
def load_cast() -> Mapping[str, Character]:
    """The cast by id, in class-index order; read-only and read once."""
    entries = json.loads(files("misora.world").joinpath("cast.json").read_text(encoding="utf-8"))
    return MappingProxyType({entry["id"]: _to_character(entry) for entry in entries})


def _to_character(entry: dict[str, Any]) -> Character:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    fields.update(facing=Facing(entry["facing"]), gait=Gait(entry["gait"]), size=SizeClass(entry["size"]))
    return Character(**fields)

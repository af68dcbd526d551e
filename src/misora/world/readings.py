"""What was understood of a text: phrases and what they mean, who does what, and how words are counted. Knows no vocabulary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from misora.world.program import Action, CameraMove, Direction, Place, Time, Weather


class Kind(StrEnum):
    """What a phrase is about."""

    CHARACTER = "character"
    HYPERNYM = "hypernym"
    ACTION = "action"
    PLACE = "place"
    TIME = "time"
    HEADING = "heading"
    ORIGIN = "origin"
    SIDE = "side"
    CAMERA = "camera"
    WEATHER = "weather"
    COLOUR = "colour"
    RELATION = "relation"
    IGNORE = "ignore"
    UNKNOWN = "unknown"


SIDES = frozenset({Kind.HEADING, Kind.ORIGIN, Kind.SIDE})
OPPOSITE = {Direction.LEFT: Direction.RIGHT, Direction.RIGHT: Direction.LEFT, Direction.NONE: Direction.NONE}

TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[\u3400-\u9fff]|[^\s\w]", re.ASCII | re.IGNORECASE)
PUNCTUATION = frozenset(',.;:!?，。；：！？、()（）"“”')


def tokens_of(text: str) -> list[str]:
    """Latin words, single Chinese characters and marks, as ``Match`` and ``Event`` count them."""
    return TOKEN.findall(text.replace("-", " ").replace("’", "'"))


def is_chinese(text: str) -> bool:
    """Whether more of ``text`` is Chinese characters than Latin words."""
    return len(re.findall(r"[\u3400-\u9fff]", text)) > len(re.findall(r"[A-Za-z]+", text))


@dataclass(frozen=True, slots=True)
class Entry:
    """What a phrase means; ``exact`` is False where the word is only near the concept (wolf for dog)."""

    kind: Kind
    value: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """``entry`` found at tokens ``[start, end)``."""

    entry: Entry
    text: str
    start: int
    end: int

    @property
    def is_chinese(self) -> bool:
        return is_chinese(self.text)


@dataclass(frozen=True, slots=True)
class Event:
    """Somebody does something; ``characters`` is empty when the text does not say who, ``text`` is the verb as written.

    ``start`` and ``end`` are the verb's tokens, as in ``Match``.
    """

    characters: tuple[str, ...]
    action: Action
    direction: Direction
    text: str = ""
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says about the world.

    Args:
        matches: Every phrase that was understood, in order.
        events: Who does what, and where to.
        relations: (player, relation, player), relation one of left_of, starts_left_of, nearer_than, bigger_than.
        mentioned: Characters in order of first mention, as ids.
        unknown: Words that mean nothing here, as written.
    """

    text: str
    language: str
    matches: tuple[Match, ...]
    events: tuple[Event, ...]
    relations: tuple[tuple[str, str, str], ...]
    mentioned: tuple[str, ...]
    unknown: tuple[str, ...]

    def values(self, kind: Kind) -> tuple[str, ...]:
        """Distinct values of ``kind`` in order of first mention."""
        return tuple(dict.fromkeys(match.entry.value for match in self.matches if match.entry.kind is kind))

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(Place(value) for value in self.values(Kind.PLACE))

    @property
    def times(self) -> tuple[Time, ...]:
        return tuple(Time(value) for value in self.values(Kind.TIME))

    @property
    def cameras(self) -> tuple[CameraMove, ...]:
        return tuple(CameraMove(value) for value in self.values(Kind.CAMERA))

    @property
    def weathers(self) -> tuple[Weather, ...]:
        """Of the full tier's lexicon alone."""
        return tuple(Weather(value) for value in self.values(Kind.WEATHER))

    @property
    def is_empty(self) -> bool:
        """True when nothing of the world was named."""
        return all(match.entry.kind is Kind.IGNORE for match in self.matches)

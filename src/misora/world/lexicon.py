"""The words of the world: what captions say, and what a person's prompt in English or Chinese means.

All words lie in ``lexicon.json``; this module loads them and reads text. Latin words and single Chinese characters are
tokens of one list, phrases are paths in one tree, and the longest phrase wins at each position. Knows no grammar beyond
which direction and which player belong to which action.

A mention of a side means a heading only together with the action (``HEADING_OF``):

| said | heading: "to the left", 向左 | origin: "from the left", 从左边 | side: "on the left", 在左边 |
| --- | --- | --- | --- |
| enters | LEFT | RIGHT (it starts outside on the left) | RIGHT |
| leaves | LEFT | LEFT (从左边离开: out through the left edge) | LEFT |
| walks, runs, flies, ... | LEFT | RIGHT | none: it says where, not whither |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from misora.world.cast import Character, load_cast
from misora.world.program import TRAVELLING, Action, CameraMove, Direction, Place, Time, Weather


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
#: True where the heading is the side that was named, False where it is the opposite one; absent where nothing is said.
HEADING_OF = {
    **{(Kind.HEADING, action): True for action in TRAVELLING},
    **{(Kind.ORIGIN, action): action in (Action.LEAVE, Action.RETURN) for action in TRAVELLING},
    (Kind.SIDE, Action.ENTER): False,
    (Kind.SIDE, Action.LEAVE): True,
    (Kind.SIDE, Action.RETURN): True,
}
#: Relations are kept in one sense: (inverse relation) -> (relation with its two players exchanged).
INVERSE = {"right_of": "left_of", "further_than": "nearer_than", "smaller_than": "bigger_than"}

ARTICLES = frozenset({"the", "a", "an"})
#: "enters left" is said of the side it comes from, "enters to the left" of where it heads.
BARE_SIDES = frozenset({"left", "right"})

TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[\u3400-\u9fff]|[^\s\w]", re.ASCII | re.IGNORECASE)
PUNCTUATION = frozenset(',.;:!?，。；：！？、()（）"“”')


def heading_of(kind: Kind, action: Action, side: Direction) -> Direction:
    """The direction a player heads when ``side`` is mentioned as ``kind`` with ``action``; NONE when that says nothing."""
    same = HEADING_OF.get((kind, action))
    if same is None:
        return Direction.NONE
    return side if same else OPPOSITE[side]


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
        relations: (player, relation, player), relation one of left_of, nearer_than, bigger_than.
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


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    entry: Entry | None = None


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


@cache
def load_lexicon() -> Lexicon:
    """The lexicon with the whole cast, built once."""
    return Lexicon(load_cast())


class Lexicon:
    """Reads prompts.

    Args:
        cast: Characters by id; their names are added to the words of ``lexicon.json``.
        more: Further phrases and what they mean; where the wording is known already, the known meaning stays.
        words: Tables as those of ``lexicon.json``, which is the default; "sooner" holds words by kind that come before all others.
    """

    def __init__(
        self, cast: Mapping[str, Character], more: Iterable[tuple[str, Entry]] = (), words: Mapping[str, Any] | None = None
    ) -> None:
        words = words or load_words()
        self.cast = cast
        self.say: Mapping[str, Any] = words["say"]
        self._irregular: dict[str, str] = words["irregular"]
        self._traditional = load_traditional()
        measures = {one.measure_zh for one in cast.values()}
        self._function = {self.stem(word) for word in words["function_words"]} | set(words["function_chars"]) | measures
        self._fillers = {self.stem(word) for word in words["fillers"]}
        self._nouns: list[dict[str, Any]] = words["nouns"]
        self._root = _Node()
        self._parts: set[str] = set()
        self.phrases = (*_phrases(words, cast), *more)
        for phrase, entry in self.phrases:
            self._insert(phrase, entry)

    def read(self, text: str) -> Reading:
        """What ``text`` says, phrase by phrase."""
        tokens = tokens_of(text)
        stems = [self.stem(token) for token in tokens]
        matches, unknown = self._scan(tokens, stems)
        builder = _EventBuilder(tokens)
        for index, match in enumerate(matches):
            builder.take(match, matches[index + 1] if index + 1 < len(matches) else None)
        builder.attach_sides(matches)
        return Reading(
            text=text,
            language="zh" if is_chinese(text) else "en",
            matches=tuple(matches),
            events=builder.finished(),
            relations=tuple(builder.relations),
            mentioned=tuple(dict.fromkeys(match.entry.value for match in matches if match.entry.kind is Kind.CHARACTER)),
            unknown=unknown,
        )

    def is_known(self, word: str) -> bool:
        """Whether a single ``word`` begins or goes on any phrase, or is one that carries no meaning of its own."""
        stem = self.stem(word)
        return stem in self._function or stem in self._fillers or stem in self._parts

    def stem(self, token: str) -> str:
        """One key for all inflections of a word; Chinese characters in their simplified form."""
        word = self.simplify(token).removesuffix("'s")
        return _cut(self._irregular.get(word, word)) if word.isascii() else word

    def simplify(self, text: str) -> str:
        """``text`` in small letters and simplified characters."""
        return text.lower().translate(self._traditional)

    def _insert(self, phrase: str, entry: Entry) -> None:
        """Adds ``phrase`` as it is and without the fillers inside it, which a text may have or not."""
        stems = [self.stem(token) for token in TOKEN.findall(phrase.replace("-", " "))]
        bare = [stem for index, stem in enumerate(stems) if stem not in self._fillers or index in (0, len(stems) - 1)]
        for path in (stems, bare, bare[1:] if len(bare) > 2 and bare[0] in ARTICLES else bare):
            node = self._root
            self._parts.update(path)
            for stem in path:
                node = node.children.setdefault(stem, _Node())
            node.entry = node.entry or entry

    def _scan(self, tokens: Sequence[str], stems: Sequence[str]) -> tuple[list[Match], tuple[str, ...]]:
        matches: list[Match] = []
        unknown: list[str] = []
        unknown_end = -1
        index = 0
        while index < len(tokens):
            end, entry = self._longest(stems, index)
            end, entry = (end == index + 1 and self._noun(tokens, index)) or (end, entry)
            text = _joined(tokens[index:end])
            if entry is not None and entry.kind is not Kind.UNKNOWN:
                matches.append(Match(entry, text, index, end))
            elif entry is not None or not self._is_function(stems[index]):
                glued = unknown_end == index and not text.isascii() and unknown and not unknown[-1].isascii()
                unknown[len(unknown) - 1 if glued else len(unknown) :] = [unknown[-1] + text if glued else text]
                unknown_end = end
            index = end
        return matches, tuple(dict.fromkeys(unknown))

    def _is_function(self, stem: str) -> bool:
        return stem in self._function or not stem[0].isalnum()

    def _longest(self, stems: Sequence[str], start: int) -> tuple[int, Entry | None]:
        """(end, entry) of the longest phrase at ``start``; (start + 1, None) when there is none."""
        found = max(self._walk(self._root, stems, start), key=lambda end_entry: end_entry[0], default=None)
        return found or (start + 1, None)

    def _walk(self, node: _Node, stems: Sequence[str], index: int) -> Iterator[tuple[int, Entry]]:
        """Every phrase below ``node`` that goes on at ``index``, stepping over fillers."""
        if index == len(stems):
            return
        child = node.children.get(stems[index])
        if child is not None:
            if child.entry is not None and _is_closed(stems, index + 1, child.entry):
                yield index + 1, child.entry
            yield from self._walk(child, stems, index + 1)
        if node is not self._root and stems[index] in self._fillers:
            yield from self._walk(node, stems, index + 1)

    def _noun(self, tokens: Sequence[str], index: int) -> tuple[int, Entry] | None:
        """Words that are something else after an article: "a fly", "the leaves"."""
        for noun in self._nouns:
            if tokens[index].lower() == noun["word"] and (tokens[index - 1].lower() if index else "") in noun["after"]:
                return index + 1, Entry(Kind(noun["kind"]), noun["value"], exact=False)
        return None


def _is_closed(stems: Sequence[str], end: int, entry: Entry) -> bool:
    """Whether "walks in" ends there ("walks in from the left"), rather than running on as "walks in the snow"."""
    if entry.kind is not Kind.ACTION or stems[end - 1] != "in" or end == len(stems):
        return True
    return stems[end] in PUNCTUATION or stems[end] in ("from", "on", "at", "and", "whil")


def _joined(tokens: Sequence[str]) -> str:
    return ("" if any(not token.isascii() for token in tokens) else " ").join(tokens)


def _cut(word: str) -> str:
    """A crude English stem, the same for run, runs and running."""
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for suffix in ("ing", "ed"):
        rest = word.removesuffix(suffix)
        if rest != word and len(rest) > 2 and not word.endswith("eed") and re.search("[aeiouy]", rest):
            word = rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _phrases(words: Mapping[str, Any], cast: Mapping[str, Character]) -> Iterator[tuple[str, Entry]]:
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


@dataclass(slots=True)
class _OpenEvent:
    match: Match
    characters: tuple[str, ...]
    action: Action
    direction: Direction = Direction.NONE


@dataclass(slots=True)
class _EventBuilder:
    """Puts players, actions and sides together, left to right."""

    tokens: Sequence[str]
    events: list[_OpenEvent] = field(default_factory=list)
    relations: list[tuple[str, str, str]] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    last: tuple[str, ...] = ()
    comparing: tuple[str, str] | None = None
    followed_at: int = -1

    def take(self, match: Match, following: Match | None) -> None:
        kind, value = match.entry.kind, match.entry.value
        if kind is Kind.CAMERA:
            self.followed_at = match.end if value == CameraMove.FOLLOW else -1
        elif kind is Kind.RELATION:
            self._relate(match, value)
        elif kind in (Kind.CHARACTER, Kind.HYPERNYM):
            self._meet(match, value)
        elif kind is Kind.ACTION:
            self._act(match, Action(value), following)

    def _meet(self, match: Match, character: str) -> None:
        if self.comparing is not None:
            self._compare(*self.comparing, character)
            self.comparing = None
        elif self._is_followed(match):
            self.followed_at = -1
        elif self.events and not self.events[-1].characters and not self.pending:
            self.events[-1].characters = self.last = (character,)
        else:
            self.pending.append(character)

    def _is_followed(self, match: Match) -> bool:
        """Whether the name only repeats whom the camera follows."""
        near = 0 <= self.followed_at <= match.start <= self.followed_at + 2
        return near and bool(self.last or self.pending) and not set(self.tokens[self.followed_at : match.start]) & PUNCTUATION

    def _act(self, match: Match, action: Action, following: Match | None) -> None:
        gap = self.tokens[match.end : following.start] if following else ["."]
        bare: list[str] | None = [] if not self.pending or not match.is_chinese else None  # 狗追猫 has an object
        attributive = following is not None and following.entry.kind is Kind.CHARACTER and list(gap) in (bare, ["的"])
        characters = () if attributive else tuple(dict.fromkeys(self.pending)) or self.last
        self.events.append(_OpenEvent(match, characters, action))
        if not attributive:
            self.pending, self.last = [], characters

    def _relate(self, match: Match, relation: str) -> None:
        if match.is_chinese:
            if len(self.pending) >= 2:
                self._compare(self.pending[-2], relation, self.pending[-1])
                del self.pending[-2:]
        elif self.pending or self.last:
            self.comparing = (self.pending.pop() if self.pending else self.last[-1], relation)

    def _compare(self, first: str, relation: str, second: str) -> None:
        inverse = INVERSE.get(relation)
        self.relations.append((second, inverse, first) if inverse else (first, relation, second))
        if not any({first, second} & set(event.characters) for event in self.events):
            self.last = (first, second)

    def attach_sides(self, matches: Sequence[Match]) -> None:
        for index, match in enumerate(matches):
            if match.entry.kind in SIDES:
                event = self._nearest(index, matches)
                if event is not None:
                    entrance = event.action is Action.ENTER and match.text.lower() in BARE_SIDES
                    heading = heading_of(Kind.ORIGIN if entrance else match.entry.kind, event.action, Direction(match.entry.value))
                    event.direction = heading if event.direction is Direction.NONE else event.direction

    def _nearest(self, index: int, matches: Sequence[Match]) -> _OpenEvent | None:
        """The event that a side at ``index`` belongs to: in English the one before it, in Chinese the one after it."""
        match = matches[index]
        before = [event for event in self.events if event.match.end <= match.start]
        after = [event for event in self.events if event.match.start >= match.end]
        if not match.is_chinese:
            same_sentence = before and "." not in self.tokens[before[-1].match.end : match.start]
            return before[-1] if same_sentence else after[0] if after else before[-1] if before else None
        if after and self._is_direct(match, after[0].match, matches):
            return after[0]
        return before[-1] if before else after[0] if after else None

    def _is_direct(self, start: Match, end: Match, matches: Sequence[Match]) -> bool:
        between = self.tokens[start.end : end.start]
        names = [match for match in matches if start.end <= match.start < end.start and match.entry.kind is Kind.CHARACTER]
        return not names and not set(between) & PUNCTUATION

    def finished(self) -> tuple[Event, ...]:
        if self.events and not self.events[0].characters and self.pending:
            self.events[0].characters = tuple(self.pending)
        return tuple(
            Event(event.characters, event.action, event.direction, event.match.text, event.match.start, event.match.end)
            for event in self.events
        )

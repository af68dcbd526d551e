"""Who does what, and whither, from the phrases of a text in their order.

A mention of a side means a heading only together with the action (``HEADING_OF``):

| said | heading: "to the left", 向左 | origin: "from the left", 从左边 | side: "on the left", 在左边 |
| --- | --- | --- | --- |
| enters | LEFT | RIGHT (it starts outside on the left) | RIGHT |
| leaves | LEFT | LEFT (从左边离开: out through the left edge) | LEFT |
| walks, runs, flies, ... | LEFT | RIGHT | none: it says where, not whither |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from misora.world.program import TRAVELLING, Action, CameraMove, Direction
from misora.world.readings import OPPOSITE, PUNCTUATION, SIDES, Entry, Event, Kind, Match

#: True where the heading is the side that was named, False where it is the opposite one; absent where nothing is said.
HEADING_OF = {
    **{(Kind.HEADING, action): True for action in TRAVELLING},
    **{(Kind.ORIGIN, action): action in (Action.LEAVE, Action.RETURN) for action in TRAVELLING},
    (Kind.SIDE, Action.ENTER): False,
    (Kind.SIDE, Action.LEAVE): True,
    (Kind.SIDE, Action.RETURN): True,
}
#: Relations are kept in one sense: (inverse relation) -> (relation with its two players exchanged).
INVERSE = {
    "right_of": "left_of",
    "starts_right_of": "starts_left_of",
    "further_than": "nearer_than",
    "smaller_than": "bigger_than",
}
#: What says in a sentence that two are so at its beginning and need not stay so.
AT_FIRST = ("at first", "一开始", "起初")
BEGINS = frozenset({"starts", "start", "begins", "begin", "starting", "beginning"})
SENTENCE_ENDS = frozenset(".;!?。；！？")


#: "enters left" is said of the side it comes from, "enters to the left" of where it heads.
BARE_SIDES = frozenset({"left", "right"})


def heading_of(kind: Kind, action: Action, side: Direction) -> Direction:
    """The direction a player heads when ``side`` is mentioned as ``kind`` with ``action``; NONE when that says nothing."""
    same = HEADING_OF.get((kind, action))
    if same is None:
        return Direction.NONE
    return side if same else OPPOSITE[side]


def with_sides_of_somebody(matches: Sequence[Match], tokens: Sequence[str]) -> tuple[Match, ...]:
    """``matches`` with a side that is somebody's, as in 狐狸在鸭子左边, told as a relation."""
    found = list(matches)
    for index, match in enumerate(found):
        if match.entry.kind is Kind.SIDE and match.is_chinese and _is_of_somebody(match, found[:index], tokens):
            found[index] = replace(match, entry=Entry(Kind.RELATION, f"{match.entry.value}_of"))
    return tuple(found)


def _is_of_somebody(side: Match, before: Sequence[Match], tokens: Sequence[str]) -> bool:
    """Whether a name stands right before ``side``, behind 在 and another name, and between them at most what that one does."""
    names = [match for match in before if match.entry.kind not in (Kind.ACTION, Kind.IGNORE)][-2:]
    if [name.entry.kind for name in names] != [Kind.CHARACTER, Kind.CHARACTER]:
        return False
    one, other = names
    return other.end == side.start and "在" in tokens[one.end : other.start]


@dataclass(slots=True)
class OpenEvent:
    """An event to which more may be added."""

    match: Match
    characters: tuple[str, ...]
    action: Action
    direction: Direction = Direction.NONE


@dataclass(slots=True)
class EventBuilder:
    """Puts players, actions and sides together, left to right."""

    tokens: Sequence[str]
    events: list[OpenEvent] = field(default_factory=list)
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
        self.events.append(OpenEvent(match, characters, action))
        if not attributive:
            self.pending, self.last = [], characters

    def _relate(self, match: Match, relation: str) -> None:
        if relation in ("left_of", "right_of") and self._is_at_first(match):
            relation = f"starts_{relation}"
        if match.is_chinese:
            if len(self.pending) == 1 and self._has_just_acted(match):
                self.pending.insert(0, self.last[-1])  # 小狗站在猫的右边: what the first does has been told
            if len(self.pending) >= 2:
                self._compare(self.pending[-2], relation, self.pending[-1])
                del self.pending[-2:]
        elif self.pending or self.last:
            self.comparing = (self.pending.pop() if self.pending else self.last[-1], relation)

    def _has_just_acted(self, match: Match) -> bool:
        """Whether somebody has done something since the last mark before ``match``."""
        if not (self.events and self.last):
            return False
        return not set(self.tokens[self.events[-1].match.end : match.start]) & PUNCTUATION

    def _is_at_first(self, match: Match) -> bool:
        if match.start and self.tokens[match.start - 1].lower() in BEGINS:
            return True
        ends = [index for index in range(match.start) if self.tokens[index] in SENTENCE_ENDS]
        sentence = self.tokens[ends[-1] + 1 if ends else 0 : match.end]
        return any(phrase in ("" if match.is_chinese else " ").join(sentence).lower() for phrase in AT_FIRST)

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

    def _nearest(self, index: int, matches: Sequence[Match]) -> OpenEvent | None:
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

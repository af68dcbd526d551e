"""Clauses to moments: who acts together, what follows what, and which of two verbs says more.

Takes what the lexicon read of one clause (phrases and events, left to right). Knows few words of its own, and adds no fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from misora.world.program import Action, CameraMove, Direction, Place, Time, Weather
from misora.world.readings import PUNCTUATION, Event, Kind, Match, Reading, tokens_of

#: Actions that say where a movement leads; beside one of these a plain walk, run, flight or turn is only its manner.
LEADING = frozenset({Action.APPROACH, Action.RETREAT, Action.ENTER, Action.LEAVE})
#: Verbs whose object moves too, and words that join another player to the action.
CHASING = re.compile(r"chas|run after|pursu|hunt|追|赶", re.IGNORECASE)
JOINING = frozenset({"with", "和", "与", "跟", "同"})
SINGULAR = frozenset({"it", "he", "she", "它", "他", "她"})
CONNECTIVES = frozenset({"and", "while", "as", "but", "并", "而", "又"}) | PUNCTUATION

#: Places that are reached by going: 穿过森林, 沿着海滩.
CROSSED = ("穿过", "沿着", "越过", "走遍")

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Part:
    """One player in one moment.

    Args:
        character: Id in the cast, or a hypernym ("animal", 动物).
        text: As written.
        action: None when the prompt does not say.
        direction: Where to; NONE when there is none or it is not said.
        colour: The colour word before it, of the full tier's lexicon.
    """

    character: str
    text: str
    action: Action | None = None
    direction: Direction = Direction.NONE
    colour: Match | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """One moment; None is not said."""

    parts: tuple[Part, ...]
    place: Place | None = None
    time: Time | None = None
    camera: CameraMove | None = None
    relations: tuple[tuple[str, str, str], ...] = ()
    weather: Weather | None = None


def add_clause(beats: list[Beat], reading: Reading, dropped: list[str]) -> None:
    """Appends the moments of one clause to ``beats``; what does not fit is added to ``dropped``.

    A clause without players only fills in what the moment before leaves open ("then the camera zooms in").
    """
    tokens = tokens_of(reading.text)
    names = _names(reading.matches)
    before = beats[-1] if beats else Beat(())
    said = [*reading.events, *_crossings(reading, tokens, names)]
    merged = _merged(sorted(said, key=lambda event: event.start), tokens, names.values(), dropped)
    events = [_with_subject(_led_aside(event, reading.matches), before, tokens) for event in merged]
    groups = _groups(events, tokens, dropped)
    parts = [_parts(group, before) for group in groups] or [()]
    parts[0] = _with_bystanders(parts[0], groups[0] if groups else [], names, tokens)
    colours = _colours(reading.matches, names)
    parts = [tuple(replace(part, colour=colours.get(part.character)) for part in group) for group in parts]
    first = Beat(parts[0], _one(reading.places), _one(reading.times), _one(reading.cameras), reading.relations, _one(reading.weathers))
    dropped += [match.text for match in reading.matches if _is_surplus(match, first) or _is_loose(match, colours)]
    if not first.parts and beats:
        beats[-1] = _filled_in(before, first)
    else:
        beats.append(first)
    beats += [Beat(part) for part in parts[1:]]


def _filled_in(beat: Beat, later: Beat) -> Beat:
    """``beat`` with what it leaves open taken from ``later``."""
    return replace(
        beat,
        place=beat.place or later.place,
        time=beat.time or later.time,
        camera=beat.camera or later.camera,
        weather=beat.weather or later.weather,
    )


def _colours(matches: Sequence[Match], names: dict[str, Match]) -> dict[str, Match]:
    """The colour word that stands right before each player's name; 的 may lie between."""
    return {
        name: match
        for name, named in names.items()
        for match in matches
        if match.entry.kind is Kind.COLOUR and 0 <= named.start - match.end <= (1 if match.is_chinese else 0)
    }


def _is_loose(match: Match, colours: dict[str, Match]) -> bool:
    """Whether ``match`` is a colour of nobody."""
    return match.entry.kind is Kind.COLOUR and match not in colours.values()


def _names(matches: Sequence[Match]) -> dict[str, Match]:
    """Where each player is first named; "toy" in "toy car" and "pet" in "pet dog" only say what kind it is."""
    names: dict[str, Match] = {}
    for index, match in enumerate(matches):
        following = matches[index + 1] if index + 1 < len(matches) else None
        qualifies = following is not None and following.start == match.end and following.entry.kind is Kind.CHARACTER
        if match.entry.kind is Kind.CHARACTER or (match.entry.kind is Kind.HYPERNYM and not qualifies):
            names.setdefault(match.entry.value, match)
    return names


def _crossings(reading: Reading, tokens: Sequence[str], names: dict[str, Match]) -> list[Event]:
    """A walk for each place that somebody crosses in a phrase of its own, without another verb beside it."""
    found = []
    for match in reading.matches:
        if match.entry.kind is Kind.PLACE and match.text.startswith(CROSSED):
            alone = all(_is_apart(match, event, tokens) for event in reading.events)
            before = [name for name, named in names.items() if named.end <= match.start]
            if alone and before:
                found.append(Event((before[-1],), Action.WALK, Direction.NONE, match.text, match.start, match.end))
    return found


def _is_apart(match: Match, event: Event, tokens: Sequence[str]) -> bool:
    """Whether a mark of punctuation lies between a phrase and a verb."""
    start, end = (match.end, event.start) if match.end <= event.start else (event.end, match.start)
    return bool(set(tokens[start:end]) & PUNCTUATION)


def _merged(events: Iterable[Event], tokens: Sequence[str], names: Iterable[Match], dropped: list[str]) -> list[Event]:
    """``events`` with verbs that run into each other made one: "gallops | away", 转身 | 离开."""
    starts = [match.start for match in names]
    merged: list[Event] = []
    for event in events:
        last = merged[-1] if merged else None
        if last is not None and _runs_on(last, event, tokens, starts):
            stronger, weaker = _stronger(last, event)
            if weaker.action not in (stronger.action, Action.STAND, Action.WALK, Action.RUN, Action.FLY, Action.SPIN):
                dropped.append(weaker.text)
            direction = stronger.direction if stronger.direction is not Direction.NONE else weaker.direction
            merged[-1] = replace(stronger, characters=last.characters or event.characters, direction=direction, end=event.end)
        else:
            merged.append(event)
    return merged


def _runs_on(first: Event, second: Event, tokens: Sequence[str], names: Sequence[int]) -> bool:
    same = not second.characters or not first.characters or first.characters == second.characters
    apart = CONNECTIVES & {token.lower() for token in tokens[first.end : second.start]}
    return same and not apart and not any(first.end <= start < second.start for start in names)


def _stronger(first: Event, second: Event) -> tuple[Event, Event]:
    """Of two verbs in one breath, the one that says more: where it leads, else any movement, else the finite one, else the first."""
    if second.action in LEADING and first.action not in LEADING:
        return second, first
    if first.action is Action.STAND and second.action is not Action.STAND:
        return second, first
    if first.action not in LEADING and first.text.endswith("ing") and not second.text.endswith("ing"):
        return second, first
    return first, second


def _led_aside(event: Event, matches: Iterable[Match]) -> Event:
    """``event`` as leaving the picture where it goes away to a side: "runs away to the left", 向右跑开."""
    if event.action is not Action.RETREAT:
        return event
    beside = (match for match in matches if match.entry.kind is Kind.HEADING and (match.start == event.end or match.end == event.start))
    side = next(beside, None)
    return replace(event, action=Action.LEAVE, direction=Direction(side.entry.value)) if side else event


def _with_subject(event: Event, before: Beat, tokens: Sequence[str]) -> Event:
    """``event`` with the players of the moment before where it names none: the first for "then it jumps", all for "then jump"."""
    if event.characters:
        return event
    head = event.text.split()[0]
    alone = head.isascii() and head.endswith("s") and not head.endswith("ss")
    alone = alone or bool(SINGULAR & {token.lower() for token in tokens[: event.start]} and "们" not in tokens)
    return replace(event, characters=tuple(part.character for part in (before.parts[:1] if alone else before.parts)))


def _groups(events: Iterable[Event], tokens: Sequence[str], dropped: list[str]) -> list[list[Event]]:
    """Events that happen together; a player who does a second thing begins a new moment."""
    groups: list[list[Event]] = []
    doing: dict[str, Event] = {}
    for event in events:
        earlier = [doing[character] for character in event.characters if character in doing]
        same = next((one for one in earlier if one.action is event.action), None)
        if same is not None:
            if same.direction is Direction.NONE:
                groups[-1] = [replace(one, direction=event.direction) if one is same else one for one in groups[-1]]
            continue
        if earlier and _is_aside(event, tokens):
            dropped.append(event.text)
            continue
        if earlier or not groups:
            groups.append([])
            doing = {}
        groups[-1].append(event)
        doing |= dict.fromkeys(event.characters, event)
    return groups


def _is_aside(event: Event, tokens: Sequence[str]) -> bool:
    """Whether a verb only accompanies the one before it: "runs, kicking up sand"."""
    comma = event.start > 0 and tokens[event.start - 1] == ","
    return comma and event.text.split()[0].endswith("ing")


def _parts(events: Sequence[Event], before: Beat) -> tuple[Part, ...]:
    known = {part.character: part.text for part in before.parts}
    return tuple(
        Part(character, known.get(character, ""), event.action, event.direction) for event in events for character in event.characters
    )


def _with_bystanders(parts: tuple[Part, ...], events: Sequence[Event], names: dict[str, Match], tokens: Sequence[str]) -> tuple[Part, ...]:
    """``parts`` with their words, and with the players that are named but do nothing of their own, in the order they are named."""
    found = {part.character: replace(part, text=names[part.character].text if part.character in names else part.text) for part in parts}
    for character, match in names.items():
        if character not in found:
            part = Part(character, match.text)
            shared = next((event for event in reversed(events) if _draws_in(event, match, tokens)), None)
            found[character] = replace(part, action=shared.action, direction=shared.direction) if shared else part
    order = list(names)
    return tuple(sorted(found.values(), key=lambda part: order.index(part.character) if part.character in names else -1))


def _draws_in(event: Event, match: Match, tokens: Sequence[str]) -> bool:
    """Whether the player at ``match`` shares the action of ``event``: chased, or joined by "with"."""
    between = tokens[event.end : match.start]
    if match.start < event.end or set(between) & PUNCTUATION:
        return False
    return bool(CHASING.search(event.text)) or bool(between[-2:] and between[0].lower() in JOINING)


def _one(values: Sequence[ValueT]) -> ValueT | None:
    return values[0] if values else None


def _is_surplus(match: Match, beat: Beat) -> bool:
    """Whether ``match`` names a second place, time or camera move."""
    said = {Kind.PLACE: beat.place, Kind.TIME: beat.time, Kind.CAMERA: beat.camera, Kind.WEATHER: beat.weather}
    return match.entry.kind in said and match.entry.value != said[match.entry.kind]

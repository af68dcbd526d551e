"""Does a clip show what was asked? A parser's reading against a story, fact by fact.

Facts are checked apart: a fox that walks left where a dog should walk left has the wrong subject, and the right action and direction.
Players are matched to actors so that their characters agree best. What the parser was never taught is not checked at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch

from misora.models.parser.reading import ClipReading, PlayerReading, Shares, most_likely
from misora.models.parser.tracks import Track
from misora.world.captions import Actor, Story
from misora.world.program import Direction

FACTS = ("subject", "count", "colour", "place", "time", "weather", "action", "direction", "relation", "camera", "cuts")
"""Kinds of fact, in the order of reports."""
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Check:
    """One fact.

    Args:
        fact: One of ``FACTS``.
        asked, read: What was asked and what the parser reads instead of or as it.
        right: Whether they agree.
        share: How likely the parser holds what was asked, 0 to 1.
    """

    fact: str
    asked: str
    read: str
    right: bool
    share: float


def check_clip(story: Story, reading: ClipReading) -> list[Check]:
    """Every fact of ``story`` that can be checked, checked."""
    players = match(story.actors, reading.players)
    checks = [_count(story.actors, reading)]
    for actor, player in zip(story.actors, players, strict=True):
        checks += _actor(actor, player)
    for fact, asked, shares in (
        ("place", story.place, reading.place),
        ("time", story.time, reading.time),
        ("weather", story.weather, reading.weather),
        ("camera", story.camera, reading.camera),
    ):
        if asked is not None and asked in shares:
            checks.append(_named(fact, asked, shares))
    checks += [_relation(relation, players[first], players[second]) for relation, first, second in story.relations if relation in RELATIONS]
    return in_order(checks)


def check_cuts(asked: int, reading: ClipReading) -> Check:
    """Whether the picture cuts as often as it was ``asked`` to."""
    right = asked == len(reading.cuts)
    return Check("cuts", str(asked), str(len(reading.cuts)), right, float(right))


def in_order(checks: Iterable[Check]) -> list[Check]:
    """``checks`` in the order of reports."""
    return sorted(checks, key=lambda check: FACTS.index(check.fact))


def match(actors: Sequence[Actor], players: Sequence[PlayerReading]) -> list[PlayerReading | None]:
    """The player that plays each actor, None where there are too few; the assignment on whose characters the parser agrees most."""
    seats = [*players, *[None] * len(actors)]
    options = itertools.permutations(range(len(seats)), len(actors))

    def agreement(option: Sequence[int]) -> float:
        taken = [(actor, seats[seat]) for actor, seat in zip(actors, option, strict=True)]
        return sum(0.01 + player.character.get(actor.character.id, 0.0) for actor, player in taken if player is not None)

    best = max(options, key=agreement)
    return [seats[seat] for seat in best]


def score(checks: Sequence[Check]) -> float:
    """Mean likelihood of what was asked, every kind of fact counting alike; 0 to 1."""
    kinds = {check.fact: [other.share for other in checks if other.fact == check.fact] for check in checks}
    means = [sum(shares) / len(shares) for shares in kinds.values()]
    return sum(means) / len(means) if means else 0.0


def _count(actors: Sequence[Actor], reading: ClipReading) -> Check:
    right = len(actors) == len(reading.players)
    return Check("count", str(len(actors)), str(len(reading.players)), right, float(right))


def _actor(actor: Actor, player: PlayerReading | None) -> Iterator[Check]:
    asked = {"subject": actor.character.id, "action": actor.action.value}
    if actor.direction is not Direction.NONE:
        asked["direction"] = actor.direction.value
    if actor.colour:
        asked["colour"] = actor.colour
    for fact, name in asked.items():
        if player is None:
            yield Check(fact, name, NOBODY, False, 0.0)
            continue
        shares = {"subject": player.character, "action": player.action, "direction": player.direction, "colour": player.colour}[fact]
        if name in shares:
            yield _named(fact, name, shares)


def _named(fact: str, asked: str, shares: Shares) -> Check:
    read = most_likely(shares)
    return Check(fact, str(asked), read, read == asked, shares[asked])


def left_of(first: Track, second: Track) -> bool:
    """Left at the beginning and at the end."""
    return starts_left_of(first, second) and _mean(first.x, first, last=True) < _mean(second.x, second, last=True)


def starts_left_of(first: Track, second: Track) -> bool:
    return _mean(first.x, first) < _mean(second.x, second)


def nearer_than(first: Track, second: Track) -> bool:
    """Stands lower in the picture."""
    return first.standing < second.standing


def bigger_than(first: Track, second: Track) -> bool:
    return bool(first.height[first.seen].median() > second.height[second.seen].median())


RELATIONS = {"left_of": left_of, "starts_left_of": starts_left_of, "nearer_than": nearer_than, "bigger_than": bigger_than}
EDGE_FRAMES = 4
"""Frames at either end over which a position is averaged."""


def _relation(relation: str, first: PlayerReading | None, second: PlayerReading | None) -> Check:
    if first is None or second is None or not bool(first.track.seen.any()) or not bool(second.track.seen.any()):
        return Check("relation", relation, NOBODY, False, 0.0)
    right = RELATIONS[relation](first.track, second.track)
    return Check("relation", relation, relation if right else f"not {relation}", right, float(right))


def _mean(values: torch.Tensor, track: Track, *, last: bool = False) -> float:
    seen = values[track.seen]
    return float((seen[-EDGE_FRAMES:] if last else seen[:EDGE_FRAMES]).mean())

"""What can be said of a film: who does what with whom, where, when, in which weather, how they stand to each other.

Relations are read off the players' tracks over the whole shot, so that what is said of the start and what is said of
all the time are kept apart. Knows no wording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from misora.world.captions import MIN_APART, MIN_DEPTH, MIN_RATIO
from misora.world.cast import Character
from misora.world.duets import scene_tracks
from misora.world.light import SHELTERED
from misora.world.physics import Track
from misora.world.program import AIRBORNE, TOGETHER, Action, CameraMove, Direction, Film, Place, Player, Scene, Time, Weather

TIMELESS = frozenset({Place.SPACE, Place.STAGE})
"""Places that look the same at any time of day."""
SAMPLES = 9
"""Moments at which relations are checked."""
LIFTED = frozenset({*AIRBORNE, Action.RISE, Action.FALL, Action.LEAP, Action.VAULT})
OUTSIDE = frozenset({Action.ENTER, Action.LEAVE, Action.RETURN})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a troupe does; ``direction`` NONE when it has none."""

    action: Action
    direction: Direction


@dataclass(frozen=True, slots=True)
class Partner:
    """Whom an action is about."""

    character: Character
    colour: str


@dataclass(frozen=True, slots=True)
class Troupe:
    """One player, or several alike that do the same.

    Args:
        colour: A colour worth saying: the one it was painted in, else its own.
        is_painted: Whether that is not its usual colour.
        steps: What it does, in order of time.
        players: Their indices in the scene.
    """

    character: Character
    colour: str
    is_painted: bool
    steps: tuple[Step, ...]
    partner: Partner | None
    players: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.players)


@dataclass(frozen=True, slots=True)
class Relation:
    """``kind`` holds of players (indices): left_of, starts_left_of, nearer_than, bigger_than (two each), between (three)."""

    kind: str
    players: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shot:
    """The facts of one shot; None where there is nothing to say."""

    place: Place
    time: Time | None
    weather: Weather | None
    camera: CameraMove
    troupes: tuple[Troupe, ...]
    relations: tuple[Relation, ...]


def shots_of(film: Film, cast: Mapping[str, Character]) -> tuple[Shot, ...]:
    """Every fact of ``film`` that a caption may state, shot by shot."""
    return tuple(_shot(scene, cast) for scene in film.shots)


def _shot(scene: Scene, cast: Mapping[str, Character]) -> Shot:
    return Shot(
        place=scene.place,
        time=None if scene.place in TIMELESS else scene.time,
        weather=None if scene.place in SHELTERED else scene.weather,
        camera=scene.camera.move,
        troupes=tuple(_troupes(scene.players, cast)),
        relations=tuple(_relations(scene)),
    )


def _troupes(players: Sequence[Player], cast: Mapping[str, Character]) -> Iterator[Troupe]:
    """Players that are only the object of another's action are told with it."""
    told = {player.partner for index, player in enumerate(players) if player.action in TOGETHER and _leads(players, index)}
    groups: dict[tuple[object, ...], list[int]] = {}
    for index, player in enumerate(players):
        if index not in told:
            key = (player.character, player.colour, player.action, player.direction, player.then, player.partner)
            groups.setdefault(key, []).append(index)
    for indices in groups.values():
        player = players[indices[0]]
        character = cast[player.character]
        steps = (Step(player.action, player.direction), *(Step(beat.action, beat.direction) for beat in player.then))
        partner = None
        if player.action in TOGETHER:
            other = players[player.partner]
            partner = Partner(cast[other.character], other.colour)
        yield Troupe(character, player.colour or character.colour, bool(player.colour), steps, partner, tuple(indices))


def _leads(players: Sequence[Player], index: int) -> bool:
    """Of two who act on each other the first is the one that is spoken of."""
    player = players[index]
    mutual = players[player.partner].partner == index
    return player.action is not Action.PUSHED and (not mutual or index < player.partner or player.action is Action.PUSH)


def _relations(scene: Scene) -> Iterator[Relation]:
    """What is clearly true of players that can be told apart by name."""
    names = [player.character for player in scene.players]
    known = [index for index, name in enumerate(names) if names.count(name) == 1]
    tracks = scene_tracks(scene, np.linspace(0, scene.seconds, SAMPLES))
    for first, second in combinations(known, 2):
        players = scene.players[first], scene.players[second]
        if not {player.action for player in players} & OUTSIDE:
            yield from _sides(first, second, tracks)
        if not any(_is_lifted(player) for player in players):
            yield from _depths(first, second, tracks)
        yield from _sizes(first, second, scene.players, tracks)
    if len(known) >= 3:
        yield from _middles(known, scene.players, tracks)


def _is_lifted(player: Player) -> bool:
    return bool({player.action, *(beat.action for beat in player.then)} & LIFTED)


def _sides(first: int, second: int, tracks: Sequence[Track]) -> Iterator[Relation]:
    apart = tracks[second].x - tracks[first].x
    if abs(apart[0]) < MIN_APART:
        return
    pair = (first, second) if apart[0] > 0 else (second, first)
    yield Relation("left_of" if bool(np.all(np.sign(apart[0]) * apart >= MIN_APART)) else "starts_left_of", pair)


def _depths(first: int, second: int, tracks: Sequence[Track]) -> Iterator[Relation]:
    behind = tracks[second].ground - tracks[first].ground
    if bool(np.all(np.abs(behind) >= MIN_DEPTH)) and len(set(np.sign(behind))) == 1:
        yield Relation("nearer_than", (first, second) if behind[0] > 0 else (second, first))


def _sizes(first: int, second: int, players: Sequence[Player], tracks: Sequence[Track]) -> Iterator[Relation]:
    ratio = players[first].size * tracks[first].scale / (players[second].size * tracks[second].scale)
    if bool(np.all(ratio >= MIN_RATIO)):
        yield Relation("bigger_than", (first, second))
    elif bool(np.all(ratio <= 1 / MIN_RATIO)):
        yield Relation("bigger_than", (second, first))


def _middles(known: Sequence[int], players: Sequence[Player], tracks: Sequence[Track]) -> Iterator[Relation]:
    """Neighbours from left to right that keep their order all the time."""
    inside = [index for index in known if players[index].action not in OUTSIDE]
    ordered = sorted(inside, key=lambda index: float(tracks[index].x[0]))
    for left, middle, right in zip(ordered, ordered[1:], ordered[2:], strict=False):
        if bool(np.all(tracks[middle].x - tracks[left].x >= MIN_APART)) and bool(np.all(tracks[right].x - tracks[middle].x >= MIN_APART)):
            yield Relation("between", (middle, left, right))

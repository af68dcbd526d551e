"""Draws films of the full tier: one to four shots, each with its place, time, weather, camera and a plot for its players.

Pure Python and seeded: the same ``random.Random`` gives the same film everywhere. (Character, action, place) triples are
held out by the same hash as in the small tier.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from misora.world.cast import Character, Gait
from misora.world.casting import is_held_out
from misora.world.colours import COLOURS
from misora.world.light import SHELTERED
from misora.world.plots import DUETS, Role, Spot, draw_role, duet, fits_duet, group, pair, sequence, solo
from misora.world.program import Action, Camera, CameraMove, Film, Place, Player, Scene, Time, Weather
from misora.world.terrain import SHORE
from misora.world.tier import FULL

T = TypeVar("T")

PLOT_WEIGHTS = {"solo": 30, "sequence": 20, "pair": 12, "duet": 22, "group": 9, "crowd": 7}
SHOT_WEIGHTS = {1: 62, 2: 22, 3: 11, 4: 5}
MIN_SHOT_SECONDS = 1.2
TIME_WEIGHTS = {Time.DAY: 4, Time.SUNSET: 2, Time.NIGHT: 2, Time.DAWN: 1.5}
WEATHER_WEIGHTS = {Weather.CLEAR: 12, Weather.RAIN: 2.5, Weather.SNOW: 2, Weather.FOG: 2, Weather.WIND: 1.5}
CAMERA_WEIGHTS = {
    CameraMove.STATIC: 26, CameraMove.PAN_LEFT: 1.5, CameraMove.PAN_RIGHT: 1.5, CameraMove.ZOOM_IN: 1.5, CameraMove.ZOOM_OUT: 1.5,
    CameraMove.FOLLOW: 3, CameraMove.TILT_UP: 1, CameraMove.TILT_DOWN: 1, CameraMove.DOLLY_IN: 1.5, CameraMove.DOLLY_OUT: 1.5,
    CameraMove.TRUCK_LEFT: 1.5, CameraMove.TRUCK_RIGHT: 1.5, CameraMove.CRANE_UP: 1, CameraMove.SHAKE: 1,
}  # fmt: skip
#: (least, most) of each move: view heights a second, or log-zoom a second.
CAMERA_AMOUNTS = {
    CameraMove.PAN_LEFT: (0.1, 0.25), CameraMove.PAN_RIGHT: (0.1, 0.25), CameraMove.ZOOM_IN: (0.12, 0.22),
    CameraMove.ZOOM_OUT: (0.12, 0.22), CameraMove.TILT_UP: (0.06, 0.12), CameraMove.TILT_DOWN: (0.06, 0.12),
    CameraMove.DOLLY_IN: (0.12, 0.2), CameraMove.DOLLY_OUT: (0.12, 0.2), CameraMove.TRUCK_LEFT: (0.12, 0.25),
    CameraMove.TRUCK_RIGHT: (0.12, 0.25), CameraMove.CRANE_UP: (0.12, 0.22), CameraMove.SHAKE: (0.012, 0.022),
}  # fmt: skip
#: Most that a move may add up to over a shot.
CAMERA_TRAVEL = {CameraMove.TILT_UP: 0.2, CameraMove.TILT_DOWN: 0.2, CameraMove.CRANE_UP: 0.35}
USUAL_TRAVEL = 0.5
#: During these the edges of the picture matter, so the camera stays.
FRAMED = frozenset({Action.ENTER, Action.LEAVE, Action.RETURN, Action.FALL, Action.APPROACH, Action.RETREAT})
FOLLOWED = frozenset({Action.WALK, Action.RUN, Action.FLY, Action.CHASE, Action.LEAP})
#: Where a gait is at home, and how often it is drawn there.
HOMES: dict[Gait, tuple[tuple[Place, ...], float]] = {
    Gait.SAILS: ((Place.LAKE,), 1.0),
    Gait.SWIMS: ((Place.UNDERWATER, Place.LAKE), 0.7),
    Gait.SLIDES: ((Place.SNOW, Place.MOUNTAIN), 0.7),
}
MAX_DRAWS = 400


@dataclass(frozen=True, slots=True)
class Directing:
    """What to draw from.

    Args:
        characters: The cast to choose players from.
        aspect: Width over height of the canvas.
        seconds: Length of the film.
        max_shots: Most shots; a shot lasts ``MIN_SHOT_SECONDS`` at least.
        held_out: The leading player of the first shot shows a reserved triple (True), or nobody ever does (False).
        places: Places to choose from.
    """

    characters: Sequence[Character]
    aspect: float = 16 / 9
    seconds: float = 5.0
    max_shots: int = FULL.max_shots
    held_out: bool = False
    places: Sequence[Place] = FULL.places


def sample_film(directing: Directing, rng: random.Random) -> Film:
    """One film; all of its shots have the same leading character, in the same colour."""
    count = rng.choices(list(SHOT_WEIGHTS), list(SHOT_WEIGHTS.values()))[0]
    count = max(1, min(count, directing.max_shots, int(directing.seconds / MIN_SHOT_SECONDS)))
    seconds = directing.seconds / count
    for _ in range(MAX_DRAWS):
        role = draw_role(directing.characters, rng, tuple(COLOURS))
        shots = [_shot(directing, role, seconds, rng)]
        while len(shots) < count:
            shots.append(_next_shot(directing, role, seconds, shots[-1], rng))
        film = Film(tuple(shots))
        if _is_allowed(film, directing.held_out):
            return film
    raise RuntimeError(f"no film in {MAX_DRAWS} draws keeps to held_out={directing.held_out}; the cast or the places leave too few triples")


def triples_of(film: Film) -> list[tuple[str, Action, Place]]:
    """Every (character, action, place) that ``film`` shows; the leading player's of the first shot come first."""
    return [
        (player.character, action, shot.place)
        for shot in film.shots
        for player in shot.players
        for action in (player.action, *(beat.action for beat in player.then))
    ]


def _is_allowed(film: Film, held_out: bool) -> bool:
    triples = triples_of(film)
    if held_out:
        return is_held_out(*triples[0])
    return not any(is_held_out(*triple) for triple in triples)


def _shot(directing: Directing, role: Role, seconds: float, rng: random.Random) -> Scene:
    place = _place(directing, role, rng)
    weather = Weather.CLEAR if place in SHELTERED else _drawn(WEATHER_WEIGHTS, rng)
    time = _drawn(TIME_WEIGHTS, rng)
    horizon = rng.uniform(0.42, 0.56)
    sun_x = rng.uniform(-0.4, 0.4) * directing.aspect
    return _played(directing, role, Scene(rng.randrange(2**31), place, time, horizon, sun_x, seconds, (), _STILL, weather, FULL.name), rng)


_STILL = Camera(CameraMove.STATIC)


def _next_shot(directing: Directing, role: Role, seconds: float, last: Scene, rng: random.Random) -> Scene:
    """Another shot: half the time in the same place, which then looks the same, else elsewhere under the same sky."""
    shot = _shot(directing, role, seconds, rng)
    if rng.random() < 0.5:
        same = replace(shot, seed=last.seed, place=last.place, time=last.time, weather=last.weather, horizon=last.horizon, sun_x=last.sun_x)
        return _played(directing, role, same, rng)
    weather = Weather.CLEAR if shot.place in SHELTERED else last.weather
    return replace(shot, time=last.time, weather=weather)


def _played(directing: Directing, role: Role, scene: Scene, rng: random.Random) -> Scene:
    """``scene`` with players and a camera that suits them."""
    spot = Spot(scene.place, directing.aspect, scene.seconds, scene.horizon, grounds_of(scene.place, role.character, scene.horizon))
    plot: Callable[[Directing, Role, Spot, random.Random], list[Player]] = PLOTS[_drawn(PLOT_WEIGHTS, rng)]
    players = tuple(plot(directing, role, spot, rng))
    return replace(scene, players=players, camera=_camera(players, scene.seconds, rng))


def _place(directing: Directing, role: Role, rng: random.Random) -> Place:
    homes, share = HOMES.get(role.character.gait, ((), 0.0))
    known = [place for place in homes if place in directing.places]
    return rng.choice(known) if known and rng.random() < share else rng.choice(directing.places)


def grounds_of(place: Place, character: Character, horizon: float) -> tuple[float, float]:
    """(lowest, highest) height of the feet; at a lake swimmers keep to the water and the others to the shore."""
    if place is Place.LAKE:
        return (SHORE + 0.04, horizon - 0.12) if character.gait in (Gait.SAILS, Gait.SWIMS) else (0.03, SHORE - 0.06)
    if place is Place.SPACE:
        return 0.12, horizon - 0.04
    return 0.06, horizon - 0.16


def _solo(directing: Directing, role: Role, spot: Spot, rng: random.Random) -> list[Player]:
    return [solo(role, spot, rng)]


def _sequence(directing: Directing, role: Role, spot: Spot, rng: random.Random) -> list[Player]:
    return [sequence(role, spot, rng)]


def _pair(directing: Directing, role: Role, spot: Spot, rng: random.Random) -> list[Player]:
    return pair(role, _other(directing, [role], spot, rng), spot, rng)


def _duet(directing: Directing, role: Role, spot: Spot, rng: random.Random) -> list[Player]:
    """A duet that the two can play; alone when nobody is found for one."""
    for _ in range(60):
        action = _drawn(DUETS, rng)
        second = _other(directing, [role], spot, rng)
        if fits_duet(action, role.character, second.character):
            return duet(action, role, second, spot, rng)
    return _solo(directing, role, spot, rng)


def _group(directing: Directing, role: Role, spot: Spot, rng: random.Random) -> list[Player]:
    return group(role, rng.randint(2, 4), spot, rng)


def _crowd(directing: Directing, role: Role, spot: Spot, rng: random.Random) -> list[Player]:
    """A duet or a pair with one to three others about it."""
    players = (_duet if rng.random() < 0.4 else _pair)(directing, role, spot, rng)
    roles = [role]
    for _ in range(rng.randint(1, FULL.max_players - 2)):
        other = _other(directing, roles, spot, rng)
        roles.append(other)
        bystander = solo(other, replace(spot, grounds=(spot.grounds[0], max(spot.grounds))), rng, scale=0.75)
        if other.character.id not in {player.character for player in players}:
            players.append(bystander)
    return players


PLOTS: dict[str, Callable[[Directing, Role, Spot, random.Random], list[Player]]] = {
    "solo": _solo, "sequence": _sequence, "pair": _pair, "duet": _duet, "group": _group, "crowd": _crowd,
}  # fmt: skip


def _other(directing: Directing, roles: Sequence[Role], spot: Spot, rng: random.Random) -> Role:
    """A character that is not among ``roles`` and can be where they are."""
    taken = {role.character.id for role in roles}
    for _ in range(MAX_DRAWS):
        other = draw_role(directing.characters, rng, tuple(COLOURS))
        stranded = other.character.gait is Gait.SAILS and spot.place is not Place.LAKE
        if other.character.id not in taken and not stranded:
            break
    return other


def _camera(players: Sequence[Player], seconds: float, rng: random.Random) -> Camera:
    move = _drawn(CAMERA_WEIGHTS, rng)
    actions = {player.action for player in players} | {beat.action for player in players for beat in player.then}
    if actions & FRAMED or (move is CameraMove.FOLLOW and (players[0].action not in FOLLOWED or players[0].then)):
        move = CameraMove.STATIC
    if move not in CAMERA_AMOUNTS:
        return Camera(move)
    amount = rng.uniform(*CAMERA_AMOUNTS[move])
    return Camera(move, amount if move is CameraMove.SHAKE else min(amount, CAMERA_TRAVEL.get(move, USUAL_TRAVEL) / seconds))


def _drawn(weights: Mapping[T, float], rng: random.Random) -> T:
    return rng.choices(list(weights), list(weights.values()))[0]

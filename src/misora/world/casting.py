"""Draws scene programs: every factor on its own, so that no two facts are tied; some combinations are held out.

Pure Python and seeded: the same ``random.Random`` gives the same scene everywhere.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from misora.world.program import TRAVELLING, Action, Camera, CameraMove, Direction, Place, Player, Scene
from misora.world.tier import SMALL

HELD_OUT_SHARE = 16
"""One in so many (character, action, place) triples is never drawn for training."""

ACTION_WEIGHTS = {
    Action.WALK: 4,
    Action.RUN: 4,
    Action.STAND: 2,
    Action.JUMP: 3,
    Action.BOUNCE: 2,
    Action.SPIN: 2,
    Action.FLY: 3,
    Action.APPROACH: 2,
    Action.RETREAT: 1,
    Action.ENTER: 1,
    Action.LEAVE: 1,
}
CAMERA_WEIGHTS = {
    CameraMove.STATIC: 25,
    CameraMove.PAN_LEFT: 1,
    CameraMove.PAN_RIGHT: 1,
    CameraMove.ZOOM_IN: 1,
    CameraMove.ZOOM_OUT: 1,
    CameraMove.FOLLOW: 1,
}
#: (lowest, highest) speed of each action, in the unit that ``Player.speed`` has for it.
SPEEDS = {
    Action.STAND: (0.0, 0.0),
    Action.WALK: (0.14, 0.26),
    Action.RUN: (0.38, 0.6),
    Action.FLY: (0.25, 0.5),
    Action.JUMP: (1.0, 1.5),
    Action.BOUNCE: (1.0, 1.4),
    Action.SPIN: (0.4, 0.7),
    Action.APPROACH: (0.2, 0.32),
    Action.RETREAT: (0.25, 0.4),
    Action.ENTER: (0.3, 0.5),
    Action.LEAVE: (0.3, 0.5),
}


def is_held_out(character: str, action: Action, place: Place) -> bool:
    """True for the triples reserved for testing; a hash, so it never changes when the cast grows."""
    return zlib.crc32(f"{character}/{action}/{place}".encode()) % HELD_OUT_SHARE == 0


@dataclass(frozen=True, slots=True)
class Casting:
    """What to draw from.

    Args:
        characters: Ids to choose players from.
        aspect: Width over height of the canvas.
        height: Canvas height in pixels; players keep their pixel size on canvases of any size.
        seconds: Length of the clip.
        player_pixels: (smallest, largest) standing height of a player in pixels.
        second_player: Chance of a second player.
        held_out: Draw only reserved triples (True), or never one (False).
        places: Places to choose from.
    """

    characters: Sequence[str]
    aspect: float = 1.0
    height: int = 256
    seconds: float = 2.0
    player_pixels: tuple[float, float] = (80.0, 170.0)
    second_player: float = 0.2
    held_out: bool = False
    places: Sequence[Place] = SMALL.places


def sample_scene(casting: Casting, rng: random.Random) -> Scene:
    """One scene program drawn from ``casting``."""
    place, time = rng.choice(casting.places), rng.choices(SMALL.times, (3, 1.5, 1.5))[0]
    horizon = rng.uniform(0.42, 0.58)
    first = _player(casting, rng, place, horizon)
    players = [first]
    if rng.random() < casting.second_player:
        players.append(_second(casting, rng, place, horizon, first))
    return Scene(
        seed=rng.randrange(2**31),
        place=place,
        time=time,
        horizon=horizon,
        sun_x=rng.uniform(-0.4, 0.4) * casting.aspect,
        seconds=casting.seconds,
        players=tuple(players),
        camera=_camera(casting, rng, first),
    )


def _player(casting: Casting, rng: random.Random, place: Place, horizon: float) -> Player:
    while True:
        character = rng.choice(casting.characters)
        action = rng.choices(list(ACTION_WEIGHTS), list(ACTION_WEIGHTS.values()))[0]
        if is_held_out(character, action, place) == casting.held_out:
            break
    direction = rng.choice((Direction.LEFT, Direction.RIGHT)) if action in TRAVELLING else Direction.NONE
    low, high = (pixels / casting.height for pixels in casting.player_pixels)
    size = min(max(math.exp(rng.uniform(math.log(low), math.log(high))), 0.15), 0.6)
    speed = rng.uniform(*SPEEDS[action])
    if action is Action.APPROACH:
        speed, size = min(speed, 0.55 / casting.seconds), size * 0.75
    x = _start(casting, rng, action, direction, size, speed)
    ground = rng.uniform(0.06, horizon - 0.16)
    return Player(character, action, direction, size, x, ground, speed, rng.random())


def _start(casting: Casting, rng: random.Random, action: Action, direction: Direction, size: float, speed: float) -> float:
    """Start such that what the action says is seen: a walk stays in view, an entrance starts outside it."""
    half, sign = casting.aspect / 2, {Direction.LEFT: -1, Direction.RIGHT: 1, Direction.NONE: 0}[direction]
    if action is Action.ENTER:
        return -sign * (half + 0.4 * size)
    if action is Action.LEAVE:
        return sign * (half - min(0.55 * speed * casting.seconds, half))
    reach = max(half - 0.35 * size, 0.05)
    travel = speed * casting.seconds if action in TRAVELLING else 0.0
    middle = rng.uniform(-1, 1) * max(reach - travel / 2, 0.12)
    return middle - sign * travel / 2


def _second(casting: Casting, rng: random.Random, place: Place, horizon: float, first: Player) -> Player:
    """Another player that differs in character and stands clearly apart in x at time 0."""
    for _ in range(50):
        second = _player(casting, rng, place, horizon)
        if second.character != first.character and abs(second.x - first.x) > 0.35 * (first.size + second.size):
            return second
    return second


def _camera(casting: Casting, rng: random.Random, first: Player) -> Camera:
    move = rng.choices(list(CAMERA_WEIGHTS), list(CAMERA_WEIGHTS.values()))[0]
    if move is CameraMove.FOLLOW and first.action not in (Action.WALK, Action.RUN, Action.FLY):
        move = CameraMove.STATIC
    amounts = {
        CameraMove.PAN_LEFT: (0.1, 0.25),
        CameraMove.PAN_RIGHT: (0.1, 0.25),
        CameraMove.ZOOM_IN: (0.12, 0.22),
        CameraMove.ZOOM_OUT: (0.12, 0.22),
    }
    amount = rng.uniform(*amounts[move]) if move in amounts else 0.0
    if move in (CameraMove.ZOOM_IN, CameraMove.ZOOM_OUT):
        amount = min(amount, 0.5 / casting.seconds)
    return Camera(move, amount)

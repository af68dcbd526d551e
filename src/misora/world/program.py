"""Scene programs: everything about a clip, as plain data. Frames, captions and truth all come from one.

Lengths are in *view heights* (the canvas height at zoom 1 is 1.0): x grows to the right with 0 in the middle,
y grows upwards with 0 at the bottom edge. Times are seconds. Nothing here knows pixels, torch or words.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    BEACH = "beach"
    MEADOW = "meadow"
    DESERT = "desert"
    SNOW = "snow"
    CITY = "city"
    FOREST = "forest"
    MOON = "moon"
    UNDERWATER = "underwater"


class Time(StrEnum):
    DAY = "day"
    SUNSET = "sunset"
    NIGHT = "night"


class Action(StrEnum):
    STAND = "stand"
    WALK = "walk"
    RUN = "run"
    JUMP = "jump"
    BOUNCE = "bounce"
    SPIN = "spin"
    FLY = "fly"
    APPROACH = "approach"
    RETREAT = "retreat"
    ENTER = "enter"
    LEAVE = "leave"


class Direction(StrEnum):
    """Where a player heads on the screen; ``NONE`` for actions that stay in place."""

    LEFT = "left"
    RIGHT = "right"
    NONE = "none"


class CameraMove(StrEnum):
    STATIC = "static"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    ZOOM_IN = "zoom_in"
    ZOOM_OUT = "zoom_out"
    FOLLOW = "follow"


#: Actions that travel and therefore have a left or right direction.
TRAVELLING = frozenset({Action.WALK, Action.RUN, Action.FLY, Action.ENTER, Action.LEAVE})
#: Actions during which the player is off the ground all the time.
AIRBORNE = frozenset({Action.FLY})


@dataclass(frozen=True, slots=True)
class Player:
    """One character and what it does.

    Args:
        character: Id in the cast (``"dog"``).
        action: What it does for the whole clip.
        direction: Heading of a travelling action.
        size: Standing height at its depth, in view heights.
        x: Position of its feet at time 0, in view heights from the middle.
        ground: Height of its feet (its place on the ground plane: lower is nearer the viewer), in view heights.
        speed: Travel in view heights a second, or the rate of an action that stays in place (jumps, turns a second).
        phase: Offset of its animation cycle, 0 to 1.
    """

    character: str
    action: Action
    direction: Direction
    size: float
    x: float
    ground: float
    speed: float
    phase: float


@dataclass(frozen=True, slots=True)
class Camera:
    """``amount``: view heights a second for pans, log-zoom a second for zooms, unused otherwise."""

    move: CameraMove
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole clip.

    Args:
        seed: Seeds every detail that captions never mention (shapes of hills, stars, trees).
        horizon: Height of the horizon, in view heights.
        sun_x: Sun or moon, in view heights from the middle; shadows fall the other way.
        players: One or two; drawn from far (high ``ground``) to near.
    """

    seed: int
    place: Place
    time: Time
    horizon: float
    sun_x: float
    seconds: float
    players: tuple[Player, ...]
    camera: Camera

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Scene:
        data = json.loads(text)
        players = tuple(
            Player(**{**player, "action": Action(player["action"]), "direction": Direction(player["direction"])})
            for player in data.pop("players")
        )
        camera = Camera(CameraMove(data["camera"]["move"]), data.pop("camera")["amount"])
        return Scene(**{**data, "place": Place(data["place"]), "time": Time(data["time"])}, players=players, camera=camera)

"""Scene programs: everything about a clip, as plain data. Frames, captions and truth all come from one.

Lengths are in *view heights* (the canvas height at zoom 1 is 1.0): x grows to the right with 0 in the middle,
y grows upwards with 0 at the bottom edge. Times are seconds. Nothing here knows pixels, torch or words.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Place(StrEnum):
    BEACH = "beach"
    MEADOW = "meadow"
    DESERT = "desert"
    SNOW = "snow"
    CITY = "city"
    FOREST = "forest"
    MOON = "moon"
    UNDERWATER = "underwater"
    LAKE = "lake"
    MOUNTAIN = "mountain"
    FARM = "farm"
    ROAD = "road"
    SAVANNA = "savanna"
    VOLCANO = "volcano"
    NEON_CITY = "neon_city"
    SPACE = "space"
    CLOUDS = "clouds"
    ROOM = "room"
    STAGE = "stage"
    CANDYLAND = "candyland"


class Time(StrEnum):
    DAY = "day"
    SUNSET = "sunset"
    NIGHT = "night"
    DAWN = "dawn"


class Weather(StrEnum):
    CLEAR = "clear"
    RAIN = "rain"
    SNOW = "snow"
    FOG = "fog"
    WIND = "wind"


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
    ROLL = "roll"
    SLIDE = "slide"
    FALL = "fall"
    RISE = "rise"
    GROW = "grow"
    SHRINK = "shrink"
    SWAY = "sway"
    FLIP = "flip"
    LEAP = "leap"
    CIRCLE = "circle"
    RETURN = "return"
    CHASE = "chase"
    FOLLOW = "follow"
    PUSH = "push"
    PUSHED = "pushed"
    COLLIDE = "collide"
    MEET = "meet"
    ORBIT = "orbit"
    HIDE = "hide"
    VAULT = "vault"


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
    TILT_UP = "tilt_up"
    TILT_DOWN = "tilt_down"
    DOLLY_IN = "dolly_in"
    DOLLY_OUT = "dolly_out"
    TRUCK_LEFT = "truck_left"
    TRUCK_RIGHT = "truck_right"
    CRANE_UP = "crane_up"
    SHAKE = "shake"


#: Actions that travel and therefore have a left or right direction.
TRAVELLING = frozenset(
    {
        Action.WALK, Action.RUN, Action.FLY, Action.ENTER, Action.LEAVE, Action.ROLL, Action.SLIDE, Action.LEAP, Action.RETURN,
        Action.CHASE, Action.FOLLOW, Action.PUSH, Action.PUSHED, Action.COLLIDE, Action.MEET, Action.HIDE, Action.VAULT,
    }
)  # fmt: skip
#: Actions that take a player out of a picture whose camera stays, sooner or later.
GOES_AWAY = frozenset({Action.WALK, Action.RUN, Action.FLY})
#: Seconds from which on a camera that nothing is said of goes along with whoever would leave the picture.
FOLLOWED_FROM = 3.0
#: Actions during which the player is off the ground all the time.
AIRBORNE = frozenset({Action.FLY})
#: Actions that another player takes part in, ``Player.partner``.
TOGETHER = frozenset(
    {
        Action.CHASE, Action.FOLLOW, Action.PUSH, Action.PUSHED, Action.COLLIDE, Action.MEET, Action.ORBIT, Action.HIDE, Action.VAULT,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beat:
    """What a player does from ``start`` (seconds) on, after its first action; units as in ``Player``."""

    action: Action
    direction: Direction
    speed: float
    start: float


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
        colour: Another colour than its own (``"blue"``), empty for its own.
        partner: Index of the player that an action of ``TOGETHER`` is about, -1 for none.
        then: What it does after ``action``, in order of time.
    """

    character: str
    action: Action
    direction: Direction
    size: float
    x: float
    ground: float
    speed: float
    phase: float
    colour: str = ""
    partner: int = -1
    then: tuple[Beat, ...] = ()


@dataclass(frozen=True, slots=True)
class Camera:
    """``amount``: view heights a second for pans, log-zoom a second for zooms, unused otherwise."""

    move: CameraMove
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole clip, or one shot of a ``Film``.

    Args:
        seed: Seeds every detail that captions never mention (shapes of hills, stars, trees).
        horizon: Height of the horizon, in view heights.
        sun_x: Sun or moon, in view heights from the middle; shadows fall the other way.
        players: Drawn from far (high ``ground``) to near.
        tier: Which tier's rules of motion hold (``"full"`` has each place's own gravity and ground).
    """

    seed: int
    place: Place
    time: Time
    horizon: float
    sun_x: float
    seconds: float
    players: tuple[Player, ...]
    camera: Camera
    weather: Weather = Weather.CLEAR
    tier: str = "small"

    def to_json(self) -> str:
        return json.dumps(_to_plain(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Scene:
        return _to_scene(json.loads(text))


@dataclass(frozen=True, slots=True)
class Film:
    """One to four shots with hard cuts between them; the same character in two shots looks the same in both."""

    shots: tuple[Scene, ...]

    @property
    def seconds(self) -> float:
        return sum(shot.seconds for shot in self.shots)

    def to_json(self) -> str:
        return json.dumps({"shots": [_to_plain(shot) for shot in self.shots]}, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Film:
        return Film(tuple(_to_scene(shot) for shot in json.loads(text)["shots"]))


def _to_plain(scene: Scene) -> dict[str, Any]:
    """Fields that the small tier never sets are left out, so that its programs read as they always did."""
    data = dataclasses.asdict(scene)
    for record, names in ((data, ("weather", "tier")), *((player, ("colour", "partner", "then")) for player in data["players"])):
        defaults: dict[str, Any] = {"weather": Weather.CLEAR, "tier": "small", "colour": "", "partner": -1, "then": ()}
        for name in names:
            if record[name] == defaults[name]:
                del record[name]
    return data


def _to_scene(data: dict[str, Any]) -> Scene:
    fields = dict(data)
    fields.update(place=Place(data["place"]), time=Time(data["time"]), weather=Weather(data.get("weather", Weather.CLEAR)))
    fields["players"] = tuple(_to_player(player) for player in data["players"])
    fields["camera"] = Camera(CameraMove(data["camera"]["move"]), data["camera"]["amount"])
    return Scene(**fields)


def _to_player(data: dict[str, Any]) -> Player:
    then = tuple(Beat(Action(beat["action"]), Direction(beat["direction"]), beat["speed"], beat["start"]) for beat in data.get("then", ()))
    return Player(**{**data, "action": Action(data["action"]), "direction": Direction(data["direction"]), "then": then})

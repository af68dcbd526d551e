"""Where every player is at each moment of a scene, as far as it acts alone and by the small tier's rules. NumPy only; knows no pixels.

Free motion is computed from gravity and restitution, never keyframed; each action is one small function
from (player, times) to a ``Track``. Units are those of ``program``: view heights and seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from misora.world.program import Action, Direction, Player, Scene

Array = npt.NDArray[np.float64]

ENTERED, WAITED = 2 / 3, 1 / 5
"""Shares of a clip after which whoever comes in has arrived, and whoever goes out sets off."""

RESTITUTION = 0.8
"""Share of its speed that a bouncing player keeps at each contact."""


@dataclass(frozen=True, slots=True)
class Track:
    """One player over time; every array is (T,).

    Args:
        x: Feet, view heights from the middle of the scene.
        ground: Height of its contact point on the ground plane.
        lift: Height of the feet above that point.
        scale: Size relative to ``Player.size`` (perspective).
        turn: Horizontal foreshortening, 1 facing as drawn, -1 turned round.
        squash: Vertical stretch; below 1 on landing.
        heading: -1 left, +1 right, 0 keeps the drawing's own side.
        angle: Turn in the picture's plane about its middle, radians clockwise; None for upright.
    """

    x: Array
    ground: Array
    lift: Array
    scale: Array
    turn: Array
    squash: Array
    heading: Array
    angle: Array | None = None


def still(player: Player, times: Array, **changes: Array | None) -> Track:
    """``player`` where it starts, but for ``changes`` of the track's fields."""
    ones = np.ones_like(times)
    track = Track(ones * player.x, ones * player.ground, ones * 0, ones, ones, ones, ones * sign_of(player))
    return replace(track, **changes)  # type: ignore[arg-type]


def stride(player: Player, times: Array, travelled: Array, height: float) -> Array:
    """Bob of the body with each step; a step is 0.35 of the player's size."""
    return height * player.size * np.abs(np.sin(np.pi * (travelled / (0.35 * player.size) + player.phase)))


def sign_of(player: Player) -> float:
    """-1 heading left, +1 right, 0 neither."""
    return {Direction.LEFT: -1.0, Direction.RIGHT: 1.0, Direction.NONE: 0.0}[player.direction]


def stand(player: Player, times: Array, scene: Scene) -> Track:
    return still(player, times)


def walk(player: Player, times: Array, scene: Scene) -> Track:
    travelled = player.speed * times
    return still(player, times, x=player.x + sign_of(player) * travelled, lift=stride(player, times, travelled, 0.03))


def run(player: Player, times: Array, scene: Scene) -> Track:
    travelled = player.speed * times
    return still(player, times, x=player.x + sign_of(player) * travelled, lift=stride(player, times, travelled, 0.12))


def fly(player: Player, times: Array, scene: Scene) -> Track:
    travelled = player.speed * times
    lift = 0.9 * player.size + 0.12 * player.size * np.sin(2 * np.pi * (0.8 * times + player.phase))
    return still(player, times, x=player.x + sign_of(player) * travelled, lift=lift)


def enter(player: Player, times: Array, scene: Scene) -> Track:
    """Comes in from outside and stops."""
    travelled = player.speed * np.minimum(times, scene.seconds * ENTERED)
    return still(player, times, x=player.x + sign_of(player) * travelled, lift=stride(player, times, travelled, 0.03))


def leave(player: Player, times: Array, scene: Scene) -> Track:
    """Waits, then goes out of the frame."""
    travelled = player.speed * np.maximum(times - scene.seconds * WAITED, 0)
    return still(player, times, x=player.x + sign_of(player) * travelled, lift=stride(player, times, travelled, 0.03))


def jump(player: Player, times: Array, scene: Scene) -> Track:
    """Ballistic hops: ``speed`` jumps a second, each as high as 0.55 of the player."""
    period = 1 / player.speed
    gravity = 8 * 0.55 * player.size / period**2
    since = np.mod(times + player.phase * period, period)
    lift = gravity * since * (period - since) / 2
    near_ground = np.exp(-lift / (0.06 * player.size))
    return still(player, times, lift=lift, squash=1 - 0.18 * near_ground)


def bounce(player: Player, times: Array, scene: Scene) -> Track:
    """Dropped from 0.9 of its size, losing speed at every contact (RESTITUTION)."""
    lift = ballistic_bounces(times + 0.15 * player.phase, height=0.9 * player.size, gravity=7.2 * player.size * player.speed**2)
    near_ground = np.exp(-lift / (0.08 * player.size))
    return still(player, times, lift=lift, squash=1 - 0.22 * near_ground * (lift < 0.3 * player.size))


def ballistic_bounces(times: Array, height: float, gravity: float, restitution: float = RESTITUTION) -> Array:
    """Height over time of a point dropped from ``height`` that bounces with ``restitution``."""
    lift = np.zeros_like(times)
    fall = np.sqrt(2 * height / gravity)
    lift = np.where(times < fall, height - gravity * times**2 / 2, lift)
    start, speed = fall, restitution * gravity * fall
    while speed > 0.02 * gravity * fall and start < times[-1]:
        flight = 2 * speed / gravity
        since = times - start
        lift = np.where((since >= 0) & (since < flight), speed * since - gravity * since**2 / 2, lift)
        start, speed = start + flight, restitution * speed
    return np.maximum(lift, 0)


def spin(player: Player, times: Array, scene: Scene) -> Track:
    return still(player, times, turn=np.cos(2 * np.pi * (player.speed * times + 0.0)))


def _towards(player: Player, times: Array, scene: Scene, sign: float) -> Track:
    """Depth changes steadily; size and place on the ground follow by perspective about the horizon."""
    depth = 1 - sign * player.speed * times
    scale = 1 / np.maximum(depth, 0.25)
    ground = scene.horizon - (scene.horizon - player.ground) * scale
    travelled = player.speed * times
    return still(player, times, scale=scale, ground=ground, x=player.x * scale, lift=stride(player, times, travelled, 0.03) * scale)


def approach(player: Player, times: Array, scene: Scene) -> Track:
    return _towards(player, times, scene, 1.0)


def retreat(player: Player, times: Array, scene: Scene) -> Track:
    return _towards(player, times, scene, -1.0)


ACTIONS: dict[Action, Callable[[Player, Array, Scene], Track]] = {
    Action.STAND: stand,
    Action.WALK: walk,
    Action.RUN: run,
    Action.JUMP: jump,
    Action.BOUNCE: bounce,
    Action.SPIN: spin,
    Action.FLY: fly,
    Action.APPROACH: approach,
    Action.RETREAT: retreat,
    Action.ENTER: enter,
    Action.LEAVE: leave,
}


def player_track(player: Player, times: Array, scene: Scene) -> Track:
    """Positions of ``player`` at ``times`` (T,) in seconds."""
    return ACTIONS[player.action](player, times, scene)

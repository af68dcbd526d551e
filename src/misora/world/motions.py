"""How one player moves in the full tier: the small tier's actions on each place's own ground, more of them, and sequences.

Each action is one function from (player, times, scene) to a ``Track``, in closed form, so that a scene is the same at
any frame rate. Units are those of ``program``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from misora.world import physics
from misora.world.physics import Array, Track, ballistic_bounces, sign_of, still, stride
from misora.world.program import Action, Player, Scene
from misora.world.terrain import terrain_of

FALL_GRAVITY = 2.6
"""View heights / s² on earth: a fall from the top of the picture takes about 0.8 s."""
LEAP_SECONDS = 0.9
"""Flight time of a leap on earth."""
GROWTH = 0.45
"""Log-size a second at speed 1."""


def jump(player: Player, times: Array, scene: Scene) -> Track:
    """Hops with the take-off speed of 0.55 of its size on earth: higher and slower where gravity is weaker."""
    return _hop(player, times, scene, 0.55)


def _hop(player: Player, times: Array, scene: Scene, height: float) -> Track:
    gravity = 8 * height * player.size * player.speed**2
    take_off = gravity / (2 * player.speed)
    gravity *= max(terrain_of(scene.place).gravity, 0.4)
    since = np.mod(times, 2 * take_off / gravity)
    lift = take_off * since - gravity * since**2 / 2
    return still(player, times, lift=lift, squash=1 - 0.18 * np.exp(-lift / (0.06 * player.size)))


def flip(player: Player, times: Array, scene: Scene) -> Track:
    """Somersaults: one turn forward in each hop."""
    hop = _hop(player, times, scene, 0.8)
    flight = 1 / (player.speed * max(terrain_of(scene.place).gravity, 0.4))
    return replace(hop, angle=2 * np.pi * np.mod(times, flight) / flight)


def bounce(player: Player, times: Array, scene: Scene) -> Track:
    ground = terrain_of(scene.place)
    gravity = 7.2 * player.size * player.speed**2 * ground.gravity
    lift = ballistic_bounces(times, 0.9 * player.size, gravity, ground.restitution)
    return still(player, times, lift=lift, squash=_landing(lift, player.size))


def fall(player: Player, times: Array, scene: Scene) -> Track:
    """Drops in from above the picture and bounces as the ground lets it; ``speed`` scales the gravity."""
    ground = terrain_of(scene.place)
    lift = ballistic_bounces(times, 1.05 - player.ground, FALL_GRAVITY * player.speed * ground.gravity, 0.8 * ground.restitution)
    return still(player, times, lift=lift, squash=_landing(lift, player.size))


def _landing(lift: Array, size: float) -> Array:
    return 1 - 0.22 * np.exp(-lift / (0.08 * size)) * (lift < 0.3 * size)


def coasted(speed: float, friction: float, times: Array) -> Array:
    """Way of something that starts at ``speed`` and is slowed by ``friction`` until it stands."""
    moving = np.minimum(times, speed / friction) if friction > 0 else times
    return speed * moving - friction * moving**2 / 2


def roll(player: Player, times: Array, scene: Scene) -> Track:
    """Rolls without slipping and slows down."""
    way = coasted(player.speed, terrain_of(scene.place).friction, times)
    return still(player, times, x=player.x + sign_of(player) * way, angle=sign_of(player) * way / (player.size / 2))


def slide(player: Player, times: Array, scene: Scene) -> Track:
    way = coasted(player.speed, terrain_of(scene.place).friction, times)
    return still(player, times, x=player.x + sign_of(player) * way)


def rise(player: Player, times: Array, scene: Scene) -> Track:
    """Floats up, slowly at first, swinging a little."""
    lift = player.speed * (times - 0.6 * (1 - np.exp(-times / 0.6)))
    sway = 0.05 * player.size * np.sin(2 * np.pi * (0.5 * times + player.phase)) * np.minimum(times, 1)
    return still(player, times, x=player.x + sway, lift=lift)


def grow(player: Player, times: Array, scene: Scene) -> Track:
    return still(player, times, scale=np.exp(GROWTH * player.speed * times))


def shrink(player: Player, times: Array, scene: Scene) -> Track:
    return still(player, times, scale=np.exp(-GROWTH * player.speed * times))


def sway(player: Player, times: Array, scene: Scene) -> Track:
    """Rocks from side to side about its feet, ``speed`` times a second."""
    angle = 0.28 * np.sin(2 * np.pi * player.speed * times)
    half = player.size / 2
    return still(player, times, x=player.x + half * np.sin(angle), lift=half * (np.cos(angle) - 1), angle=angle)


def leap(player: Player, times: Array, scene: Scene) -> Track:
    """One arc through the air with a run before it and after it."""
    seconds = LEAP_SECONDS / max(terrain_of(scene.place).gravity, 0.4) ** 0.5
    start = max((scene.seconds - seconds) / 2, 0.1)
    since = np.clip(times - start, 0, seconds)
    lift = 4 * 1.1 * player.size * since * (seconds - since) / seconds**2
    way = player.speed * times
    steps = np.where(lift > 0, 0, stride(player, times, way, 0.08))
    return still(player, times, x=player.x + sign_of(player) * way, lift=lift + steps)


def circle(player: Player, times: Array, scene: Scene) -> Track:
    """Runs round in a ring on the ground, ``speed`` rounds a second; it starts at the ring's side."""
    return ringed(player, times, scene, player.x, player.ground, 0.8 * player.size + 0.08)


def ringed(player: Player, times: Array, scene: Scene, x: float, ground: float, radius: float) -> Track:
    """Round (x, ground) on a circle seen in perspective; sizes follow the depth."""
    angle = 2 * np.pi * (player.speed * times + player.phase)
    depth = ground + 0.3 * radius * np.sin(angle)
    scale = (scene.horizon - depth) / (scene.horizon - ground)
    steps = stride(player, times, radius * angle, 0.05)
    return still(player, times, x=x + radius * np.cos(angle), ground=depth, scale=scale, lift=steps, heading=-np.sign(np.sin(angle)))


def return_(player: Player, times: Array, scene: Scene) -> Track:
    """Leaves the picture, stays away for a while, and comes back the way it went."""
    out, away = 0.36 * scene.seconds, 0.2 * scene.seconds
    back = np.clip(times - out - away, 0, out)
    way = player.speed * (np.minimum(times, out) - back)
    heading = sign_of(player) * np.where(times < out + away, 1.0, -1.0)
    return still(player, times, x=player.x + sign_of(player) * way, lift=stride(player, times, way, 0.03), heading=heading)


MOTIONS: dict[Action, Callable[[Player, Array, Scene], Track]] = {
    **physics.ACTIONS,
    Action.JUMP: jump,
    Action.BOUNCE: bounce,
    Action.ROLL: roll,
    Action.SLIDE: slide,
    Action.FALL: fall,
    Action.RISE: rise,
    Action.GROW: grow,
    Action.SHRINK: shrink,
    Action.SWAY: sway,
    Action.FLIP: flip,
    Action.LEAP: leap,
    Action.CIRCLE: circle,
    Action.RETURN: return_,
}


def solo_track(player: Player, times: Array, scene: Scene) -> Track:
    """``player`` alone through its action and all that it does ``then``; each begins where the one before it ended."""
    track, now, since = MOTIONS[player.action](player, times, scene), player, 0.0
    for beat in player.then:
        at = MOTIONS[now.action](now, np.array([beat.start - since]), scene)
        size = now.size * float(at.scale[0])
        now = replace(
            now, action=beat.action, direction=beat.direction, speed=beat.speed, x=float(at.x[0]), ground=float(at.ground[0]), size=size
        )
        since = beat.start
        later = MOTIONS[now.action](now, np.maximum(times - since, 0), scene)
        heading = np.where(later.heading == 0, at.heading[0], later.heading)
        later = replace(later, scale=later.scale * size / player.size, heading=heading)
        track = _spliced(track, later, times < since)
    return track


def _spliced(track: Track, later: Track, is_before: npt.NDArray[np.bool_]) -> Track:
    """``track`` where ``is_before``, ``later`` elsewhere."""
    if track.angle is None and later.angle is not None:
        track = replace(track, angle=np.zeros_like(track.x))
    elif later.angle is None and track.angle is not None:
        later = replace(later, angle=np.zeros_like(later.x))
    parts: dict[str, Any] = {field.name: (getattr(track, field.name), getattr(later, field.name)) for field in fields(Track)}
    joined: dict[str, Any] = {name: None if a is None else np.where(is_before, a, b) for name, (a, b) in parts.items()}
    return Track(**joined)

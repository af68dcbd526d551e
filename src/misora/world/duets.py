"""How two players move because of each other: chase, follow, push, collide, meet, orbit, hide behind, vault over.

Each is one function from (player, partner, times, scene) to the player's ``Track``, in closed form. Collisions conserve
momentum, with masses that grow as the cube of the size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from misora.world.cast import Gait, load_cast
from misora.world.motions import coasted, ringed, solo_track
from misora.world.physics import Array, Track, player_track, sign_of, still, stride
from misora.world.program import TOGETHER, Action, Player, Scene
from misora.world.terrain import terrain_of

TOUCH = 0.42
"""Two players touch when their middles are this share of their sizes apart."""
PUSHING = 0.6
"""Share of its speed that a player keeps when it pushes something."""
HIDDEN_SHARE = 0.22
"""Share of the clip that a player stays hidden."""


def chase(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    """Runs after ``partner`` and gains on it, but does not reach it."""
    least, first = 0.5 * (player.size + partner.size), abs(partner.x - player.x)
    gap = least + (first - least) * np.exp(-times / 1.5)
    return _behind(player, partner, times, scene, gap, 0.12)


def follow(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    return _behind(player, partner, times, scene, np.full_like(times, abs(partner.x - player.x)), 0.03)


def _behind(player: Player, partner: Player, times: Array, scene: Scene, gap: Array, bob: float) -> Track:
    x = solo_track(partner, times, scene).x - sign_of(player) * gap
    return still(player, times, x=x, lift=stride(player, times, np.abs(x - player.x), bob))


def touching(first: Player, second: Player) -> float:
    """Distance of the middles at which two players touch."""
    return TOUCH * (first.size + second.size)


def push(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    """Walks up to ``partner`` and shoves it along."""
    way = player.speed * np.minimum(times, _contact(player, partner)) + _pushed_way(player, partner, times)
    return still(player, times, x=player.x + sign_of(player) * way, lift=stride(player, times, way, 0.03))


def pushed(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    """Stands until ``partner`` comes, then moves before it; what is round rolls."""
    way = sign_of(player) * _pushed_way(partner, player, times)
    return still(player, times, x=player.x + way, angle=_rolled(player, way), heading=np.zeros_like(times))


def _contact(player: Player, partner: Player) -> float:
    return max(abs(partner.x - player.x) - touching(player, partner), 0.0) / player.speed


def _pushed_way(player: Player, partner: Player, times: Array) -> Array:
    return PUSHING * player.speed * np.maximum(times - _contact(player, partner), 0)


def collide(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    """Runs or rolls into ``partner`` and is thrown back as masses and ground have it."""
    ground = terrain_of(scene.place)
    gap = max(abs(partner.x - player.x) - touching(player, partner), 0.0)
    contact = gap / (player.speed + partner.speed)
    after = rebound(player, partner, ground.restitution)
    way = sign_of(player) * player.speed * np.minimum(times, contact)
    way = way + np.sign(after) * coasted(abs(after), ground.friction, np.maximum(times - contact, 0))
    return still(player, times, x=player.x + way, angle=_rolled(player, way))


def rebound(player: Player, partner: Player, restitution: float) -> float:
    """Velocity of ``player`` after a head-on collision with ``partner``."""
    mass, other_mass = player.size**3, partner.size**3
    velocity, other = sign_of(player) * player.speed, sign_of(partner) * partner.speed
    return (mass * velocity + other_mass * other + other_mass * restitution * (other - velocity)) / (mass + other_mass)


def _rolled(player: Player, way: Array) -> Array | None:
    is_round = load_cast("full")[player.character].gait is Gait.ROLLS
    return way / (player.size / 2) if is_round else None


def meet(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    """Walks towards ``partner``, who comes the other way, and stops before it."""
    gap = max(abs(partner.x - player.x) - 1.3 * touching(player, partner), 0.0)
    way = player.speed * np.minimum(times, gap / (player.speed + partner.speed))
    return still(player, times, x=player.x + sign_of(player) * way, lift=stride(player, times, way, 0.03))


def orbit(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    """Goes round ``partner``, before it and behind it."""
    return ringed(player, times, scene, partner.x, partner.ground, 0.6 * (player.size + partner.size))


def hide(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    """Walks behind ``partner``, stays there, and comes out on the other side."""
    reach = abs(partner.x - player.x) / player.speed
    way = player.speed * (np.minimum(times, reach) + np.maximum(times - reach - HIDDEN_SHARE * scene.seconds, 0))
    return still(player, times, x=player.x + sign_of(player) * way, lift=stride(player, times, way, 0.03))


def vault(player: Player, partner: Player, times: Array, scene: Scene) -> Track:
    """Runs up to ``partner`` and jumps over it."""
    reach = touching(player, partner) + 0.25 * player.size
    middle = abs(partner.x - player.x) / player.speed
    half = reach / player.speed
    since = np.clip((times - middle) / half, -1, 1)
    way = player.speed * times
    lift = 1.25 * partner.size * (1 - since**2)
    steps = np.where(lift > 0, 0, stride(player, times, way, 0.08))
    return still(player, times, x=player.x + sign_of(player) * way, lift=lift + steps)


DUETS: dict[Action, Callable[[Player, Player, Array, Scene], Track]] = {
    Action.CHASE: chase,
    Action.FOLLOW: follow,
    Action.PUSH: push,
    Action.PUSHED: pushed,
    Action.COLLIDE: collide,
    Action.MEET: meet,
    Action.ORBIT: orbit,
    Action.HIDE: hide,
    Action.VAULT: vault,
}


def scene_tracks(scene: Scene, times: Array) -> list[Track]:
    """Every player of ``scene`` at ``times`` (T,), by its tier's rules."""
    if scene.tier == "small":
        return [player_track(player, times, scene) for player in scene.players]
    return [
        DUETS[player.action](player, scene.players[player.partner], times, scene)
        if player.action in TOGETHER
        else solo_track(player, times, scene)
        for player in scene.players
    ]

"""What each place does to motion: gravity, how well things bounce, how soon they stop. Plain numbers, used by the full tier."""

from __future__ import annotations

from dataclasses import dataclass

from misora.world.program import Place

SHORE = 0.15
"""Top of the lake's near shore, in view heights: walkers stay below it, swimmers above."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """The ground of a place.

    Args:
        gravity: Relative to the earth's.
        restitution: Share of its speed that a thing keeps when it bounces.
        friction: Slowing of what rolls or slides, in view heights / s².
    """

    gravity: float = 1.0
    restitution: float = 0.65
    friction: float = 0.16


TERRAINS = {
    Place.BEACH: Terrain(restitution=0.45, friction=0.26),
    Place.DESERT: Terrain(restitution=0.45, friction=0.26),
    Place.SNOW: Terrain(restitution=0.40, friction=0.05),
    Place.CITY: Terrain(restitution=0.80, friction=0.10),
    Place.NEON_CITY: Terrain(restitution=0.78, friction=0.08),
    Place.ROAD: Terrain(restitution=0.80, friction=0.10),
    Place.ROOM: Terrain(restitution=0.80, friction=0.10),
    Place.STAGE: Terrain(restitution=0.80, friction=0.10),
    Place.CANDYLAND: Terrain(restitution=0.88, friction=0.14),
    Place.CLOUDS: Terrain(gravity=0.6, restitution=0.86, friction=0.20),
    Place.MOON: Terrain(gravity=0.3, restitution=0.80, friction=0.12),
    Place.SPACE: Terrain(gravity=0.25, restitution=0.90, friction=0.0),
    Place.UNDERWATER: Terrain(gravity=0.4, restitution=0.30, friction=0.30),
    Place.LAKE: Terrain(restitution=0.50, friction=0.20),
}


def terrain_of(place: Place) -> Terrain:
    """The ground of ``place``; grass unless said otherwise."""
    return TERRAINS.get(place, Terrain())

"""What each place looks like behind the players: small painters over coordinate grids, in torch.

A painter gets a ``Backdrop`` (scene coordinates of every pixel for near and far layers) and returns RGB.
All randomness comes from the scene's seed, so the same scene looks the same at any size and frame rate.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from misora.world.places.country import farm, lake, mountain, road, savanna
from misora.world.places.fancy import candyland, cloudland, space, volcano
from misora.world.places.painting import Backdrop
from misora.world.places.town import city, neon_city, room, theatre
from misora.world.places.wild import beach, desert, forest, meadow, moon, snow, underwater
from misora.world.program import Place, Scene

__all__ = ["PAINTERS", "Backdrop", "paint"]

PAINTERS: dict[Place, Callable[[Backdrop], Tensor]] = {
    Place.BEACH: beach,
    Place.MEADOW: meadow,
    Place.DESERT: desert,
    Place.SNOW: snow,
    Place.CITY: city,
    Place.FOREST: forest,
    Place.MOON: moon,
    Place.UNDERWATER: underwater,
    Place.LAKE: lake,
    Place.MOUNTAIN: mountain,
    Place.FARM: farm,
    Place.ROAD: road,
    Place.SAVANNA: savanna,
    Place.VOLCANO: volcano,
    Place.NEON_CITY: neon_city,
    Place.SPACE: space,
    Place.CLOUDS: cloudland,
    Place.ROOM: room,
    Place.STAGE: theatre,
    Place.CANDYLAND: candyland,
}


def paint(scene: Scene, drop: Backdrop) -> Tensor:
    """Background of ``scene``, RGB in [0, 1], (T, 3, H, W); T is 1 when the camera does not move."""
    return PAINTERS[scene.place](drop).clamp(0, 1)

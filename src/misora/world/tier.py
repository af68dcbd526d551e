"""The tiers of the stage: what a model of one size is taught, as lists whose order is the class index.

The enums of ``program`` name everything that any tier knows, and grow; a tier's lists never change once weights were
trained with it. Plain data, no torch.
"""

from __future__ import annotations

from dataclasses import dataclass

from misora.world.program import Action, CameraMove, Place, Time, Weather


@dataclass(frozen=True, slots=True)
class Tier:
    """A vocabulary to draw scenes from.

    Args:
        max_players: Most players in one scene.
        max_shots: Most shots in one film.
    """

    name: str
    places: tuple[Place, ...]
    times: tuple[Time, ...]
    actions: tuple[Action, ...]
    camera_moves: tuple[CameraMove, ...]
    max_players: int
    weathers: tuple[Weather, ...] = (Weather.CLEAR,)
    max_shots: int = 1


SMALL = Tier(
    name="small",
    places=(Place.BEACH, Place.MEADOW, Place.DESERT, Place.SNOW, Place.CITY, Place.FOREST, Place.MOON, Place.UNDERWATER),
    times=(Time.DAY, Time.SUNSET, Time.NIGHT),
    actions=(
        Action.STAND,
        Action.WALK,
        Action.RUN,
        Action.JUMP,
        Action.BOUNCE,
        Action.SPIN,
        Action.FLY,
        Action.APPROACH,
        Action.RETREAT,
        Action.ENTER,
        Action.LEAVE,
    ),
    camera_moves=(
        CameraMove.STATIC,
        CameraMove.PAN_LEFT,
        CameraMove.PAN_RIGHT,
        CameraMove.ZOOM_IN,
        CameraMove.ZOOM_OUT,
        CameraMove.FOLLOW,
    ),
    max_players=2,
)
"""What a CPU can learn, with the 48 characters of ``cast.json``; the shipped weights know this."""

FULL = Tier(
    name="full",
    places=tuple(Place),
    times=tuple(Time),
    actions=tuple(Action),
    camera_moves=tuple(CameraMove),
    max_players=5,
    weathers=tuple(Weather),
    max_shots=4,
)
"""What needs a GPU: every character, place, weather, motion and camera move, up to five players and four shots."""

TIERS = {tier.name: tier for tier in (SMALL, FULL)}

"""Colour of sky and light at each time of day, and how each place answers to it. Plain numbers in [0, 1] sRGB."""

from __future__ import annotations

from dataclasses import dataclass

from misora.world.program import Place, Time

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Light:
    """What a time of day does to a place.

    Args:
        zenith, horizon: Sky at the top and at the horizon.
        tint: Multiplies ground and hills.
        player_tint: Multiplies players (milder, so that they stay recognisable).
        sun: Colour of the sun or moon.
        sun_height: Of its disc above the horizon, as a share of the sky.
        shadow: Opacity of cast shadows.
        shadow_length: Relative to the player's height.
        stars: Opacity of stars.
    """

    zenith: Colour
    horizon: Colour
    tint: Colour
    player_tint: Colour
    sun: Colour
    sun_height: float
    shadow: float
    shadow_length: float
    stars: float


LIGHTS = {
    Time.DAY: Light((0.25, 0.55, 0.95), (0.76, 0.90, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 0.97, 0.75), 0.72, 0.34, 0.30, 0.0),
    Time.SUNSET: Light(
        (0.36, 0.27, 0.55), (1.0, 0.62, 0.36), (0.96, 0.70, 0.58), (1.0, 0.88, 0.80), (1.0, 0.86, 0.50), 0.24, 0.34, 0.60, 0.0
    ),
    Time.NIGHT: Light(
        (0.03, 0.04, 0.14), (0.14, 0.18, 0.38), (0.30, 0.36, 0.58), (0.72, 0.77, 0.95), (0.95, 0.96, 0.88), 0.70, 0.30, 0.30, 0.9
    ),
}
MOON_LIGHTS = {
    time: Light((0.01, 0.01, 0.04), (0.05, 0.05, 0.11), tint, player, (0.35, 0.60, 0.95), 0.66, 0.45, 0.40, 1.0)
    for time, tint, player in (
        (Time.DAY, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
        (Time.SUNSET, (0.95, 0.74, 0.62), (1.0, 0.88, 0.80)),
        (Time.NIGHT, (0.42, 0.46, 0.66), (0.75, 0.79, 0.95)),
    )
}
WATER_LIGHTS = {
    Time.DAY: Light((0.30, 0.78, 0.95), (0.08, 0.45, 0.75), (1.0, 1.0, 1.0), (0.88, 0.98, 1.0), (1.0, 1.0, 1.0), 0.9, 0.25, 0.2, 0.0),
    Time.SUNSET: Light(
        (0.85, 0.60, 0.62), (0.30, 0.30, 0.58), (0.95, 0.76, 0.70), (0.98, 0.88, 0.86), (1.0, 0.9, 0.7), 0.9, 0.25, 0.2, 0.0
    ),
    Time.NIGHT: Light((0.06, 0.16, 0.36), (0.02, 0.06, 0.20), (0.34, 0.42, 0.62), (0.70, 0.80, 0.96), (0.8, 0.9, 1.0), 0.9, 0.2, 0.2, 0.0),
}


def light_of(place: Place, time: Time) -> Light:
    """The light of ``place`` at ``time``; there is no blue sky on the moon or under water."""
    return {Place.MOON: MOON_LIGHTS, Place.UNDERWATER: WATER_LIGHTS}.get(place, LIGHTS)[time]

"""Colour of sky and light at each time of day, and how places and weather answer to it. Plain numbers in [0, 1] sRGB."""

from __future__ import annotations

from dataclasses import dataclass, replace

from misora.world.program import Place, Time, Weather

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
        disc: Opacity of the sun or moon, 0 behind cloud.
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
    disc: float = 1.0


LIGHTS = {
    Time.DAY: Light((0.25, 0.55, 0.95), (0.76, 0.90, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 0.97, 0.75), 0.72, 0.34, 0.30, 0.0),
    Time.SUNSET: Light(
        (0.36, 0.27, 0.55), (1.0, 0.62, 0.36), (0.96, 0.70, 0.58), (1.0, 0.88, 0.80), (1.0, 0.86, 0.50), 0.24, 0.34, 0.60, 0.0
    ),
    Time.NIGHT: Light(
        (0.03, 0.04, 0.14), (0.14, 0.18, 0.38), (0.30, 0.36, 0.58), (0.72, 0.77, 0.95), (0.95, 0.96, 0.88), 0.70, 0.30, 0.30, 0.9
    ),
    Time.DAWN: Light(
        (0.46, 0.58, 0.84), (1.0, 0.80, 0.74), (0.90, 0.84, 0.90), (0.98, 0.93, 0.95), (1.0, 0.93, 0.74), 0.16, 0.26, 0.62, 0.0
    ),
}
MOON_LIGHTS = {
    time: Light((0.01, 0.01, 0.04), (0.05, 0.05, 0.11), tint, player, (0.35, 0.60, 0.95), 0.66, 0.45, 0.40, 1.0)
    for time, tint, player in (
        (Time.DAY, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
        (Time.SUNSET, (0.95, 0.74, 0.62), (1.0, 0.88, 0.80)),
        (Time.NIGHT, (0.42, 0.46, 0.66), (0.75, 0.79, 0.95)),
        (Time.DAWN, (0.88, 0.84, 0.92), (0.97, 0.93, 0.96)),
    )
}
WATER_LIGHTS = {
    Time.DAY: Light((0.30, 0.78, 0.95), (0.08, 0.45, 0.75), (1.0, 1.0, 1.0), (0.88, 0.98, 1.0), (1.0, 1.0, 1.0), 0.9, 0.25, 0.2, 0.0),
    Time.SUNSET: Light(
        (0.85, 0.60, 0.62), (0.30, 0.30, 0.58), (0.95, 0.76, 0.70), (0.98, 0.88, 0.86), (1.0, 0.9, 0.7), 0.9, 0.25, 0.2, 0.0
    ),
    Time.NIGHT: Light((0.06, 0.16, 0.36), (0.02, 0.06, 0.20), (0.34, 0.42, 0.62), (0.70, 0.80, 0.96), (0.8, 0.9, 1.0), 0.9, 0.2, 0.2, 0.0),
    Time.DAWN: Light((0.66, 0.76, 0.86), (0.22, 0.42, 0.66), (0.92, 0.88, 0.90), (0.93, 0.94, 0.98), (1.0, 0.95, 0.85), 0.9, 0.2, 0.2, 0.0),
}
VOLCANO_LIGHTS = {
    time: Light(zenith, horizon, tint, player, (1.0, 0.80, 0.55), 0.7, 0.30, 0.34, stars, disc=0.6)
    for time, zenith, horizon, tint, player, stars in (
        (Time.DAY, (0.42, 0.36, 0.44), (0.86, 0.62, 0.48), (1.0, 1.0, 1.0), (1.0, 0.96, 0.92), 0.0),
        (Time.SUNSET, (0.30, 0.16, 0.24), (0.92, 0.42, 0.24), (0.90, 0.72, 0.66), (1.0, 0.88, 0.80), 0.0),
        (Time.NIGHT, (0.05, 0.03, 0.08), (0.34, 0.12, 0.12), (0.50, 0.44, 0.52), (0.86, 0.76, 0.78), 0.6),
        (Time.DAWN, (0.36, 0.32, 0.50), (0.92, 0.60, 0.52), (0.88, 0.82, 0.86), (0.98, 0.92, 0.90), 0.0),
    )
}
NEON_LIGHTS = {
    time: Light(zenith, horizon, tint, (0.86, 0.82, 0.98), (0.95, 0.92, 0.98), 0.72, 0.30, 0.26, stars, disc=0.5)
    for time, zenith, horizon, tint, stars in (
        (Time.DAY, (0.24, 0.24, 0.46), (0.52, 0.44, 0.66), (1.0, 1.0, 1.0), 0.02),
        (Time.SUNSET, (0.24, 0.10, 0.36), (0.90, 0.36, 0.52), (0.95, 0.82, 0.90), 0.1),
        (Time.NIGHT, (0.03, 0.02, 0.12), (0.22, 0.10, 0.36), (0.80, 0.78, 0.95), 0.5),
        (Time.DAWN, (0.20, 0.22, 0.48), (0.84, 0.58, 0.70), (0.95, 0.90, 0.98), 0.05),
    )
}
SPACE_LIGHT = Light((0.02, 0.02, 0.07), (0.05, 0.03, 0.12), (1.0, 1.0, 1.0), (0.96, 0.97, 1.0), (1.0, 1.0, 1.0), 0.7, 0.0, 0.3, 1.0)
INDOOR_TINTS = {
    Time.DAY: ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    Time.SUNSET: ((0.98, 0.86, 0.76), (1.0, 0.92, 0.86)),
    Time.NIGHT: ((0.62, 0.54, 0.50), (0.90, 0.84, 0.80)),
    Time.DAWN: ((0.90, 0.88, 0.92), (0.98, 0.95, 0.96)),
}
STAGE_LIGHT = Light((0.1, 0.1, 0.1), (0.1, 0.1, 0.1), (1.0, 1.0, 1.0), (1.0, 0.98, 0.94), (1.0, 0.95, 0.8), 0.8, 0.40, 0.26, 0.0, disc=0.0)

#: What weather does to the light: greyness of the sky, brightness of everything, share of the shadows that is left.
WEATHERS = {
    Weather.RAIN: (0.75, 0.78, 0.25),
    Weather.SNOW: (0.65, 0.94, 0.4),
    Weather.FOG: (0.6, 0.92, 0.3),
    Weather.WIND: (0.15, 1.0, 0.9),
}
#: Places that weather does not reach.
SHELTERED = frozenset({Place.MOON, Place.UNDERWATER, Place.SPACE, Place.CLOUDS, Place.ROOM, Place.STAGE})


def light_of(place: Place, time: Time, weather: Weather = Weather.CLEAR) -> Light:
    """The light of ``place`` at ``time``; there is no blue sky on the moon or under water."""
    light = _clear(place, time)
    return light if weather is Weather.CLEAR or place in SHELTERED else _weathered(light, weather)


def _clear(place: Place, time: Time) -> Light:
    match place:
        case Place.SPACE:
            return SPACE_LIGHT
        case Place.STAGE:
            return STAGE_LIGHT
        case Place.ROOM:
            tint, player_tint = INDOOR_TINTS[time]
            return replace(LIGHTS[time], tint=tint, player_tint=player_tint, shadow=0.26, shadow_length=0.26, disc=0.0)
    tables = {Place.MOON: MOON_LIGHTS, Place.UNDERWATER: WATER_LIGHTS, Place.VOLCANO: VOLCANO_LIGHTS, Place.NEON_CITY: NEON_LIGHTS}
    return tables.get(place, LIGHTS)[time]


def _weathered(light: Light, weather: Weather) -> Light:
    grey, bright, shadows = WEATHERS[weather]

    def dull(colour: Colour) -> Colour:
        mean = sum(colour) / 3
        red, green, blue = (bright * (part + grey * (mean - part)) for part in colour)
        return red, green, blue

    sunny = weather is Weather.WIND
    return replace(
        light,
        zenith=dull(light.zenith),
        horizon=dull(light.horizon),
        tint=dull(light.tint),
        player_tint=dull(light.player_tint),
        shadow=light.shadow * shadows,
        stars=light.stars if sunny else 0.0,
        disc=light.disc if sunny else 0.0,
    )

"""What each place looks like behind the players: small painters over coordinate grids, in torch.

A painter gets a ``Backdrop`` (scene coordinates of every pixel for near and far layers) and returns RGB.
All randomness comes from the scene's seed, so the same scene looks the same at any size and frame rate.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from misora.world.light import Colour, Light
from misora.world.program import Place, Scene


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Scene coordinates of the pixels of one clip, and what painters draw with.

    Args:
        far, middle, near: (x, y) of each pixel in three parallax layers, each broadcastable to (T, H, W).
        pixel: Size of one pixel in view heights, for soft edges.
        horizon: In view heights.
        sun_x: In view heights.
        light: The time of day.
        rng: Seeded by the scene.
    """

    far: tuple[Tensor, Tensor]
    middle: tuple[Tensor, Tensor]
    near: tuple[Tensor, Tensor]
    pixel: float
    horizon: float
    sun_x: float
    light: Light
    rng: random.Random

    def colour(self, rgb: Colour) -> Tensor:
        return torch.tensor(rgb, device=self.far[1].device).view(3, 1, 1)

    def lit(self, rgb: Colour) -> Tensor:
        """``rgb`` under this time of day."""
        return self.colour(rgb) * self.colour(self.light.tint)

    def edge(self, distance: Tensor) -> Tensor:
        """Coverage in [0, 1] of a shape from its signed distance (positive inside), antialiased over a pixel."""
        return (distance / self.pixel + 0.5).clamp(0, 1)


def mix(base: Tensor, top: Tensor, alpha: Tensor) -> Tensor:
    """``top`` over ``base`` with coverage ``alpha`` (T, H, W)."""
    return base + alpha.unsqueeze(-3) * (top - base)


def ramp(y: Tensor, bottom: float, top: float) -> Tensor:
    return ((y - bottom) / (top - bottom)).clamp(0, 1)


def _hash(cell: Tensor, salt: float) -> Tensor:
    """A fixed pseudo-random number in [0, 1) for each integer cell."""
    return torch.frac(torch.sin(cell * 12.9898 + salt) * 43758.547).abs()


def _ridge(x: Tensor, rng: random.Random, height: float, waves: int = 3, base: float = 1.6) -> Tensor:
    """A rolling outline as a sum of sines."""
    outline = torch.zeros_like(x)
    for octave in range(waves):
        outline = outline + torch.sin(x * base * 1.9**octave * 2 + rng.uniform(0, 6.283)) / 1.8**octave
    return height * (0.5 + 0.28 * outline)


def _peaks(x: Tensor, rng: random.Random, height: float, count: int) -> Tensor:
    """A jagged outline: the highest of a row of triangles."""
    outline = torch.zeros_like(x)
    for index in range(count):
        middle = -1.6 + 3.2 * (index + rng.uniform(0.2, 0.8)) / count
        top = height * rng.uniform(0.6, 1.0)
        outline = torch.maximum(outline, top - (x - middle).abs() * rng.uniform(0.75, 1.1))
    return outline


def sky(drop: Backdrop) -> Tensor:
    """Gradient, stars and the sun or moon with its glow."""
    x, y = drop.far
    light, horizon = drop.light, drop.horizon
    image = mix(drop.colour(light.horizon), drop.colour(light.zenith), ramp(y, horizon, 1.0) ** 0.8)
    if light.stars:
        image = mix(image, drop.colour((1.0, 1.0, 0.95)), light.stars * _stars(drop))
    sun_y = horizon + light.sun_height * (1 - horizon)
    distance = ((x - drop.sun_x) ** 2 + (y - sun_y) ** 2).sqrt()
    image = mix(image, drop.colour(light.sun), 0.35 * torch.exp(-((distance / 0.16) ** 2)))
    return mix(image, drop.colour(light.sun), drop.edge(0.055 - distance))


def _stars(drop: Backdrop) -> Tensor:
    x, y = drop.far
    salt, pitch = drop.rng.uniform(0, 100), 0.09
    column, row = torch.floor(x / pitch), torch.floor(y / pitch)
    cell = column * 57 + row * 131
    star_x, star_y = (column + 0.2 + 0.6 * _hash(cell, salt)) * pitch, (row + 0.2 + 0.6 * _hash(cell, salt + 7)) * pitch
    size = 0.002 + 0.004 * _hash(cell, salt + 13)
    return (_hash(cell, salt + 3) < 0.55) * torch.exp(-((x - star_x) ** 2 + (y - star_y) ** 2) / size**2)


def clouds(drop: Backdrop, image: Tensor) -> Tensor:
    x, y = drop.far
    rng, white = drop.rng, drop.colour((1.0, 1.0, 1.0)) * (0.35 + 0.65 * drop.colour(drop.light.tint))
    for _ in range(rng.randint(1, 3)):
        middle_x, middle_y, width = rng.uniform(-1.0, 1.0), rng.uniform(drop.horizon + 0.16, 0.95), rng.uniform(0.10, 0.2)
        puff = torch.exp(-(((x - middle_x) / width) ** 2) - ((y - middle_y) / (0.22 * width)) ** 2)
        puff = puff + 0.9 * torch.exp(
            -(((x - middle_x - 0.2 * width) / (0.5 * width)) ** 2) - ((y - middle_y - 0.2 * width) / (0.26 * width)) ** 2
        )
        image = mix(image, white, (1.2 * puff - 0.15).clamp(0, 0.85))
    return image


def ground(drop: Backdrop, near: Colour, far: Colour, texture: float = 0.03) -> Tensor:
    """The ground plane: far colour at the horizon to near colour at the bottom, with soft perspective streaks."""
    x, y = drop.near
    depth = ramp(y, drop.horizon, 0.0)
    image = mix(drop.lit(far), drop.lit(near), depth**0.7)
    scale = 1 / (0.12 + depth)
    phase = drop.rng.uniform(0, 6.28)
    streaks = torch.sin(x * 5 * scale + phase) * torch.sin(30 * torch.log(0.05 + depth) + phase)
    return image * (1 + texture * (streaks * depth.sqrt()).unsqueeze(-3))


def on_ground(drop: Backdrop, behind: Tensor, plane: Tensor) -> Tensor:
    return mix(behind, plane, drop.edge(drop.horizon - drop.near[1]))


def _layer(drop: Backdrop, image: Tensor, colour: Colour, outline: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    return mix(image, drop.lit(colour), drop.edge(drop.horizon + outline - layer[1]))


def _spots(drop: Backdrop, pitch: float, share: float, size: float) -> tuple[Tensor, Tensor]:
    """Round spots scattered on the ground in perspective: (coverage, a random number for each)."""
    x, y = drop.near
    depth = ramp(y, drop.horizon, 0.0).clamp(min=0.02)
    across, away = x / (0.25 + depth), torch.log(0.08 + depth)
    salt = drop.rng.uniform(0, 100)
    column, row = torch.floor(across / pitch), torch.floor(away / pitch)
    cell = column * 71 + row * 193
    dx = across / pitch - column - 0.25 - 0.5 * _hash(cell, salt)
    dy = away / pitch - row - 0.25 - 0.5 * _hash(cell, salt + 5)
    inside = size - (dx**2 + dy**2).sqrt()
    softness = drop.pixel / (pitch * (0.08 + depth))
    return (inside / softness + 0.5).clamp(0, 1) * (_hash(cell, salt + 11) < share), _hash(cell, salt + 17)


def _pines(drop: Backdrop, image: Tensor, layer: tuple[Tensor, Tensor], count: int, height: float, colour: Colour, base: float) -> Tensor:
    """A row of pines: stacked triangles on a short trunk, feet at ``base``."""
    x, y = layer
    foliage, trunks = torch.full_like(x + y, -1.0), torch.full_like(x + y, -1.0)
    for index in range(count):
        middle = -1.35 + 2.7 * (index + drop.rng.uniform(0.15, 0.85)) / count
        tall = height * drop.rng.uniform(0.7, 1.15)
        up = (y - base) / tall
        for low, high, half in ((0.14, 0.55, 0.26), (0.36, 0.78, 0.20), (0.60, 1.0, 0.14)):
            width = half * tall * (high - up) / (high - low)
            foliage = torch.maximum(foliage, torch.minimum(width - (x - middle).abs(), (up - low) * tall))
        trunks = torch.maximum(trunks, torch.minimum(0.035 * tall - (x - middle).abs(), torch.minimum(up, 0.2 - up) * tall))
    image = mix(image, drop.lit((0.36, 0.24, 0.15)), drop.edge(trunks))
    return mix(image, drop.lit(colour), drop.edge(foliage))


def _capsule(x: Tensor, y: Tensor, ax: float, ay: float, bx: float, by: float, radius: float) -> Tensor:
    """Signed distance (positive inside) to a thick line from a to b."""
    dx, dy = bx - ax, by - ay
    along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0, 1)
    return radius - ((x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2).sqrt()


def beach(drop: Backdrop) -> Tensor:
    image = clouds(drop, sky(drop))
    x, y = drop.middle
    depth = ramp(y, drop.horizon, drop.horizon - 0.2)
    sea = mix(drop.lit((0.10, 0.42, 0.72)), drop.lit((0.25, 0.72, 0.80)), depth)
    waves = torch.sin(x * 22 / (0.4 + depth) + 3 * torch.sin(y * 160)) * torch.sin(y * 240)
    sea = mix(sea, drop.colour(drop.light.horizon), 0.22 * waves.clamp(0, 1))
    image = on_ground(drop, image, sea)
    nx, ny = drop.near
    shore = drop.horizon - 0.15 + 0.012 * torch.sin(nx * 7 + drop.rng.uniform(0, 6)) + 0.006 * torch.sin(nx * 17)
    sand = ground(drop, (0.93, 0.80, 0.56), (0.97, 0.89, 0.70))
    image = mix(image, drop.lit((1.0, 1.0, 1.0)), drop.edge(shore + 0.014 - ny))
    return _palm(drop, mix(image, sand, drop.edge(shore - ny)))


def _palm(drop: Backdrop, image: Tensor) -> Tensor:
    x, y = drop.middle
    side = drop.rng.choice((-1, 1))
    foot, base, tall = side * drop.rng.uniform(0.5, 0.8), drop.horizon - 0.16, drop.rng.uniform(0.36, 0.46)
    top_x, top_y = foot - side * 0.08, base + tall
    trunk = torch.maximum(
        _capsule(x, y, foot, base, foot - side * 0.02, base + tall * 0.5, 0.014),
        _capsule(x, y, foot - side * 0.02, base + tall * 0.5, top_x, top_y, 0.011),
    )
    image = mix(image, drop.lit((0.50, 0.34, 0.20)), drop.edge(trunk))
    leaves = torch.full_like(x + y, -1.0)
    for dx, dy in ((-0.17, 0.01), (-0.12, 0.09), (0.0, 0.10), (0.12, 0.09), (0.17, 0.01), (-0.13, -0.08), (0.13, -0.08)):
        leaves = torch.maximum(leaves, _capsule(x, y, top_x, top_y, top_x + dx, top_y + dy, 0.018))
    return mix(image, drop.lit((0.16, 0.55, 0.25)), drop.edge(leaves))


def meadow(drop: Backdrop) -> Tensor:
    image = clouds(drop, sky(drop))
    image = _layer(drop, image, (0.50, 0.72, 0.52), _ridge(drop.far[0], drop.rng, 0.20), drop.far)
    image = _layer(drop, image, (0.36, 0.66, 0.34), _ridge(drop.middle[0], drop.rng, 0.10, base=2.4), drop.middle)
    plane = ground(drop, (0.24, 0.58, 0.20), (0.52, 0.80, 0.34), 0.05)
    spots, shade = _spots(drop, 0.16, 0.35, 0.16)
    flowers = torch.where((shade < 0.5).unsqueeze(-3), drop.lit((1.0, 0.95, 0.55)), drop.lit((0.98, 0.80, 0.92)))
    return on_ground(drop, image, mix(plane, flowers, spots))


def desert(drop: Backdrop) -> Tensor:
    image = sky(drop)
    image = _layer(drop, image, (0.88, 0.66, 0.42), _ridge(drop.far[0], drop.rng, 0.16, 2, 1.2), drop.far)
    image = _layer(drop, image, (0.80, 0.53, 0.29), _ridge(drop.middle[0], drop.rng, 0.08, 2, 1.8), drop.middle)
    image = on_ground(drop, image, ground(drop, (0.83, 0.56, 0.30), (0.94, 0.74, 0.46), 0.06))
    x, y = drop.middle
    for _ in range(drop.rng.randint(1, 2)):
        foot, base, tall = drop.rng.uniform(-0.8, 0.8), drop.horizon - drop.rng.uniform(0.0, 0.05), drop.rng.uniform(0.16, 0.24)
        parts = [
            _capsule(x, y, foot, base, foot, base + tall, 0.024),
            *(
                torch.maximum(
                    _capsule(x, y, foot, base + tall * low, foot + side * 0.065, base + tall * low, 0.017),
                    _capsule(x, y, foot + side * 0.065, base + tall * low, foot + side * 0.065, base + tall * (low + 0.3), 0.017),
                )
                for side, low in ((-1, 0.4), (1, 0.55))
            ),
        ]
        image = mix(image, drop.lit((0.25, 0.52, 0.28)), drop.edge(torch.stack(torch.broadcast_tensors(*parts)).amax(0)))
    return image


def snow(drop: Backdrop) -> Tensor:
    image = clouds(drop, sky(drop))
    x, y = drop.far
    peaks = _peaks(x, drop.rng, 0.34, 5)
    image = _layer(drop, image, (0.52, 0.60, 0.74), peaks, drop.far)
    caps = torch.minimum(drop.horizon + peaks - y, y - drop.horizon - 0.14 - 0.02 * torch.sin(x * 40))
    image = mix(image, drop.lit((0.96, 0.98, 1.0)), drop.edge(caps))
    image = on_ground(drop, image, ground(drop, (0.86, 0.91, 0.98), (0.96, 0.98, 1.0), 0.02))
    return _pines(drop, image, drop.middle, drop.rng.randint(3, 6), 0.17, (0.30, 0.46, 0.46), drop.horizon - 0.015)


def city(drop: Backdrop) -> Tensor:
    image = sky(drop)
    image = _skyline(drop, image, drop.far, 0.12, 0.34, (0.62, 0.68, 0.78))
    image = _skyline(drop, image, drop.middle, 0.2, 0.26, (0.45, 0.48, 0.58))
    x, y = drop.near
    road = ground(drop, (0.30, 0.31, 0.34), (0.42, 0.43, 0.46), 0.01)
    pavement = drop.horizon - 0.06
    plane = mix(road, drop.lit((0.68, 0.67, 0.66)), drop.edge(y - pavement))
    depth = ramp(y, drop.horizon, 0.0)
    line = pavement * 0.52
    dash = ((x / 0.3 + 0.5) % 1 < 0.55) * drop.edge(0.011 - (y - line).abs())
    return on_ground(drop, image, mix(plane, drop.lit((0.95, 0.93, 0.80)), dash * (depth > 0)))


def _skyline(drop: Backdrop, image: Tensor, layer: tuple[Tensor, Tensor], pitch: float, height: float, colour: Colour) -> Tensor:
    """Buildings of one row with windows; windows shine when stars do."""
    x, y = layer
    salt = drop.rng.uniform(0, 100)
    column = torch.floor(x / pitch)
    tall = height * (0.45 + 0.55 * _hash(column, salt))
    inside = drop.edge(drop.horizon + tall - y)
    wall = drop.lit(colour) * (0.86 + 0.28 * _hash(column, salt + 9)).unsqueeze(-3)
    pane_x, pane_y = (x / pitch - column) * 4, (y - drop.horizon) / 0.042
    pane = ((pane_x % 1 - 0.5).abs() < 0.26) & ((pane_y % 1 - 0.5).abs() < 0.28) & (pane_x > 0.3) & (pane_x < 3.7)
    bright = _hash(column * 31 + torch.floor(pane_x) * 7 + torch.floor(pane_y) * 13, salt)
    glow = drop.colour((1.0, 0.85, 0.45)) if drop.light.stars else drop.lit((0.80, 0.90, 0.98))
    wall = mix(wall, glow, pane * (0.9 if drop.light.stars else 0.5) * (bright < 0.6))
    return mix(image, wall, inside)


def forest(drop: Backdrop) -> Tensor:
    image = clouds(drop, sky(drop))
    image = _layer(drop, image, (0.42, 0.58, 0.48), _ridge(drop.far[0], drop.rng, 0.2), drop.far)
    image = _pines(drop, image, drop.far, 9, 0.34, (0.22, 0.46, 0.33), drop.horizon - 0.01)
    image = on_ground(drop, image, ground(drop, (0.24, 0.38, 0.17), (0.38, 0.50, 0.25), 0.06))
    return _pines(drop, image, drop.middle, 5, 0.46, (0.11, 0.34, 0.20), drop.horizon - 0.05)


def moon(drop: Backdrop) -> Tensor:
    image = sky(drop)
    image = _layer(drop, image, (0.44, 0.44, 0.48), _ridge(drop.far[0], drop.rng, 0.12), drop.far)
    plane = ground(drop, (0.62, 0.62, 0.65), (0.50, 0.50, 0.54), 0.03)
    spots, shade = _spots(drop, 0.34, 0.6, 0.30)
    plane = plane * (1 - 0.22 * (spots * (0.5 + 0.5 * shade)).unsqueeze(-3))
    return on_ground(drop, image, plane)


def underwater(drop: Backdrop) -> Tensor:
    x, y = drop.far
    image = mix(drop.colour(drop.light.horizon), drop.colour(drop.light.zenith), ramp(y, drop.horizon - 0.1, 1.0))
    slant = x + 0.45 * y
    rays = torch.sin(slant * 9 + drop.rng.uniform(0, 6)) * torch.sin(slant * 5.3 + drop.rng.uniform(0, 6))
    image = mix(image, drop.colour((1.0, 1.0, 1.0)) * drop.colour(drop.light.tint), 0.22 * rays.clamp(0, 1) * ramp(y, drop.horizon, 1.0))
    image = _layer(drop, image, (0.10, 0.40, 0.56), _ridge(drop.far[0], drop.rng, 0.14), drop.far)
    image = on_ground(drop, image, ground(drop, (0.80, 0.76, 0.56), (0.36, 0.60, 0.62), 0.05))
    mx, my = drop.middle
    weeds = torch.full_like(mx + my, -1.0)
    for _ in range(drop.rng.randint(4, 7)):
        foot, tall, phase = drop.rng.uniform(-0.95, 0.95), drop.rng.uniform(0.14, 0.3), drop.rng.uniform(0, 6)
        up = my - (drop.horizon - 0.03)
        sway = 0.02 * torch.sin(up * 22 + phase)
        weeds = torch.maximum(weeds, torch.minimum(0.018 * (1 - 0.7 * up / tall) - (mx - foot - sway).abs(), torch.minimum(up, tall - up)))
    return mix(image, drop.lit((0.10, 0.50, 0.36)), drop.edge(weeds))


PAINTERS: dict[Place, Callable[[Backdrop], Tensor]] = {
    Place.BEACH: beach,
    Place.MEADOW: meadow,
    Place.DESERT: desert,
    Place.SNOW: snow,
    Place.CITY: city,
    Place.FOREST: forest,
    Place.MOON: moon,
    Place.UNDERWATER: underwater,
}


def paint(scene: Scene, drop: Backdrop) -> Tensor:
    """Background of ``scene``, RGB in [0, 1], (T, 3, H, W); T is 1 when the camera does not move."""
    return PAINTERS[scene.place](drop).clamp(0, 1)

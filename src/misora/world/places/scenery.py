"""Parts that several places share: sky, clouds, hills, the ground plane, trees, buildings."""

from __future__ import annotations

import random

import torch
from torch import Tensor

from misora.world.light import Colour
from misora.world.places.painting import Backdrop, mix, ramp, scattered


def ridge(x: Tensor, rng: random.Random, height: float, waves: int = 3, base: float = 1.6) -> Tensor:
    """A rolling outline as a sum of sines."""
    outline = torch.zeros_like(x)
    for octave in range(waves):
        outline = outline + torch.sin(x * base * 1.9**octave * 2 + rng.uniform(0, 6.283)) / 1.8**octave
    return height * (0.5 + 0.28 * outline)


def jagged(x: Tensor, rng: random.Random, height: float, count: int) -> Tensor:
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
        image = mix(image, drop.colour((1.0, 1.0, 0.95)), light.stars * stars(drop))
    sun_y = horizon + light.sun_height * (1 - horizon)
    distance = ((x - drop.sun_x) ** 2 + (y - sun_y) ** 2).sqrt()
    image = mix(image, drop.colour(light.sun), 0.35 * light.disc * torch.exp(-((distance / 0.16) ** 2)))
    return mix(image, drop.colour(light.sun), light.disc * drop.edge(0.055 - distance))


def stars(drop: Backdrop) -> Tensor:
    x, y = drop.far
    salt, pitch = drop.rng.uniform(0, 100), 0.09
    column, row = torch.floor(x / pitch), torch.floor(y / pitch)
    cell = column * 57 + row * 131
    star_x, star_y = (column + 0.2 + 0.6 * scattered(cell, salt)) * pitch, (row + 0.2 + 0.6 * scattered(cell, salt + 7)) * pitch
    size = 0.002 + 0.004 * scattered(cell, salt + 13)
    return (scattered(cell, salt + 3) < 0.55) * torch.exp(-((x - star_x) ** 2 + (y - star_y) ** 2) / size**2)


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


def outlined(drop: Backdrop, image: Tensor, colour: Colour, outline: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    return mix(image, drop.lit(colour), drop.edge(drop.horizon + outline - layer[1]))


def scatter_spots(drop: Backdrop, pitch: float, share: float, size: float) -> tuple[Tensor, Tensor]:
    """Round spots scattered on the ground in perspective: (coverage, a random number for each)."""
    x, y = drop.near
    depth = ramp(y, drop.horizon, 0.0).clamp(min=0.02)
    across, away = x / (0.25 + depth), torch.log(0.08 + depth)
    salt = drop.rng.uniform(0, 100)
    column, row = torch.floor(across / pitch), torch.floor(away / pitch)
    cell = column * 71 + row * 193
    dx = across / pitch - column - 0.25 - 0.5 * scattered(cell, salt)
    dy = away / pitch - row - 0.25 - 0.5 * scattered(cell, salt + 5)
    inside = size - (dx**2 + dy**2).sqrt()
    softness = drop.pixel / (pitch * (0.08 + depth))
    return (inside / softness + 0.5).clamp(0, 1) * (scattered(cell, salt + 11) < share), scattered(cell, salt + 17)


def pines(drop: Backdrop, image: Tensor, layer: tuple[Tensor, Tensor], count: int, height: float, colour: Colour, base: float) -> Tensor:
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


def skyline(drop: Backdrop, image: Tensor, layer: tuple[Tensor, Tensor], pitch: float, height: float, colour: Colour) -> Tensor:
    """Buildings of one row with windows; windows shine when stars do."""
    x, y = layer
    salt = drop.rng.uniform(0, 100)
    column = torch.floor(x / pitch)
    tall = height * (0.45 + 0.55 * scattered(column, salt))
    inside = drop.edge(drop.horizon + tall - y)
    wall = drop.lit(colour) * (0.86 + 0.28 * scattered(column, salt + 9)).unsqueeze(-3)
    pane_x, pane_y = (x / pitch - column) * 4, (y - drop.horizon) / 0.042
    pane = ((pane_x % 1 - 0.5).abs() < 0.26) & ((pane_y % 1 - 0.5).abs() < 0.28) & (pane_x > 0.3) & (pane_x < 3.7)
    bright = scattered(column * 31 + torch.floor(pane_x) * 7 + torch.floor(pane_y) * 13, salt)
    glow = drop.colour((1.0, 0.85, 0.45)) if drop.light.stars else drop.lit((0.80, 0.90, 0.98))
    wall = mix(wall, glow, pane * (0.9 if drop.light.stars else 0.5) * (bright < 0.6))
    return mix(image, wall, inside)


def snow_caps(drop: Backdrop, image: Tensor, peaks: Tensor, layer: tuple[Tensor, Tensor], line: float) -> Tensor:
    """White on what rises above the snow ``line``, a height over the horizon."""
    x, y = layer
    caps = torch.minimum(drop.horizon + peaks - y, y - drop.horizon - line - 0.02 * torch.sin(x * 40))
    return mix(image, drop.lit((0.96, 0.98, 1.0)), drop.edge(caps))


def puffs(drop: Backdrop, layer: tuple[Tensor, Tensor], count: int, size: float) -> Tensor:
    """Coverage of a bank of round clouds that sits on the horizon."""
    x, y = layer
    bank = drop.horizon + 0.02 - y
    for index in range(count):
        middle = -1.3 + 2.6 * (index + drop.rng.uniform(0.1, 0.9)) / count
        radius = size * drop.rng.uniform(0.6, 1.3)
        bank = torch.maximum(bank, radius - ((x - middle) ** 2 + (y - drop.horizon - 0.3 * radius) ** 2).sqrt())
    return drop.edge(bank)

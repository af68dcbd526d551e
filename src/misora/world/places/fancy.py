"""Volcano, outer space, the land above the clouds, and a land of sweets."""

from __future__ import annotations

import torch
from torch import Tensor

from misora.world.places.painting import Backdrop, capsule, mix, ramp
from misora.world.places.scenery import clouds, ground, on_ground, outlined, puffs, ridge, scatter_spots, sky, stars


def volcano(drop: Backdrop) -> Tensor:
    """A smoking cone with streams of lava, over black rock that glows in its cracks."""
    image = sky(drop)
    x, y = drop.far
    middle, top = drop.rng.uniform(-0.3, 0.3), drop.horizon + 0.30
    away = (x - middle).abs()
    cone = torch.minimum(0.30 - 0.72 * (away - 0.07).clamp(min=0) + 0.008 * torch.sin(x * 60), torch.full_like(x, 0.30))
    glow = torch.exp(-(((x - middle) / 0.22) ** 2) - ((y - top) / 0.16) ** 2)
    image = mix(image, drop.colour((1.0, 0.42, 0.12)), 0.8 * glow)
    image = _smoke(drop, image, middle, top)
    image = outlined(drop, image, (0.30, 0.24, 0.26), cone, drop.far)
    lava = drop.colour((1.0, 0.46, 0.10))
    for shift in (-0.05, 0.03):
        path = middle + shift * (1 + (top - y) * 5) + 0.02 * torch.sin(y * 45 + shift * 90)
        stream = torch.minimum(0.010 + 0.02 * (top - y) - (x - path).abs(), torch.minimum(top - y, y - drop.horizon))
        image = mix(image, lava, drop.edge(stream))
    image = mix(image, drop.colour((1.0, 0.78, 0.30)), drop.edge(torch.minimum(0.07 - away, 0.012 - (y - top).abs())))
    return on_ground(drop, image, _cracked(drop, lava))


def _smoke(drop: Backdrop, image: Tensor, middle: float, top: float) -> Tensor:
    x, y = drop.far
    for index in range(5):
        rise = 0.05 + 0.075 * index
        puff_x, size = middle + 0.05 * index**1.3 * (1 if drop.sun_x < 0 else -1), 0.05 + 0.022 * index
        puff = torch.exp(-(((x - puff_x) / size) ** 2) - ((y - top - rise) / (0.7 * size)) ** 2)
        image = mix(image, drop.lit((0.34, 0.30, 0.32)), (1.3 * puff - 0.1).clamp(0, 0.75))
    return image


def _cracked(drop: Backdrop, lava: Tensor) -> Tensor:
    x, y = drop.near
    depth = ramp(y, drop.horizon, 0.0)
    plane = ground(drop, (0.20, 0.17, 0.19), (0.32, 0.26, 0.27), 0.08)
    across, away = x / (0.2 + depth), torch.log(0.06 + depth)
    crack = torch.sin(across * 7 + 2.2 * torch.sin(away * 3)) * torch.sin(away * 6 + 1.7 * torch.sin(across * 3 + drop.rng.uniform(0, 6)))
    line = (1 - crack.abs() / 0.07).clamp(0, 1)
    return mix(plane, lava, 0.85 * line * depth.sqrt())


def space(drop: Backdrop) -> Tensor:
    """Stars, drifting colour, one ringed planet and one small moon; nothing to stand on."""
    x, y = drop.far
    image = mix(drop.colour(drop.light.horizon), drop.colour(drop.light.zenith), ramp(y, 0.0, 1.0)).expand(-1, -1, y.shape[-2], x.shape[-1])
    for colour in ((0.42, 0.16, 0.55), (0.12, 0.30, 0.62), (0.60, 0.20, 0.36)):
        phase_x, phase_y = drop.rng.uniform(0, 6), drop.rng.uniform(0, 6)
        mist = torch.sin(x * 2.6 + phase_x + 1.4 * torch.sin(y * 3.1 + phase_y)) * torch.sin(y * 3.4 + phase_y + torch.sin(x * 2.2))
        image = mix(image, drop.colour(colour), 0.42 * mist.clamp(0, 1) ** 1.5)
    image = mix(image, drop.colour((1.0, 1.0, 0.95)), stars(drop))
    image = _planet(
        drop, image, drop.rng.choice((-1, 1)) * drop.rng.uniform(0.3, 0.6), drop.rng.uniform(0.66, 0.8), drop.rng.uniform(0.13, 0.19)
    )
    small_x, small_y = drop.rng.uniform(-0.7, 0.7), drop.rng.uniform(0.12, 0.4)
    shade = (0.6 + 6 * (x - small_x) + 6 * (y - small_y)).clamp(0.25, 1).unsqueeze(-3)
    return mix(image, drop.colour((0.72, 0.70, 0.68)) * shade, drop.edge(0.045 - ((x - small_x) ** 2 + (y - small_y) ** 2).sqrt()))


def _planet(drop: Backdrop, image: Tensor, middle_x: float, middle_y: float, radius: float) -> Tensor:
    x, y = drop.far
    first, second = drop.rng.choice(
        (((0.90, 0.62, 0.36), (0.70, 0.40, 0.26)), ((0.36, 0.70, 0.86), (0.22, 0.46, 0.72)), ((0.78, 0.52, 0.86), (0.52, 0.34, 0.70)))
    )
    dx, dy = (x - middle_x) / radius, (y - middle_y) / radius
    distance = (dx**2 + dy**2).sqrt()
    bands = (0.5 + 0.5 * torch.sin(dy * 9 + 0.6 * torch.sin(dx * 3))).expand_as(distance)
    lit = (0.75 - 0.5 * dx * (1 if drop.sun_x < 0 else -1) + 0.3 * dy).clamp(0.2, 1.1).unsqueeze(-3)
    body = mix(drop.colour(first), drop.colour(second), bands) * lit
    tilted = (dx**2 + (dy * 3.6 + dx * 0.9) ** 2).sqrt()
    ring = drop.edge((0.24 - (tilted - 1.65).abs()) * radius * 0.4)
    front = (dy * 3.6 + dx * 0.9 < 0).float()
    image = mix(image, drop.colour((0.93, 0.86, 0.70)), 0.8 * ring)
    image = mix(image, body, drop.edge((1 - distance) * radius))
    return mix(image, drop.colour((0.93, 0.86, 0.70)), 0.8 * ring * front)


def cloudland(drop: Backdrop) -> Tensor:
    """A floor of cloud, with towers of cloud along its edge."""
    image = sky(drop)
    white = drop.colour((1.0, 1.0, 1.0)) * (0.45 + 0.55 * drop.colour(drop.light.tint))
    for layer, size, count, shade in ((drop.far, 0.11, 9, 0.88), (drop.middle, 0.08, 13, 0.95)):
        image = mix(image, white * shade, puffs(drop, layer, count, size))
    x, y = drop.near
    depth = ramp(y, drop.horizon, 0.0)
    swell = torch.sin(x * 7 / (0.2 + depth) + drop.rng.uniform(0, 6)) * torch.sin(22 * torch.log(0.08 + depth) + 1.5 * torch.sin(x * 4))
    plane = mix(white * 0.97, drop.colour(drop.light.horizon) * 0.9, 0.30 * (0.5 - 0.5 * swell) * depth.sqrt())
    return on_ground(drop, image, plane)


def candyland(drop: Backdrop) -> Tensor:
    """Striped hills, lollipop trees and a ground of icing with sprinkles."""
    image = clouds(drop, sky(drop))
    hills = ridge(drop.far[0], drop.rng, 0.24)
    image = outlined(drop, image, (0.98, 0.76, 0.86), hills, drop.far)
    stripes = (torch.sin((drop.far[0] + drop.far[1]) * 42) > 0) * drop.edge(drop.horizon + hills - drop.far[1])
    image = mix(image, drop.lit((1.0, 0.92, 0.95)), 0.8 * stripes)
    image = outlined(drop, image, (0.66, 0.88, 0.80), ridge(drop.middle[0], drop.rng, 0.09, base=2.4), drop.middle)
    plane = ground(drop, (0.97, 0.66, 0.80), (1.0, 0.86, 0.90), 0.02)
    sprinkles, shade = scatter_spots(drop, 0.15, 0.5, 0.13)
    colour = torch.where((shade < 0.5).unsqueeze(-3), drop.lit((0.45, 0.80, 0.95)), drop.lit((1.0, 0.90, 0.45)))
    image = on_ground(drop, image, mix(plane, colour, sprinkles))
    for index in range(drop.rng.randint(2, 4)):
        image = _lollipop(drop, image, -0.9 + 1.8 * (index + drop.rng.uniform(0.1, 0.9)) / 4, drop.rng.uniform(0.16, 0.26))
    return image


def _lollipop(drop: Backdrop, image: Tensor, foot: float, tall: float) -> Tensor:
    x, y = drop.middle
    base, radius = drop.horizon - 0.03, 0.32 * tall
    head = base + tall
    image = mix(image, drop.lit((0.98, 0.97, 0.94)), drop.edge(capsule(x, y, foot, base, foot, head, 0.007)))
    dx, dy = x - foot, y - head
    distance = (dx**2 + dy**2).sqrt()
    swirl = torch.sin(3 * torch.atan2(dy, dx) + distance / radius * 8) > 0
    first, second = drop.rng.choice(
        (((0.95, 0.30, 0.42), (1.0, 0.95, 0.95)), ((0.40, 0.70, 0.95), (0.98, 0.95, 0.65)), ((0.62, 0.42, 0.86), (0.75, 0.95, 0.75)))
    )
    return mix(image, torch.where(swirl.unsqueeze(-3), drop.lit(first), drop.lit(second)), drop.edge(radius - distance))

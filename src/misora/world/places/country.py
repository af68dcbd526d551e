"""Lake, mountain valley, farm, country road and savanna."""

from __future__ import annotations

import torch
from torch import Tensor

from misora.world.places.painting import Backdrop, box, capsule, mix, ramp, union
from misora.world.places.scenery import clouds, ground, jagged, on_ground, outlined, pines, ridge, scatter_spots, sky, snow_caps
from misora.world.terrain import SHORE


def lake(drop: Backdrop) -> Tensor:
    """Still water that mirrors the mountains behind it, and a grassy shore in front."""
    image = clouds(drop, sky(drop))
    peaks = jagged(drop.far[0], drop.rng, 0.26, 5)
    hills = ridge(drop.middle[0], drop.rng, 0.09, base=2.2)
    for colour, outline, layer in (((0.46, 0.54, 0.68), peaks, drop.far), ((0.26, 0.46, 0.36), hills, drop.middle)):
        image = outlined(drop, image, colour, outline, layer)
    image = on_ground(drop, image, _water(drop, peaks, hills))
    x, y = drop.near
    bank = SHORE - 0.03 + 0.012 * torch.sin(x * 6 + drop.rng.uniform(0, 6)) + 0.004 * torch.sin(x * 31)
    image = mix(image, drop.lit((0.74, 0.68, 0.50)), drop.edge(bank + 0.014 - y))
    grass = ground(drop, (0.22, 0.50, 0.20), (0.46, 0.70, 0.34), 0.06)
    return _reeds(drop, mix(image, grass, drop.edge(bank - y)))


def _water(drop: Backdrop, peaks: Tensor, hills: Tensor) -> Tensor:
    x, y = drop.near
    deep = drop.lit((0.16, 0.40, 0.58))
    below = drop.horizon - y
    surface = mix(0.75 * drop.colour(drop.light.horizon) + 0.25 * deep, deep, ramp(y, drop.horizon, 0.0) ** 0.8)
    wobble = 0.008 * torch.sin(y * 190 + 2 * torch.sin(x * 5))
    surface = mix(surface, 0.8 * drop.lit((0.46, 0.54, 0.68)) + 0.2 * deep, 0.55 * drop.edge(0.8 * peaks + wobble - below))
    surface = mix(surface, 0.7 * drop.lit((0.26, 0.46, 0.36)) + 0.3 * deep, 0.7 * drop.edge(hills + wobble - below))
    ripples = torch.sin(y * 260 + 3 * torch.sin(x * 9)) * torch.sin(x * 21 / (0.3 + 3 * below.clamp(min=0)) + y * 90)
    glitter = torch.exp(-(((x - drop.sun_x) / (0.05 + 0.5 * below.clamp(min=0))) ** 2)) * drop.light.disc
    surface = mix(surface, drop.colour(drop.light.sun), 0.5 * glitter * (0.4 + 0.6 * ripples).clamp(0, 1))
    return mix(surface, drop.colour(drop.light.horizon), 0.14 * ripples.clamp(0, 1))


def _reeds(drop: Backdrop, image: Tensor) -> Tensor:
    x, y = drop.near
    stems = torch.full_like(x + y, -1.0)
    for _ in range(drop.rng.randint(5, 9)):
        foot, tall = drop.rng.choice((-1, 1)) * drop.rng.uniform(0.35, 0.95), drop.rng.uniform(0.07, 0.13)
        stems = torch.maximum(stems, capsule(x, y, foot, SHORE - 0.05, foot + drop.rng.uniform(-0.02, 0.02), SHORE - 0.05 + tall, 0.004))
    return mix(image, drop.lit((0.20, 0.42, 0.18)), drop.edge(stems))


def mountain(drop: Backdrop) -> Tensor:
    """A high valley: two ranges with snow on them, pines, a stony meadow."""
    image = clouds(drop, sky(drop))
    for height, colour, layer, line in ((0.42, (0.56, 0.62, 0.76), drop.far, 0.20), (0.26, (0.40, 0.46, 0.56), drop.middle, 0.17)):
        peaks = jagged(layer[0], drop.rng, height, 5)
        image = outlined(drop, image, colour, peaks, layer)
        image = snow_caps(drop, image, peaks, layer, line)
    image = on_ground(drop, image, _stony(drop))
    return pines(drop, image, drop.middle, drop.rng.randint(5, 8), 0.16, (0.14, 0.36, 0.26), drop.horizon - 0.02)


def _stony(drop: Backdrop) -> Tensor:
    plane = ground(drop, (0.36, 0.52, 0.28), (0.52, 0.64, 0.40), 0.05)
    stones, shade = scatter_spots(drop, 0.22, 0.4, 0.2)
    return mix(plane, drop.lit((0.62, 0.62, 0.62)) * (0.8 + 0.3 * shade).unsqueeze(-3), stones)


def farm(drop: Backdrop) -> Tensor:
    """Ploughed rows that run to the horizon, a red barn with its silo, a fence."""
    image = clouds(drop, sky(drop))
    image = outlined(drop, image, (0.46, 0.68, 0.42), ridge(drop.far[0], drop.rng, 0.13), drop.far)
    x, y = drop.near
    depth = ramp(y, drop.horizon, 0.0)
    rows = torch.sin(x * 26 / (0.10 + depth) + drop.rng.uniform(0, 6))
    plane = mix(
        ground(drop, (0.34, 0.56, 0.20), (0.60, 0.74, 0.34), 0.04), drop.lit((0.50, 0.36, 0.22)), 0.55 * rows.clamp(0, 1) * depth.sqrt()
    )
    image = on_ground(drop, image, plane)
    return _fence(drop, _barn(drop, image))


def _barn(drop: Backdrop, image: Tensor) -> Tensor:
    x, y = drop.middle
    side = drop.rng.choice((-1, 1))
    foot, base, wide, tall = side * drop.rng.uniform(0.3, 0.6), drop.horizon - 0.03, 0.14, 0.13
    silo_x = foot + side * 0.22
    silo = union(box(x, y, silo_x, base + 0.1, 0.04, 0.1), 0.04 - ((x - silo_x) ** 2 + (y - base - 0.2) ** 2).sqrt())
    image = mix(image, drop.lit((0.78, 0.80, 0.84)), drop.edge(silo))
    image = mix(image, drop.lit((0.74, 0.20, 0.17)), drop.edge(box(x, y, foot, base + tall / 2, wide, tall / 2)))
    roof = torch.minimum(0.09 * (1 - (x - foot).abs() / (wide + 0.02)) - (y - base - tall), y - base - tall + 0.005)
    image = mix(image, drop.lit((0.46, 0.34, 0.32)), drop.edge(roof))
    image = mix(image, drop.lit((0.96, 0.94, 0.90)), drop.edge(box(x, y, foot, base + 0.04, 0.042, 0.045)))
    return mix(image, drop.lit((0.58, 0.15, 0.13)), drop.edge(box(x, y, foot, base + 0.036, 0.034, 0.036)))


def _fence(drop: Backdrop, image: Tensor) -> Tensor:
    x, y = drop.middle
    base = drop.horizon - 0.055
    post = torch.minimum(0.008 - ((x / 0.14) % 1 - 0.5).abs() * 0.14, 0.03 - (y - base - 0.028).abs())
    rails = union(0.005 - (y - base - 0.022).abs(), 0.005 - (y - base - 0.045).abs())
    return mix(image, drop.lit((0.92, 0.88, 0.80)), drop.edge(union(post, rails)))


def road(drop: Backdrop) -> Tensor:
    """A country road across the picture, with hills, wheat and a line of poles."""
    image = clouds(drop, sky(drop))
    image = outlined(drop, image, (0.48, 0.62, 0.66), ridge(drop.far[0], drop.rng, 0.18), drop.far)
    image = outlined(drop, image, (0.42, 0.62, 0.34), ridge(drop.middle[0], drop.rng, 0.08, base=2.0), drop.middle)
    x, y = drop.near
    plane = ground(drop, (0.36, 0.56, 0.22), (0.84, 0.76, 0.40), 0.06)
    edge = drop.horizon - 0.10
    asphalt = drop.lit((0.36, 0.37, 0.40))
    plane = mix(plane, drop.lit((0.80, 0.78, 0.70)), drop.edge(edge + 0.012 - y))
    plane = mix(plane, asphalt, drop.edge(edge - y))
    dash = ((x / 0.34 + 0.5) % 1 < 0.55) * drop.edge(0.010 - (y - edge * 0.55).abs())
    plane = mix(plane, drop.lit((0.98, 0.84, 0.36)), dash)
    return _poles(drop, on_ground(drop, image, plane))


def _poles(drop: Backdrop, image: Tensor) -> Tensor:
    x, y = drop.middle
    pitch, base, tall = 0.62, drop.horizon - 0.05, 0.24
    across = (x / pitch + drop.rng.uniform(0, 1)) % 1 - 0.5
    pole = torch.minimum(0.007 - across.abs() * pitch, torch.minimum(y - base, base + tall - y))
    arm = torch.minimum(0.006 - (y - base - 0.9 * tall).abs(), 0.045 - across.abs() * pitch)
    wire = 0.0015 - (y - base - 0.9 * tall + 0.04 * (0.25 - across**2)).abs()
    return mix(mix(image, drop.lit((0.22, 0.22, 0.24)), 0.7 * drop.edge(wire)), drop.lit((0.40, 0.30, 0.22)), drop.edge(union(pole, arm)))


def savanna(drop: Backdrop) -> Tensor:
    """Dry grass with flat-topped acacias under a wide sky."""
    image = clouds(drop, sky(drop))
    image = outlined(drop, image, (0.64, 0.56, 0.50), ridge(drop.far[0], drop.rng, 0.10, 2), drop.far)
    plane = ground(drop, (0.76, 0.60, 0.26), (0.90, 0.78, 0.44), 0.08)
    tufts, shade = scatter_spots(drop, 0.14, 0.5, 0.2)
    plane = mix(plane, drop.lit((0.62, 0.52, 0.20)) * (0.85 + 0.3 * shade).unsqueeze(-3), 0.6 * tufts)
    image = on_ground(drop, image, plane)
    for _ in range(drop.rng.randint(2, 4)):
        image = _acacia(drop, image, drop.rng.uniform(-0.95, 0.95), drop.horizon - drop.rng.uniform(0.0, 0.04), drop.rng.uniform(0.2, 0.3))
    return image


def _acacia(drop: Backdrop, image: Tensor, foot: float, base: float, tall: float) -> Tensor:
    x, y = drop.middle
    fork = base + 0.55 * tall
    trunk = union(
        capsule(x, y, foot, base, foot, fork, 0.009),
        capsule(x, y, foot, fork, foot - 0.3 * tall, base + 0.9 * tall, 0.006),
        capsule(x, y, foot, fork, foot + 0.32 * tall, base + 0.9 * tall, 0.006),
    )
    image = mix(image, drop.lit((0.36, 0.25, 0.16)), drop.edge(trunk))
    crown = torch.full_like(trunk, -1.0)
    for shift, lift, wide in ((-0.2, 0.9, 0.34), (0.22, 0.93, 0.36), (0.0, 1.0, 0.30)):
        oval = (((x - foot - shift * tall) / (wide * tall)) ** 2 + ((y - base - lift * tall) / (0.11 * tall)) ** 2).sqrt()
        crown = torch.maximum(crown, (1 - oval) * 0.11 * tall)
    return mix(image, drop.lit((0.34, 0.46, 0.18)), drop.edge(crown))

"""Beach, meadow, desert, snow, forest, moon and the sea floor."""

from __future__ import annotations

import torch
from torch import Tensor

from misora.world.places.painting import Backdrop, capsule, mix, ramp
from misora.world.places.scenery import clouds, ground, jagged, on_ground, outlined, pines, ridge, scatter_spots, sky


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
    return palm(drop, mix(image, sand, drop.edge(shore - ny)))


def palm(drop: Backdrop, image: Tensor) -> Tensor:
    x, y = drop.middle
    side = drop.rng.choice((-1, 1))
    foot, base, tall = side * drop.rng.uniform(0.5, 0.8), drop.horizon - 0.16, drop.rng.uniform(0.36, 0.46)
    top_x, top_y = foot - side * 0.08, base + tall
    trunk = torch.maximum(
        capsule(x, y, foot, base, foot - side * 0.02, base + tall * 0.5, 0.014),
        capsule(x, y, foot - side * 0.02, base + tall * 0.5, top_x, top_y, 0.011),
    )
    image = mix(image, drop.lit((0.50, 0.34, 0.20)), drop.edge(trunk))
    leaves = torch.full_like(x + y, -1.0)
    for dx, dy in ((-0.17, 0.01), (-0.12, 0.09), (0.0, 0.10), (0.12, 0.09), (0.17, 0.01), (-0.13, -0.08), (0.13, -0.08)):
        leaves = torch.maximum(leaves, capsule(x, y, top_x, top_y, top_x + dx, top_y + dy, 0.018))
    return mix(image, drop.lit((0.16, 0.55, 0.25)), drop.edge(leaves))


def meadow(drop: Backdrop) -> Tensor:
    image = clouds(drop, sky(drop))
    image = outlined(drop, image, (0.50, 0.72, 0.52), ridge(drop.far[0], drop.rng, 0.20), drop.far)
    image = outlined(drop, image, (0.36, 0.66, 0.34), ridge(drop.middle[0], drop.rng, 0.10, base=2.4), drop.middle)
    plane = ground(drop, (0.24, 0.58, 0.20), (0.52, 0.80, 0.34), 0.05)
    spots, shade = scatter_spots(drop, 0.16, 0.35, 0.16)
    flowers = torch.where((shade < 0.5).unsqueeze(-3), drop.lit((1.0, 0.95, 0.55)), drop.lit((0.98, 0.80, 0.92)))
    return on_ground(drop, image, mix(plane, flowers, spots))


def desert(drop: Backdrop) -> Tensor:
    image = sky(drop)
    image = outlined(drop, image, (0.88, 0.66, 0.42), ridge(drop.far[0], drop.rng, 0.16, 2, 1.2), drop.far)
    image = outlined(drop, image, (0.80, 0.53, 0.29), ridge(drop.middle[0], drop.rng, 0.08, 2, 1.8), drop.middle)
    image = on_ground(drop, image, ground(drop, (0.83, 0.56, 0.30), (0.94, 0.74, 0.46), 0.06))
    x, y = drop.middle
    for _ in range(drop.rng.randint(1, 2)):
        foot, base, tall = drop.rng.uniform(-0.8, 0.8), drop.horizon - drop.rng.uniform(0.0, 0.05), drop.rng.uniform(0.16, 0.24)
        parts = [
            capsule(x, y, foot, base, foot, base + tall, 0.024),
            *(
                torch.maximum(
                    capsule(x, y, foot, base + tall * low, foot + side * 0.065, base + tall * low, 0.017),
                    capsule(x, y, foot + side * 0.065, base + tall * low, foot + side * 0.065, base + tall * (low + 0.3), 0.017),
                )
                for side, low in ((-1, 0.4), (1, 0.55))
            ),
        ]
        image = mix(image, drop.lit((0.25, 0.52, 0.28)), drop.edge(torch.stack(torch.broadcast_tensors(*parts)).amax(0)))
    return image


def snow(drop: Backdrop) -> Tensor:
    image = clouds(drop, sky(drop))
    x, y = drop.far
    peaks = jagged(x, drop.rng, 0.34, 5)
    image = outlined(drop, image, (0.52, 0.60, 0.74), peaks, drop.far)
    caps = torch.minimum(drop.horizon + peaks - y, y - drop.horizon - 0.14 - 0.02 * torch.sin(x * 40))
    image = mix(image, drop.lit((0.96, 0.98, 1.0)), drop.edge(caps))
    image = on_ground(drop, image, ground(drop, (0.86, 0.91, 0.98), (0.96, 0.98, 1.0), 0.02))
    return pines(drop, image, drop.middle, drop.rng.randint(3, 6), 0.17, (0.30, 0.46, 0.46), drop.horizon - 0.015)


def forest(drop: Backdrop) -> Tensor:
    image = clouds(drop, sky(drop))
    image = outlined(drop, image, (0.42, 0.58, 0.48), ridge(drop.far[0], drop.rng, 0.2), drop.far)
    image = pines(drop, image, drop.far, 9, 0.34, (0.22, 0.46, 0.33), drop.horizon - 0.01)
    image = on_ground(drop, image, ground(drop, (0.24, 0.38, 0.17), (0.38, 0.50, 0.25), 0.06))
    return pines(drop, image, drop.middle, 5, 0.46, (0.11, 0.34, 0.20), drop.horizon - 0.05)


def moon(drop: Backdrop) -> Tensor:
    image = sky(drop)
    image = outlined(drop, image, (0.44, 0.44, 0.48), ridge(drop.far[0], drop.rng, 0.12), drop.far)
    plane = ground(drop, (0.62, 0.62, 0.65), (0.50, 0.50, 0.54), 0.03)
    spots, shade = scatter_spots(drop, 0.34, 0.6, 0.30)
    plane = plane * (1 - 0.22 * (spots * (0.5 + 0.5 * shade)).unsqueeze(-3))
    return on_ground(drop, image, plane)


def underwater(drop: Backdrop) -> Tensor:
    x, y = drop.far
    image = mix(drop.colour(drop.light.horizon), drop.colour(drop.light.zenith), ramp(y, drop.horizon - 0.1, 1.0))
    slant = x + 0.45 * y
    rays = torch.sin(slant * 9 + drop.rng.uniform(0, 6)) * torch.sin(slant * 5.3 + drop.rng.uniform(0, 6))
    image = mix(image, drop.colour((1.0, 1.0, 1.0)) * drop.colour(drop.light.tint), 0.22 * rays.clamp(0, 1) * ramp(y, drop.horizon, 1.0))
    image = outlined(drop, image, (0.10, 0.40, 0.56), ridge(drop.far[0], drop.rng, 0.14), drop.far)
    image = on_ground(drop, image, ground(drop, (0.80, 0.76, 0.56), (0.36, 0.60, 0.62), 0.05))
    mx, my = drop.middle
    weeds = torch.full_like(mx + my, -1.0)
    for _ in range(drop.rng.randint(4, 7)):
        foot, tall, phase = drop.rng.uniform(-0.95, 0.95), drop.rng.uniform(0.14, 0.3), drop.rng.uniform(0, 6)
        up = my - (drop.horizon - 0.03)
        sway = 0.02 * torch.sin(up * 22 + phase)
        weeds = torch.maximum(weeds, torch.minimum(0.018 * (1 - 0.7 * up / tall) - (mx - foot - sway).abs(), torch.minimum(up, tall - up)))
    return mix(image, drop.lit((0.10, 0.50, 0.36)), drop.edge(weeds))

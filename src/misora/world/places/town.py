"""City by day, city of neon, a room, a theatre's stage."""

from __future__ import annotations

import torch
from torch import Tensor

from misora.world.light import Colour
from misora.world.places.painting import Backdrop, box, mix, ramp, scattered, union
from misora.world.places.scenery import ground, on_ground, sky, skyline

NEON = ((1.0, 0.25, 0.60), (0.25, 0.90, 1.0), (0.70, 0.35, 1.0), (1.0, 0.75, 0.25), (0.35, 1.0, 0.55))
ROOMS = (
    ((0.93, 0.88, 0.76), (0.89, 0.83, 0.70), (0.72, 0.30, 0.28)),
    ((0.74, 0.84, 0.88), (0.70, 0.80, 0.85), (0.28, 0.42, 0.60)),
    ((0.88, 0.78, 0.82), (0.85, 0.74, 0.79), (0.46, 0.56, 0.40)),
)
"""Wall, its stripe, and rug."""


def city(drop: Backdrop) -> Tensor:
    image = sky(drop)
    image = skyline(drop, image, drop.far, 0.12, 0.34, (0.62, 0.68, 0.78))
    image = skyline(drop, image, drop.middle, 0.2, 0.26, (0.45, 0.48, 0.58))
    x, y = drop.near
    road = ground(drop, (0.30, 0.31, 0.34), (0.42, 0.43, 0.46), 0.01)
    pavement = drop.horizon - 0.06
    plane = mix(road, drop.lit((0.68, 0.67, 0.66)), drop.edge(y - pavement))
    depth = ramp(y, drop.horizon, 0.0)
    line = pavement * 0.52
    dash = ((x / 0.3 + 0.5) % 1 < 0.55) * drop.edge(0.011 - (y - line).abs())
    return on_ground(drop, image, mix(plane, drop.lit((0.95, 0.93, 0.80)), dash * (depth > 0)))


def neon_city(drop: Backdrop) -> Tensor:
    """Towers with lit windows and neon signs, mirrored in a wet street."""
    image = skyline(drop, sky(drop), drop.far, 0.13, 0.42, (0.30, 0.28, 0.50))
    image = skyline(drop, image, drop.middle, 0.22, 0.30, (0.20, 0.18, 0.34))
    x, y = drop.middle
    depth = ramp(y, drop.horizon, 0.0)
    street = mix(drop.lit((0.40, 0.36, 0.60)), drop.lit((0.22, 0.20, 0.36)), depth).expand(-1, -1, y.shape[-2], x.shape[-1])
    image = on_ground(drop, image, street)
    for _ in range(drop.rng.randint(7, 10)):
        colour = drop.colour(drop.rng.choice(NEON))
        sign_x, low, tall = drop.rng.uniform(-0.95, 0.95), drop.horizon + drop.rng.uniform(0.03, 0.10), drop.rng.uniform(0.05, 0.15)
        image = _sign(drop, image, colour, sign_x, low, tall)
    nx, ny = drop.near
    line = drop.edge(0.006 - (ny - 0.55 * (drop.horizon - 0.06)).abs()) * ((nx / 0.3) % 1 < 0.5)
    return mix(image, drop.colour((0.95, 0.90, 0.70)), 0.5 * line)


def _sign(drop: Backdrop, image: Tensor, colour: Tensor, sign_x: float, low: float, tall: float) -> Tensor:
    x, y = drop.middle
    distance = box(x, y, sign_x, low + tall / 2, 0.014, tall / 2)
    image = mix(image, colour, 0.5 * torch.exp(distance.clamp(max=0) / 0.03))
    image = mix(image, 0.6 + 0.4 * colour, drop.edge(distance))
    below = (drop.horizon - y).clamp(min=0)
    streak = torch.exp(-(((x - sign_x + 0.006 * torch.sin(y * 120)) / (0.02 + 0.10 * below)) ** 2)) * torch.exp(-below / 0.22)
    return mix(image, colour, 0.55 * streak * drop.edge(drop.horizon - y))


def room(drop: Backdrop) -> Tensor:
    """A papered wall with a window, a picture and a lamp, floorboards and a rug."""
    x, y = drop.middle
    wall, paper, rug = drop.rng.choice(ROOMS)
    stripes = (torch.sin(x * 44) > 0.2).expand_as(x + y)
    image = torch.where(stripes.unsqueeze(-3), drop.lit(wall), drop.lit(paper))
    side = drop.rng.choice((-1, 1))
    image = _window(drop, image, side * drop.rng.uniform(0.25, 0.5), drop.horizon + 0.22)
    frame_x, frame_y = -side * drop.rng.uniform(0.25, 0.5), drop.horizon + 0.24
    image = mix(image, drop.lit((0.55, 0.38, 0.22)), drop.edge(box(x, y, frame_x, frame_y, 0.10, 0.075)))
    image = mix(image, drop.lit((0.96, 0.88, 0.70)), drop.edge(box(x, y, frame_x, frame_y, 0.085, 0.06)))
    image = mix(
        image,
        drop.lit((0.40, 0.62, 0.52)),
        drop.edge(torch.minimum(box(x, y, frame_x, frame_y, 0.085, 0.06), frame_y - y + 0.02 * torch.sin(x * 40))),
    )
    image = mix(image, drop.lit((0.96, 0.94, 0.90)), drop.edge(drop.horizon + 0.025 - y))
    return on_ground(drop, image, _floor(drop, rug))


def _window(drop: Backdrop, image: Tensor, middle_x: float, middle_y: float) -> Tensor:
    x, y = drop.middle
    image = mix(image, drop.lit((0.98, 0.97, 0.94)), drop.edge(box(x, y, middle_x, middle_y, 0.145, 0.155)))
    pane = union(*(box(x, y, middle_x + dx, middle_y + dy, 0.058, 0.062) for dx in (-0.065, 0.065) for dy in (-0.07, 0.07)))
    outside = mix(drop.colour(drop.light.horizon), drop.colour(drop.light.zenith), ramp(y, middle_y - 0.14, middle_y + 0.14))
    return mix(image, outside, drop.edge(pane))


def _floor(drop: Backdrop, rug: Colour) -> Tensor:
    x, y = drop.near
    depth = ramp(y, drop.horizon, 0.0)
    across = x / (0.35 + depth) / 0.13
    tone = 0.92 + 0.16 * scattered(torch.floor(across), 3.1)
    plane = mix(drop.lit((0.80, 0.60, 0.40)), drop.lit((0.64, 0.43, 0.26)), depth) * tone.unsqueeze(-3)
    plane = mix(plane, drop.lit((0.42, 0.27, 0.16)), 0.7 * ((across % 1 - 0.5).abs() > 0.47))
    oval = ((x / (0.62 * (0.6 + 0.5 * depth))) ** 2 + ((depth - 0.55) / 0.32) ** 2).sqrt()
    plane = mix(plane, drop.lit(rug), (14 * (1 - oval) + 0.5).clamp(0, 1))
    return mix(plane, drop.lit((0.97, 0.92, 0.82)), (14 * (0.05 - (oval - 0.82).abs()) + 0.2).clamp(0, 1) * (oval < 1))


def theatre(drop: Backdrop) -> Tensor:
    """A theatre's stage: velvet curtains, boards, a pool of light."""
    x, y = drop.middle
    image = mix(drop.lit((0.24, 0.12, 0.30)), drop.lit((0.14, 0.08, 0.22)), ramp(y, drop.horizon, 1.0)).expand(
        -1, -1, y.shape[-2], x.shape[-1]
    )
    nx, ny = drop.near
    depth = ramp(ny, drop.horizon, 0.0)
    board = torch.floor(nx / (0.4 + depth) / 0.12)
    plane = mix(drop.lit((0.52, 0.34, 0.22)), drop.lit((0.68, 0.46, 0.30)), depth) * (0.92 + 0.14 * scattered(board, 5.3)).unsqueeze(-3)
    spot = drop.rng.uniform(-0.3, 0.3)
    oval = ((nx - spot) / 0.52) ** 2 + ((depth - 0.5) / 0.42) ** 2
    plane = mix(plane, drop.colour((1.0, 0.95, 0.78)), 0.55 * torch.exp(-(oval**2)))
    image = on_ground(drop, image, plane)
    beam = torch.exp(-(((x - spot) / (0.09 + 0.36 * (1 - y).clamp(min=0))) ** 4)) * drop.edge(y - 0.5 * drop.horizon)
    return _curtains(drop, mix(image, drop.colour((1.0, 0.95, 0.80)), 0.16 * beam))


def _curtains(drop: Backdrop, image: Tensor) -> Tensor:
    x, y = drop.middle
    folds = (0.78 + 0.22 * torch.sin(x * 60 + 2 * torch.sin(y * 3))).expand_as(x + y)
    velvet = drop.lit((0.80, 0.10, 0.16)) * folds.unsqueeze(-3)
    hem = drop.horizon - 0.07
    wings = torch.minimum(x.abs() - 0.62 - 0.10 * (1 - y).clamp(0, 1) ** 2, y - hem)
    valance = y - 0.86 - 0.035 * torch.cos(x * 18).abs()
    image = mix(image, velvet, drop.edge(union(wings, valance)))
    return mix(image, drop.lit((0.95, 0.78, 0.32)), drop.edge(0.008 - (valance - 0.004).abs()))

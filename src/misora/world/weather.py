"""Weather in front of a scene: rain, snow, fog and wind, as sheets painted once and carried past the camera.

A sheet is an opacity for every pixel of the canvas that wraps round at its edges; each frame shows it moved on by whole
pixels, which costs a fraction of painting drops anew. Knows pixels and seconds, no places.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from misora.base.shapes import VideoShape
from misora.world.compositing import Window
from misora.world.light import SHELTERED, Colour, Light
from misora.world.program import Scene, Weather


@dataclass(frozen=True, slots=True)
class Sheet:
    """``opacity`` (H, W) in [0, 1] of the whole canvas, moving (right, down) by ``drift`` view heights a second."""

    opacity: Tensor
    drift: tuple[float, float]
    colour: Colour


def add_weather(image: Tensor, scene: Scene, light: Light, shape: VideoShape, window: Window) -> None:
    """Draws the weather of ``scene`` over ``image`` (uint8 (T, H, W, 3)) of ``window``, in place."""
    if scene.weather is Weather.CLEAR or scene.place in SHELTERED:
        return
    rng = random.Random(f"weather/{scene.seed}")
    for sheet in build_sheets(scene, light, shape, rng, image.device):
        _carry(image, sheet, shape, window)


def build_sheets(scene: Scene, light: Light, shape: VideoShape, rng: random.Random, device: torch.device) -> list[Sheet]:
    """Far sheets first; nearer ones are larger, fainter in number and faster."""
    side = 1 if scene.sun_x < 0 else -1
    bright = sum(light.tint) / 3
    match scene.weather:
        case Weather.RAIN:
            colour = (0.75 * bright + 0.2,) * 3
            drops = ((0.05, 0.0022, 1.5), (0.09, 0.0032, 2.2))
            return [Sheet(_streaks(shape, rng, device, long, wide, 0.12 * side), (0.12 * side * v, v), colour) for long, wide, v in drops]
        case Weather.SNOW:
            colour = (0.45 + 0.55 * bright,) * 3
            flakes = ((0.005, 0.10, 0.16), (0.008, 0.16, 0.26), (0.012, 0.26, 0.40))
            return [Sheet(_flakes(shape, rng, device, size, pitch), (0.3 * side * v, v), colour) for size, pitch, v in flakes]
        case Weather.FOG:
            return [Sheet(_mist(scene, shape, rng, device), (0.05 * side, 0.0), light.horizon)]
        case _:
            leaf = rng.choice(((0.80, 0.55, 0.20), (0.62, 0.66, 0.24), (0.86, 0.40, 0.22)))
            leaves = Sheet(0.9 * _flakes(shape, rng, device, 0.011, 0.34, flat=0.5), (1.1 * side, 0.10), leaf)
            return [Sheet(0.35 * _streaks(shape, rng, device, 0.16, 0.0022, 14.0), (1.6 * side, 0.02), (1.0, 1.0, 1.0)), leaves]


def _carry(image: Tensor, sheet: Sheet, shape: VideoShape, window: Window) -> None:
    """Blends the moving sheet over every frame."""
    opacity = (sheet.opacity * 255).to(torch.uint8)
    colour = 255 * torch.tensor(sheet.colour, device=image.device)
    rows = torch.arange(window.top, window.top + window.height, device=image.device)
    columns = torch.arange(window.left, window.left + window.width, device=image.device)
    for frame in range(len(image)):
        right, down = (round(drift * frame / shape.fps * shape.height) for drift in sheet.drift)
        moved = opacity[(rows - down) % shape.height][:, (columns - right) % shape.width]
        alpha = moved.unsqueeze(-1).float().div_(255)
        target = image[frame]
        target.copy_(torch.lerp(target.float(), colour, alpha).add_(0.5))


def _grid(shape: VideoShape, device: torch.device) -> tuple[Tensor, Tensor]:
    """(x, y) of every pixel in view heights, y downwards: (1, W) and (H, 1)."""
    columns = (torch.arange(shape.width, device=device) + 0.5) / shape.height
    rows = (torch.arange(shape.height, device=device) + 0.5) / shape.height
    return columns.view(1, -1), rows.view(-1, 1)


def _streaks(shape: VideoShape, rng: random.Random, device: torch.device, long: float, wide: float, slant: float) -> Tensor:
    """Thin lines; ``slant`` is sideways over downwards, so beyond 1 they lie."""
    x, y = _grid(shape, device)
    aspect = shape.width / shape.height
    length = (1 + slant**2) ** 0.5
    sheet = torch.zeros(shape.height, shape.width, device=device)
    for _ in range(int((30 if slant > 1 else 90) * aspect)):
        head_x, head_y = rng.uniform(0, aspect), rng.uniform(0, 1)
        dx, dy = (x - head_x + aspect / 2) % aspect - aspect / 2, (y - head_y + 0.5) % 1 - 0.5
        along, across = (dx * slant + dy) / length, (dx - dy * slant) / length
        width = max(wide, 0.7 / shape.height)
        rows, columns = along.abs() < long / 2, across.abs() < 3 * width
        sheet = torch.maximum(sheet, (rows & columns) * torch.exp(-((across / width) ** 2)) * (0.25 + 0.4 * (along / long + 0.5)))
    return sheet


def _flakes(shape: VideoShape, rng: random.Random, device: torch.device, size: float, pitch: float, flat: float = 1.0) -> Tensor:
    """Soft round dots, one at most in each cell of ``pitch``; ``flat`` below 1 squeezes them into leaves."""
    x, y = _grid(shape, device)
    aspect = shape.width / shape.height
    across, down = max(round(aspect / pitch), 1), max(round(1 / pitch), 1)
    wide, tall = aspect / across, 1 / down
    sheet = torch.zeros(shape.height, shape.width, device=device)
    for column in range(across):
        for row in range(down):
            if rng.random() < 0.75:
                middle_x, middle_y = (column + rng.uniform(0.15, 0.85)) * wide, (row + rng.uniform(0.15, 0.85)) * tall
                radius, turn = size * rng.uniform(0.7, 1.3), rng.uniform(-0.9, 0.9)
                left, top = int((middle_x - 2 * radius) * shape.height), int((middle_y - 2 * radius) * shape.height)
                right, bottom = int((middle_x + 2 * radius) * shape.height) + 2, int((middle_y + 2 * radius) * shape.height) + 2
                cut = (slice(max(top, 0), bottom), slice(max(left, 0), right))
                dx, dy = x[:, cut[1]] - middle_x, y[cut[0]] - middle_y
                distance = (dx**2 + ((dy + turn * dx) / flat) ** 2).sqrt()
                sheet[cut] = torch.maximum(sheet[cut], ((radius - distance) * shape.height * 0.7 + 0.5).clamp(0, 1) * 0.95)
    return sheet


def _mist(scene: Scene, shape: VideoShape, rng: random.Random, device: torch.device) -> Tensor:
    """Thickest at the horizon, in slow banks that wrap round."""
    x, y = _grid(shape, device)
    turns = 6.2832 * shape.height / shape.width
    banks = torch.sin(turns * 2 * x + rng.uniform(0, 6) + 3 * y) * torch.sin(turns * x + rng.uniform(0, 6) - 9 * y)
    far = torch.exp(-(((1 - scene.horizon - y) / 0.34) ** 2))
    return (0.34 + 0.42 * far + 0.12 * banks).clamp(0, 0.9)

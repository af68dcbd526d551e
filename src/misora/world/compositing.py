"""Draws one sprite layer over time into frames: sampled inside its bounding boxes only, a few frames at a time.

Knows pixels and drawings; does not know scenes, players or light. A layer whose label is 0 is a shadow or a reflection
and leaves the instance mask alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

CHUNK = 8
"""Frames sampled together: their boxes then stay in a core's cache, which halves the time."""
VISIBLE = 0.5
"""Least opacity at which a pixel belongs to the sprite's instance."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the canvas to render, in pixels: training crops cost only their own size."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One sprite over time, in pixels of the canvas; every tensor is (T,).

    The sprite's square has its feet at (x, y).

    Args:
        drawings: The animation, uint8 premultiplied RGBA (F, 4, s, s), or its alpha alone (F, 1, s, s) for a black shadow.
        drawing: Which of them shows, int64.
        across: Half the square's width; below 0 it is mirrored.
        up: Its height; below 0 the square hangs from its feet, as shadows and reflections do.
        shear: Sideways lean over the full height.
        angle: Turn about the square's middle in radians, clockwise; None is upright, and cheaper.
        tint: Multiplies the colours.
        opacity: 0 to 1.
        label: What the instance mask gets, 0 for nothing.
    """

    drawings: Tensor
    drawing: Tensor
    x: Tensor
    y: Tensor
    across: Tensor
    up: Tensor
    shear: Tensor
    angle: Tensor | None
    tint: tuple[float, float, float]
    opacity: float
    label: int

    def take(self, frames: Tensor) -> Layer:
        """The layer at ``frames`` (indices) only."""
        angle = None if self.angle is None else self.angle[frames]
        x, y, across, up, shear = (value[frames] for value in (self.x, self.y, self.across, self.up, self.shear))
        return replace(self, drawing=self.drawing[frames], x=x, y=y, across=across, up=up, shear=shear, angle=angle)


@dataclass(frozen=True, slots=True)
class _Boxes:
    """Where a layer may be seen, clipped to the window: corners (T,) as lists, and one size that holds them all."""

    left: list[int]
    top: list[int]
    right: list[int]
    bottom: list[int]

    @property
    def size(self) -> tuple[int, int]:
        heights = [bottom - top for top, bottom in zip(self.top, self.bottom, strict=True)]
        widths = [right - left for left, right in zip(self.left, self.right, strict=True)]
        return max(heights), max(widths)


def composite(image: Tensor, instance: Tensor, layer: Layer, window: Window, frames: Tensor | None = None) -> None:
    """Draws ``layer`` into ``image`` (uint8 (T, H, W, 3)) and ``instance`` (uint8 (T, H, W)) of ``window``, in place.

    Args:
        frames: Indices of the frames to draw in, all when None.
    """
    frames = torch.arange(len(image)) if frames is None else frames
    left, top, right, bottom = _extent(layer, window)
    frames = frames[((right > left) & (bottom > top))[frames]]
    corners = torch.stack([left, top, right, bottom]).cpu()
    for chunk in frames.split(CHUNK) if len(frames) else ():
        boxes = _Boxes(*corners[:, chunk].tolist())
        _draw(image, instance, layer.take(chunk.to(layer.x.device)), boxes, window, chunk.tolist())


def _extent(layer: Layer, window: Window) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(left, top, right, bottom) of the layer in each frame, clipped to ``window``, int64 (T,) on the CPU."""
    if layer.angle is None:
        half = layer.across.abs() + layer.shear.abs()
        left, right = layer.x - half, layer.x + half
        top, bottom = torch.minimum(layer.y, layer.y - layer.up), torch.maximum(layer.y, layer.y - layer.up)
    else:
        half = torch.hypot(layer.across, layer.up / 2)
        middle = layer.y - layer.up / 2
        left, right, top, bottom = layer.x - half, layer.x + half, middle - half, middle + half
    last_column, last_row = window.left + window.width, window.top + window.height
    return (
        (left.floor().long() - 1).clamp(min=window.left).cpu(),
        (top.floor().long() - 1).clamp(min=window.top).cpu(),
        (right.ceil().long() + 2).clamp(max=last_column).cpu(),
        (bottom.ceil().long() + 2).clamp(max=last_row).cpu(),
    )


def _draw(image: Tensor, instance: Tensor, layer: Layer, boxes: _Boxes, window: Window, frames: list[int]) -> None:
    height, width = boxes.size
    device = layer.x.device
    columns = torch.tensor(boxes.left, device=device).view(-1, 1, 1) + torch.arange(width, device=device).view(1, 1, -1)
    rows = torch.tensor(boxes.top, device=device).view(-1, 1, 1) + torch.arange(height, device=device).view(1, -1, 1)
    rgba = _sample(layer, columns + 0.5, rows + 0.5)
    keep = (1 - rgba[:, -1] * layer.opacity).unsqueeze(-1)
    covered = keep[..., 0] < VISIBLE
    colour = None
    if rgba.shape[1] == 4:
        tint = torch.tensor(layer.tint, device=device) * 255 * (1 if layer.label else layer.opacity)
        colour = (rgba[:, :3] * tint.view(3, 1, 1)).permute(0, 2, 3, 1)
    for number, frame in enumerate(frames):
        top, left, bottom, right = boxes.top[number], boxes.left[number], boxes.bottom[number], boxes.right[number]
        inside = (number, slice(0, bottom - top), slice(0, right - left))
        where = (frame, slice(top - window.top, bottom - window.top), slice(left - window.left, right - window.left))
        target = image[where]
        blended = target * keep[inside]
        if colour is not None:
            blended.add_(colour[inside])
        # Premultiplied colour never exceeds its alpha, so the sum stays in range without a clamp.
        target.copy_(blended.add_(0.5))
        if layer.label:
            instance[where].masked_fill_(covered[inside], layer.label)


def _sample(layer: Layer, columns: Tensor, rows: Tensor) -> Tensor:
    """Premultiplied RGBA in [0, 1] at the pixels given, (T, 4, h, w), or alpha alone, (T, 1, h, w)."""
    x, y, across, up, shear = (value.view(-1, 1, 1) for value in (layer.x, layer.y, layer.across, layer.up, layer.shear))
    safe = torch.where(across.abs() < 0.5, torch.full_like(across, 0.5), across)
    if layer.angle is None:
        above = (y - rows) / up
        sideways = (columns - x - shear * above.clamp(0, 1)) / safe
    else:
        cosine, sine = torch.cos(layer.angle).view(-1, 1, 1), torch.sin(layer.angle).view(-1, 1, 1)
        right, down = columns - x, rows - (y - up / 2)
        above = 0.5 - (cosine * down - sine * right) / up
        sideways = (cosine * right + sine * down) / safe
    grid = torch.stack(torch.broadcast_tensors(sideways, 1 - 2 * above), dim=-1)
    drawings = layer.drawings[layer.drawing].float().div_(255)
    return F.grid_sample(drawings, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

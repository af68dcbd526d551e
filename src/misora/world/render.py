"""Turns scene programs into frames and dense truth, in batched torch on a CPU or a GPU.

A backdrop is painted from coordinates (once, when the camera is still); players and their cast shadows are
sprites sampled inside their bounding boxes only, which is what makes it fast. Any size, frame rate and length.
This module knows no captions and no network.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.shapes import VideoShape
from misora.world.assets import Atlas
from misora.world.cast import Facing, load_cast
from misora.world.light import Light, light_of
from misora.world.physics import CameraTrack, Track, camera_track, player_track
from misora.world.places import Backdrop, paint
from misora.world.program import CameraMove, Scene

FAR, MIDDLE, NEAR = 0.15, 0.5, 1.0
"""Share of the camera's travel that each parallax layer shows."""
PAINT_CHUNK = 4


@dataclass(frozen=True, slots=True)
class Rendering:
    """A clip and what is true of every pixel of it.

    Args:
        frames: uint8 sRGB, (T, H, W, 3).
        instance: 0 is background, i is ``scene.players[i - 1]``; uint8, (T, H, W).
        velocity: Pixels a frame to the right and downwards, per player; float32, (players, T, 2).
        depth: Distance order of each player, 0 nearest; (players,).
    """

    frames: Tensor
    instance: Tensor
    velocity: Tensor
    depth: Tensor


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the canvas to render, in pixels: training crops cost only their own size."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class _Placed:
    """One sprite layer over time, in pixels; every tensor is (T,).

    The sprite's square has its feet at (x, y); ``across`` is half its width, ``up`` its height, ``shear`` its
    sideways lean over the full height. A shadow has ``up`` below zero: it lies towards the viewer.
    """

    player: int
    x: Tensor
    y: Tensor
    across: Tensor
    up: Tensor
    shear: Tensor
    opacity: float
    is_shadow: bool


class Renderer:
    """Renders scenes with one sprite atlas on one device."""

    def __init__(self, atlas: Atlas, device: torch.device | str = "cpu") -> None:
        self.atlas = atlas
        self.device = torch.device(device)
        self._sprites = atlas.rgba.to(self.device)
        self._small = F.avg_pool2d(self._sprites.flatten(0, 1).float(), 2).round().to(torch.uint8).unflatten(0, self._sprites.shape[:2])

    def render(self, scene: Scene, shape: VideoShape, window: Window | None = None) -> Rendering:
        """Renders ``scene`` from time 0 at ``shape``'s size, rate and length; only ``window`` of it when given."""
        window = window or Window(0, 0, shape.height, shape.width)
        times = np.arange(shape.num_frames) / shape.fps
        camera = camera_track(scene.camera, times, scene)
        light = light_of(scene.place, scene.time)
        tracks = [player_track(player, times, scene) for player in scene.players]
        order = sorted(range(len(tracks)), key=lambda index: -scene.players[index].ground)
        image = self._backdrop(scene, shape, camera, light, window)
        instance = torch.zeros(image.shape[:3], dtype=torch.uint8, device=self.device)
        for index in order:
            placed = self._place(scene, shape, camera, tracks[index], index, light, shadow=True)
            self._draw(image, instance, placed, window, scene, times, light)
        for index in order:
            placed = self._place(scene, shape, camera, tracks[index], index, light, shadow=False)
            self._draw(image, instance, placed, window, scene, times, light)
        velocity = torch.stack([self._velocity(scene, shape, camera, track) for track in tracks])
        depth = torch.tensor([len(order) - 1 - order.index(index) for index in range(len(order))], device=self.device)
        return Rendering(image, instance, velocity, depth)

    def _array(self, values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)

    def _backdrop(self, scene: Scene, shape: VideoShape, camera: CameraTrack, light: Light, window: Window) -> Tensor:
        """Background, uint8 (T, H, W, 3), writable. A few frames at a time: what they need then stays in the cache."""
        if scene.camera.move is CameraMove.STATIC:
            return self._paint(scene, shape, camera, light, window, slice(0, 1)).expand(shape.num_frames, -1, -1, -1).contiguous()
        chunks = [slice(start, start + PAINT_CHUNK) for start in range(0, shape.num_frames, PAINT_CHUNK)]
        return torch.cat([self._paint(scene, shape, camera, light, window, chunk) for chunk in chunks])

    def _paint(self, scene: Scene, shape: VideoShape, camera: CameraTrack, light: Light, window: Window, chunk: slice) -> Tensor:
        camera_x, zoom = (self._array(values[chunk]).view(-1, 1, 1) for values in (camera.x, camera.zoom))
        columns = ((window.left + torch.arange(window.width, device=self.device) + 0.5 - shape.width / 2) / shape.height).view(1, 1, -1)
        rows = ((shape.height - 0.5 - window.top - torch.arange(window.height, device=self.device)) / shape.height).view(1, -1, 1)

        def layer(share: float) -> tuple[Tensor, Tensor]:
            layer_zoom = 1 + (zoom - 1) * (0.4 + 0.6 * share)
            return columns / layer_zoom + camera_x * share, (rows - scene.horizon) / layer_zoom + scene.horizon

        drop = Backdrop(
            layer(FAR), layer(MIDDLE), layer(NEAR), 1 / shape.height, scene.horizon, scene.sun_x, light, random.Random(scene.seed)
        )
        return to_bytes(paint(scene, drop).movedim(-3, -1))

    def _screen(self, scene: Scene, shape: VideoShape, camera: CameraTrack, x: np.ndarray, y: np.ndarray) -> tuple[Tensor, Tensor]:
        """Pixel position (right, down) of scene points."""
        across = (x - camera.x) * camera.zoom * shape.height + shape.width / 2
        down = (1 - scene.horizon - (y - scene.horizon) * camera.zoom) * shape.height
        return self._array(across), self._array(down)

    def _place(
        self, scene: Scene, shape: VideoShape, camera: CameraTrack, track: Track, index: int, light: Light, *, shadow: bool
    ) -> _Placed:
        player = scene.players[index]
        row = self.atlas.index(player.character)
        tall = player.size / float(self.atlas.height_fraction[row]) * track.scale * camera.zoom * shape.height
        facing = load_cast()[player.character].facing
        drawn = {Facing.LEFT: -1.0, Facing.RIGHT: 1.0}.get(facing, 0.0)
        mirror = -1.0 if track.heading and drawn and track.heading != drawn else 1.0
        across = self._array(tall * track.turn * mirror / 2)
        if not shadow:
            x, y = self._screen(scene, shape, camera, track.x, track.ground + track.lift)
            return _Placed(index, x, y, across, self._array(tall * track.squash), torch.zeros_like(x), 1.0, False)
        lean = np.clip((track.x - scene.sun_x) * 0.8, -0.8, 0.8)
        reach = light.shadow_length
        x, y = self._screen(scene, shape, camera, track.x + lean * reach * track.lift, track.ground - 0.25 * reach * track.lift)
        fade = light.shadow
        return _Placed(index, x, y, across, self._array(-tall * reach), self._array(lean * reach * tall), fade, True)

    def _velocity(self, scene: Scene, shape: VideoShape, camera: CameraTrack, track: Track) -> Tensor:
        x, y = self._screen(scene, shape, camera, track.x, track.ground + track.lift)
        position = torch.stack([x, y], dim=-1)
        return torch.diff(position, dim=0, append=2 * position[-1:] - position[-2:-1] if len(position) > 1 else position)

    def _frame_index(self, scene: Scene, index: int, times: np.ndarray) -> Tensor:
        """Which drawing of the animation cycle shows at each time."""
        player = scene.players[index]
        row = self.atlas.index(player.character)
        count, cycle = int(self.atlas.num_frames[row]), float(self.atlas.cycle_seconds[row])
        position = (times / cycle + player.phase) * count if cycle > 0 else np.zeros_like(times)
        return torch.as_tensor(np.floor(position).astype(np.int64) % count, device=self.device)

    def _draw(
        self, image: Tensor, instance: Tensor, placed: _Placed, window: Window, scene: Scene, times: np.ndarray, light: Light
    ) -> None:
        """Composites one sprite layer into ``image`` (T, H, W, 3) and ``instance`` (T, H, W), in place."""
        num_frames, height, width, _ = image.shape
        half = placed.across.abs() + placed.shear.abs()
        left = (placed.x - half).floor().long() - 1
        top = torch.minimum(placed.y, placed.y - placed.up).floor().long() - 1
        box_width, box_height = int((2 * half).max().ceil()) + 3, int(placed.up.abs().max().ceil()) + 3
        box_width, box_height = min(box_width, 2 * width), min(box_height, 2 * height)
        columns = left.view(-1, 1, 1) + torch.arange(box_width, device=self.device).view(1, 1, -1)
        rows = top.view(-1, 1, 1) + torch.arange(box_height, device=self.device).view(1, -1, 1)
        rgba = self._sample(placed, scene, times, columns + 0.5, rows + 0.5).movedim(1, -1)
        keep = 1 - rgba[..., 3:] * placed.opacity
        tint = 255 * torch.tensor(light.player_tint, device=self.device)
        colour = torch.zeros_like(keep) if placed.is_shadow else rgba[..., :3] * tint
        for frame in range(num_frames):
            y0, x0 = int(top[frame]) - window.top, int(left[frame]) - window.left
            ya, yb, xa, xb = max(y0, 0), min(y0 + box_height, height), max(x0, 0), min(x0 + box_width, width)
            if ya >= yb or xa >= xb:
                continue
            inside = (frame, slice(ya - y0, yb - y0), slice(xa - x0, xb - x0))
            target = image[frame, ya:yb, xa:xb]
            target.copy_((target * keep[inside]).add_(colour[inside]).add_(0.5).clamp_(0, 255))
            if not placed.is_shadow:
                instance[frame, ya:yb, xa:xb].masked_fill_(keep[inside][..., 0] < 0.5, placed.player + 1)

    def _sample(self, placed: _Placed, scene: Scene, times: np.ndarray, columns: Tensor, rows: Tensor) -> Tensor:
        """Premultiplied RGBA in [0, 1] of the sprite at the pixels given, (T, 4, h, w)."""
        x, y, across, up, shear = (value.view(-1, 1, 1) for value in (placed.x, placed.y, placed.across, placed.up, placed.shear))
        above = (y - rows) / up
        sideways = (columns - x - shear * above.clamp(0, 1)) / torch.where(across.abs() < 0.5, torch.full_like(across, 0.5), across)
        grid = torch.stack(torch.broadcast_tensors(sideways, 1 - 2 * above), dim=-1)
        row = self.atlas.index(scene.players[placed.player].character)
        small = float(placed.up.abs().median()) < 0.7 * self._small.shape[-1] or placed.is_shadow
        drawings = (self._small if small else self._sprites)[row]
        index = self._frame_index(scene, placed.player, times)
        return F.grid_sample(drawings[index].float().div_(255), grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def to_bytes(image: Tensor) -> Tensor:
    """[0, 1] to uint8, rounded."""
    return (image * 255).round_().clamp_(0, 255).to(torch.uint8)


def render_batch(renderer: Renderer, scenes: Sequence[Scene], shape: VideoShape) -> Tensor:
    """Frames of several scenes at one shape, uint8 (B, T, H, W, 3)."""
    return torch.stack([renderer.render(scene, shape).frames for scene in scenes])

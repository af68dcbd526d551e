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
from misora.world.compositing import Layer, Window, composite
from misora.world.light import Light, light_of
from misora.world.physics import Array, CameraTrack, Track, camera_track, player_track
from misora.world.places import Backdrop, paint
from misora.world.program import CameraMove, Player, Scene

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
        for shadow in (True, False):
            for index in order:
                composite(image, instance, self._layer(scene, shape, camera, tracks[index], index, light, times, shadow=shadow), window)
        velocity = torch.stack([self._velocity(scene, shape, camera, track) for track in tracks])
        depth = torch.tensor([len(order) - 1 - order.index(index) for index in range(len(order))], device=self.device)
        return Rendering(image, instance, velocity, depth)

    def _array(self, values: Array) -> Tensor:
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

    def _screen(self, scene: Scene, shape: VideoShape, camera: CameraTrack, x: Array, y: Array) -> tuple[Tensor, Tensor]:
        """Pixel position (right, down) of scene points."""
        across = (x - camera.x) * camera.zoom * shape.height + shape.width / 2
        down = (1 - scene.horizon - (y - scene.horizon) * camera.zoom) * shape.height
        return self._array(across), self._array(down)

    def _layer(
        self, scene: Scene, shape: VideoShape, camera: CameraTrack, track: Track, index: int, light: Light, times: Array, *, shadow: bool
    ) -> Layer:
        """The sprite of player ``index`` or its cast shadow, which lies towards the viewer and away from the sun."""
        player = scene.players[index]
        row = self.atlas.index(player.character)
        tall = player.size / float(self.atlas.height_fraction[row]) * track.scale * camera.zoom * shape.height
        across = self._array(tall * track.turn * _mirror(player, track) / 2)
        drawing = self._drawing(player, row, times)
        if not shadow:
            x, y = self._screen(scene, shape, camera, track.x, track.ground + track.lift)
            up = self._array(tall * track.squash)
            drawings = (self._small if self._is_small(up) else self._sprites)[row]
            return Layer(drawings, drawing, x, y, across, up, torch.zeros_like(x), None, light.player_tint, 1.0, index + 1)
        lean = np.clip((track.x - scene.sun_x) * 0.8, -0.8, 0.8)
        reach = light.shadow_length
        x, y = self._screen(scene, shape, camera, track.x + lean * reach * track.lift, track.ground - 0.25 * reach * track.lift)
        up, shear = self._array(-tall * reach), self._array(lean * reach * tall)
        return Layer(self._small[row][:, 3:], drawing, x, y, across, up, shear, None, (0.0, 0.0, 0.0), light.shadow, 0)

    def _is_small(self, up: Tensor) -> bool:
        """Whether half-size drawings are enough, and free of aliasing."""
        return bool(up.abs().median() < 0.7 * self._small.shape[-1])

    def _velocity(self, scene: Scene, shape: VideoShape, camera: CameraTrack, track: Track) -> Tensor:
        x, y = self._screen(scene, shape, camera, track.x, track.ground + track.lift)
        position = torch.stack([x, y], dim=-1)
        return torch.diff(position, dim=0, append=2 * position[-1:] - position[-2:-1] if len(position) > 1 else position)

    def _drawing(self, player: Player, row: int, times: Array) -> Tensor:
        """Which drawing of the animation cycle shows at each time."""
        count, cycle = int(self.atlas.num_frames[row]), float(self.atlas.cycle_seconds[row])
        position = (times / cycle + player.phase) * count if cycle > 0 else np.zeros_like(times)
        return torch.as_tensor(np.floor(position).astype(np.int64) % count, device=self.device)


def _mirror(player: Player, track: Track) -> float:
    """-1 where the drawing looks the other way than the player heads."""
    drawn = {Facing.LEFT: -1.0, Facing.RIGHT: 1.0}.get(load_cast()[player.character].facing, 0.0)
    return -1.0 if track.heading and drawn and track.heading != drawn else 1.0


def to_bytes(image: Tensor) -> Tensor:
    """[0, 1] to uint8, rounded."""
    return (image * 255).round_().clamp_(0, 255).to(torch.uint8)


def render_batch(renderer: Renderer, scenes: Sequence[Scene], shape: VideoShape) -> Tensor:
    """Frames of several scenes at one shape, uint8 (B, T, H, W, 3)."""
    return torch.stack([renderer.render(scene, shape).frames for scene in scenes])

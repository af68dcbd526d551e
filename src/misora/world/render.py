"""Turns scene programs into frames and dense truth, in batched torch on a CPU or a GPU.

A backdrop is painted from coordinates (once, when the camera is still); players with their cast shadows and reflections
are sprites sampled inside their bounding boxes only, which is what makes it fast. Any size, frame rate and length.
This module knows no captions and no network.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.layout import FAR, MIDDLE, NEAR
from misora.base.shapes import VideoShape
from misora.world.assets import Atlas
from misora.world.camera import camera_track
from misora.world.cast import Facing, load_cast
from misora.world.compositing import Layer, Window, composite
from misora.world.duets import scene_tracks
from misora.world.light import Light, light_of
from misora.world.physics import Array, Track
from misora.world.places import Backdrop, paint
from misora.world.program import CameraMove, Film, Place, Player, Scene, Weather
from misora.world.recolour import recoloured
from misora.world.terrain import SHORE
from misora.world.view import View
from misora.world.weather import add_weather

PAINT_CHUNK = 4
BLACK = (0.0, 0.0, 0.0)
WATER_TINT = (0.75, 0.88, 0.95)
WET_STREETS = frozenset({Place.CITY, Place.NEON_CITY, Place.ROAD})


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
        tracks = scene_tracks(scene, times)
        view = View(shape, camera_track(scene, times, tracks[0]), scene.horizon, self.device)
        light = light_of(scene.place, scene.time, scene.weather)
        order = draw_order(scene, tracks)
        image = self._backdrop(scene, view, light, window)
        instance = torch.zeros(image.shape[:3], dtype=torch.uint8, device=self.device)
        bodies = [self._body(scene, view, track, index, light, times) for index, track in enumerate(tracks)]
        for index in order[:, 0].tolist():
            for layer in self._cast(scene, view, tracks[index], bodies[index], light):
                composite(image, instance, layer, window)
        for rank in order:
            for index in np.unique(rank).tolist():
                frames = None if (rank == index).all() else torch.as_tensor(np.flatnonzero(rank == index))
                composite(image, instance, bodies[index], window, frames)
        add_weather(image, scene, light, shape, window)
        velocity = torch.stack([_velocity(view, track) for track in tracks])
        depth = torch.as_tensor(np.argsort(order[::-1, 0]).copy(), device=self.device)
        return Rendering(image, instance, velocity, depth)

    def render_film(self, film: Film, shape: VideoShape) -> list[Rendering]:
        """One rendering a shot, together ``shape.num_frames`` long; a cut lies between any two."""
        lengths = shot_lengths(film, shape)
        return [self.render(shot, replace(shape, num_frames=length)) for shot, length in zip(film.shots, lengths, strict=True)]

    def _backdrop(self, scene: Scene, view: View, light: Light, window: Window) -> Tensor:
        """Background, uint8 (T, H, W, 3), writable. A few frames at a time: what they need then stays in the cache."""
        num_frames = view.shape.num_frames
        if scene.camera.move is CameraMove.STATIC:
            return self._paint(scene, view, light, window, slice(0, 1)).expand(num_frames, -1, -1, -1).contiguous()
        chunks = [slice(start, start + PAINT_CHUNK) for start in range(0, num_frames, PAINT_CHUNK)]
        return torch.cat([self._paint(scene, view, light, window, chunk) for chunk in chunks])

    def _paint(self, scene: Scene, view: View, light: Light, window: Window, chunk: slice) -> Tensor:
        far, middle, near = (view.layer(share, window, chunk) for share in (FAR, MIDDLE, NEAR))
        drop = Backdrop(far, middle, near, 1 / view.shape.height, scene.horizon, scene.sun_x, light, random.Random(scene.seed))
        return to_bytes(paint(scene, drop).movedim(-3, -1))

    def _body(self, scene: Scene, view: View, track: Track, index: int, light: Light, times: Array) -> Layer:
        """The sprite of player ``index``."""
        player = scene.players[index]
        row = self.atlas.index(player.character)
        tall = player.size / float(self.atlas.height_fraction[row]) * track.scale * view.zoom(track.ground) * view.shape.height
        x, y = view.screen(track.x, track.ground, track.lift)
        up = view.tensor(tall * track.squash)
        drawings = (self._small if up.abs().median() < 0.7 * self._small.shape[-1] else self._sprites)[row]
        return Layer(
            drawings=recoloured(drawings, player.colour) if player.colour else drawings,
            drawing=self._drawing(player, row, times),
            x=x,
            y=y,
            across=view.tensor(tall * track.turn * mirrored(player, track) / 2),
            up=up,
            shear=torch.zeros_like(x),
            angle=None if track.angle is None else view.tensor(track.angle),
            tint=light.player_tint,
            opacity=1.0,
            label=index + 1,
        )

    def _cast(self, scene: Scene, view: View, track: Track, body: Layer, light: Light) -> list[Layer]:
        """What a player throws on the ground: its shadow, or on water and wet streets its reflection."""
        player = scene.players[body.label - 1]
        layers = []
        if scene.place is Place.LAKE and track.ground[0] > SHORE:
            return [_reflection(view, track, body, 0.34)]
        if scene.place in WET_STREETS and (scene.weather is Weather.RAIN or scene.place is Place.NEON_CITY):
            layers.append(_reflection(view, track, body, 0.22))
        return [*layers, self._shadow(scene, view, track, body, light, player)] if light.shadow else layers

    def _shadow(self, scene: Scene, view: View, track: Track, body: Layer, light: Light, player: Player) -> Layer:
        """It lies towards the viewer and away from the sun, and parts from the feet when they leave the ground."""
        row = self.atlas.index(player.character)
        tall = player.size / float(self.atlas.height_fraction[row]) * track.scale * view.zoom(track.ground) * view.shape.height
        lean = np.clip((track.x - scene.sun_x) * 0.8, -0.8, 0.8)
        reach = light.shadow_length
        x, y = view.screen(track.x + lean * reach * track.lift, track.ground - 0.25 * reach * track.lift, np.zeros_like(lean))
        up, shear = view.tensor(-tall * reach), view.tensor(lean * reach * tall)
        drawings = self._small[row][:, 3:]
        return replace(body, drawings=drawings, x=x, y=y, up=up, shear=shear, angle=None, tint=BLACK, opacity=light.shadow, label=0)

    def _drawing(self, player: Player, row: int, times: Array) -> Tensor:
        """Which drawing of the animation cycle shows at each time."""
        count, cycle = int(self.atlas.num_frames[row]), float(self.atlas.cycle_seconds[row])
        position = (times / cycle + player.phase) * count if cycle > 0 else np.zeros_like(times)
        return torch.as_tensor(np.floor(position).astype(np.int64) % count, device=self.device)


def draw_order(scene: Scene, tracks: Sequence[Track]) -> np.ndarray:
    """Indices of the players from far to near in each frame, (players, T); the small tier keeps the order of its program."""
    if scene.tier == "small":
        fixed = sorted(range(len(tracks)), key=lambda index: -scene.players[index].ground)
        return np.repeat(np.array(fixed)[:, None], len(tracks[0].x), axis=1)
    return np.argsort([-track.ground for track in tracks], axis=0, kind="stable")


def shot_lengths(film: Film, shape: VideoShape) -> list[int]:
    """Frames of each shot, in proportion to its seconds and together exactly ``shape.num_frames``; one at least."""
    ends = np.cumsum([shot.seconds for shot in film.shots]) / film.seconds * shape.num_frames
    return [max(int(length), 1) for length in np.diff(np.round(ends), prepend=0)]


def mirrored(player: Player, track: Track) -> Array:
    """-1 where the drawing looks the other way than the player heads, (T,)."""
    drawn = {Facing.LEFT: -1.0, Facing.RIGHT: 1.0}.get(load_cast("full")[player.character].facing, 0.0)
    return np.where((track.heading != 0) & (drawn != 0) & (np.sign(track.heading) != drawn), -1.0, 1.0)


def _reflection(view: View, track: Track, body: Layer, opacity: float) -> Layer:
    """The sprite upside down below its foot point, a little flattened."""
    x, y = view.screen(track.x, track.ground, -0.85 * track.lift)
    angle = None if body.angle is None else -body.angle
    return replace(body, x=x, y=y, up=-0.85 * body.up, angle=angle, tint=WATER_TINT, opacity=opacity, label=0)


def _velocity(view: View, track: Track) -> Tensor:
    position = torch.stack(view.screen(track.x, track.ground, track.lift), dim=-1)
    return torch.diff(position, dim=0, append=2 * position[-1:] - position[-2:-1] if len(position) > 1 else position)


def to_bytes(image: Tensor) -> Tensor:
    """[0, 1] to uint8, rounded."""
    return (image * 255).round_().clamp_(0, 255).to(torch.uint8)


def render_batch(renderer: Renderer, scenes: Sequence[Scene], shape: VideoShape) -> Tensor:
    """Frames of several scenes at one shape, uint8 (B, T, H, W, 3)."""
    return torch.stack([renderer.render(scene, shape).frames for scene in scenes])

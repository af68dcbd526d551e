"""The layout of a film: where its players and its camera really are, in the units of ``base.layout``. Renders nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from misora.base.layout import BOX, CAMERA, GROUND, HEIGHT, MOMENTS, TURN, Layout, X, Y, moments_of
from misora.base.shapes import SPACE_STRIDE, TIME_STRIDE, VideoShape, latent_frames
from misora.world.camera import camera_track
from misora.world.duets import scene_tracks
from misora.world.program import Film, Scene
from misora.world.render import mirrored, shot_lengths
from misora.world.view import View


class Measured(NamedTuple):
    """One shot, picture by picture: classes (P,), boxes (T, P, 5), the camera's way and log magnification (T, 2)."""

    who: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float32]
    camera: npt.NDArray[np.float32]


def film_layout(film: Film, shape: VideoShape, ids: Sequence[str], slots: int) -> Layout:
    """Where everybody is in ``film`` at ``shape``; a latent frame with a cut in it shows what comes after.

    Args:
        ids: Characters in the order of their classes, which begin at 1.
        slots: Players that the layout has room for; they are ordered by class.
    """
    lengths = shot_lengths(film, shape)
    shots = [measure(shot, replace(shape, num_frames=length), ids, slots) for shot, length in zip(film.shots, lengths, strict=True)]
    starts = np.cumsum([0, *lengths[:-1]])
    count = latent_frames(shape.num_frames)
    layout = Layout(
        np.zeros((count, slots), np.int64), np.zeros((count, slots, MOMENTS, BOX), np.float32), np.zeros((count, CAMERA), np.float32)
    )
    for index in range(count):
        pictures = moments_of(index)
        number = int(np.searchsorted(starts, pictures[-1], side="right")) - 1
        shot = shots[number]
        local = np.maximum(np.array(pictures) - starts[number], 0)
        layout.who[index] = shot.who
        layout.boxes[index] = shot.boxes[local].swapaxes(0, 1)
        layout.camera[index] = speed(shot.camera, int(local[0]), shape.fps)
    return layout


def measure(scene: Scene, shape: VideoShape, ids: Sequence[str], slots: int) -> Measured:
    """Every picture of one shot."""
    times = np.arange(shape.num_frames) / shape.fps
    tracks = scene_tracks(scene, times)
    camera = camera_track(scene, times, tracks[0])
    view = View(shape, camera, scene.horizon, torch.device("cpu"))
    who, boxes = np.zeros(slots, np.int64), np.zeros((shape.num_frames, slots, BOX), np.float32)
    order = sorted(range(len(tracks)), key=lambda index: ids.index(scene.players[index].character))[:slots]
    for slot, index in enumerate(order):
        player, track = scene.players[index], tracks[index]
        tall = player.size * track.scale * view.zoom(track.ground) * track.squash * shape.height
        right, down = (values.numpy() for values in view.screen(track.x, track.ground, track.lift))
        who[slot] = 1 + ids.index(player.character)
        ground = view.screen(track.x, track.ground, np.zeros_like(track.lift))[1].numpy()
        boxes[:, slot, X] = (right - shape.width / 2) / SPACE_STRIDE
        boxes[:, slot, Y] = (down - (tall + shape.height) / 2) / SPACE_STRIDE
        boxes[:, slot, HEIGHT] = tall / SPACE_STRIDE
        boxes[:, slot, TURN] = track.turn * mirrored(player, track)
        boxes[:, slot, GROUND] = (ground - shape.height / 2) / SPACE_STRIDE
    way = np.stack([camera.x * shape.height / SPACE_STRIDE, np.log(camera.zoom)], axis=1)
    return Measured(who, boxes, way.astype(np.float32))


def speed(way: npt.NDArray[np.float32], start: int, fps: float) -> npt.NDArray[np.float32]:
    """How fast the camera goes over the pictures of a latent frame that begins at ``start``."""
    stop = min(start + TIME_STRIDE - 1, len(way) - 1)
    if stop <= start:
        return np.zeros(CAMERA, np.float32)
    change: npt.NDArray[np.float32] = (way[stop] - way[start]) * (fps / (stop - start))
    return change

"""Where the camera is at each moment of a scene. NumPy only; knows no pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from misora.world.physics import Array, Track, player_track
from misora.world.program import CameraMove, Scene

DEEP_MOVES = frozenset({CameraMove.DOLLY_IN, CameraMove.DOLLY_OUT, CameraMove.TRUCK_LEFT, CameraMove.TRUCK_RIGHT})
"""The camera itself moves, so near things pass faster than far ones."""
SHAKES = ((7.3, 0.0), (11.9, 1.3), (17.7, 4.1))
"""(hertz, phase) of the sines that a hand-held camera trembles with."""


@dataclass(frozen=True, slots=True)
class CameraTrack:
    """Camera over time, (T,) each.

    Args:
        x: The scene point in the middle of the view.
        zoom: Its magnification.
        y: How far it looks up, view heights.
        rise: Its height above the ground, 1 at rest: what lies on the ground sinks as it grows.
        is_deep: Whether near things move more than far ones (a dolly, a truck).
    """

    x: Array
    zoom: Array
    y: Array
    rise: Array
    is_deep: bool = False

    @property
    def is_still(self) -> bool:
        return all(bool(np.all(values == values[0])) for values in (self.x, self.zoom, self.y, self.rise))


def camera_track(scene: Scene, times: Array, first: Track | None = None) -> CameraTrack:
    """Camera at ``times`` (T,); a following one keeps the first player's travel at the middle of the view.

    Args:
        first: Track of the first player; None works it out by the small tier's rules.
    """
    first = player_track(scene.players[0], times, scene) if first is None else first
    x, zoom, y, rise = np.zeros_like(times), np.ones_like(times), np.zeros_like(times), np.ones_like(times)
    camera = scene.camera
    # In the full tier a sideways move passes its middle half way through, so that nobody is left behind.
    since = times - (scene.seconds / 2 if scene.tier == "full" else 0.0)
    match camera.move:
        case CameraMove.PAN_LEFT | CameraMove.TRUCK_LEFT:
            x = -camera.amount * since
        case CameraMove.PAN_RIGHT | CameraMove.TRUCK_RIGHT:
            x = camera.amount * since
        case CameraMove.ZOOM_IN | CameraMove.DOLLY_IN:
            zoom = np.exp(camera.amount * times)
        case CameraMove.ZOOM_OUT | CameraMove.DOLLY_OUT:
            zoom = np.exp(camera.amount * (scene.seconds - times))
        case CameraMove.FOLLOW:
            x = first.x - scene.players[0].x
        case CameraMove.TILT_UP:
            y = camera.amount * times
        case CameraMove.TILT_DOWN:
            y = camera.amount * (scene.seconds - times)
        case CameraMove.CRANE_UP:
            rise = np.exp(camera.amount * times)
        case CameraMove.SHAKE:
            x = 0.5 * camera.amount * np.sum([np.sin(2 * np.pi * hertz * times + phase) for hertz, phase in SHAKES], axis=0)
            y = 0.5 * camera.amount * np.sum([np.cos(2 * np.pi * 0.9 * hertz * times + phase) for hertz, phase in SHAKES], axis=0)
        case CameraMove.STATIC:
            pass
    return CameraTrack(x, zoom, y, rise, camera.move in DEEP_MOVES)

"""From scene coordinates to pixels and back: where the camera puts points, and what each pixel looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from misora.base.layout import NEAR
from misora.base.shapes import VideoShape
from misora.world.camera import CameraTrack
from misora.world.compositing import Window
from misora.world.physics import Array

USUAL_GROUND = 0.2
"""Height on the ground plane at which a deep camera's travel and zoom are what its track says, in view heights."""


@dataclass(frozen=True, slots=True)
class View:
    """One camera over one clip; ``horizon`` in view heights."""

    shape: VideoShape
    camera: CameraTrack
    horizon: float
    device: torch.device

    def tensor(self, values: Array) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)

    def zoom(self, ground: Array) -> Array:
        """Magnification at the depth of ``ground`` (T,): a deep camera has come nearer to everything by the same way."""
        return 1 / (1 - self._advance * self._below(ground)) if self.camera.is_deep else self.camera.zoom

    @property
    def _advance(self) -> Array:
        """How far a dolly has come, (T,), in the inverse of view heights: depth is the inverse of the height below the horizon."""
        return (1 - 1 / self.camera.zoom) / (self.horizon - USUAL_GROUND)

    def _below(self, ground: Array) -> Array:
        return np.maximum(self.horizon - ground, 0)

    def screen(self, x: Array, ground: Array, lift: Array) -> tuple[Tensor, Tensor]:
        """Pixel position (right, down) of points ``lift`` above the ground plane; all (T,)."""
        camera, shape = self.camera, self.shape
        travel = camera.x * self._below(ground) / self._below(np.array(USUAL_GROUND)) if camera.is_deep else camera.x
        across = (x - travel) * self.zoom(ground) * shape.height + shape.width / 2
        risen = self.horizon - (self.horizon - ground) * camera.rise if np.any(camera.rise != 1) else ground
        down = (1 - self.horizon - (risen + lift - self.horizon) * self.zoom(ground)) * shape.height
        return self.tensor(across), self.tensor(down + camera.y * shape.height if np.any(camera.y) else down)

    def layer(self, share: float, window: Window, frames: slice) -> tuple[Tensor, Tensor]:
        """Scene (x, y) that the pixels of ``window`` see in a parallax layer, each broadcastable to (T, H, W)."""
        shape, camera = self.shape, self.camera
        x, zoom, y, rise = (self.tensor(values[frames]).view(-1, 1, 1) for values in (camera.x, camera.zoom, camera.y, camera.rise))
        columns = ((window.left + torch.arange(window.width, device=self.device) + 0.5 - shape.width / 2) / shape.height).view(1, 1, -1)
        rows = ((shape.height - 0.5 - window.top - torch.arange(window.height, device=self.device)) / shape.height).view(1, -1, 1)
        if bool((y != 0).any()):
            rows = rows + y
        layer_zoom = 1 + (zoom - 1) * (share if camera.is_deep else 0.4 + 0.6 * share)
        seen_y = (rows - self.horizon) / layer_zoom + self.horizon
        if bool((rise != 1).any()):
            seen_y = torch.where(seen_y < self.horizon, self.horizon - (self.horizon - seen_y) / rise, seen_y)
        if camera.is_deep and share == NEAR:
            below = (self.horizon - rows).clamp(min=0)
            near_zoom = 1 + self.tensor(self._advance[frames]).view(-1, 1, 1) * below
            seen_x = columns / near_zoom + x * (below / near_zoom) / (self.horizon - USUAL_GROUND)
            return seen_x, self.horizon + (rows - self.horizon) / near_zoom
        return columns / layer_zoom + x * share, seen_y

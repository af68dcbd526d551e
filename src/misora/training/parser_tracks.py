"""Simulated tracks: what players and camera would be read as, straight from scene programs, without rendering a pixel.

A player's box is its silhouette's, cut at the edges of the view; then come the errors that a frame network makes: jitter, misses,
a camera that is read a little wrong. Thousands of these cost what one rendered clip costs.
"""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Tensor

from misora.models.parser.config import RATE, ParserConfig
from misora.models.parser.track_network import (
    camera_input,
    camera_numbers,
    clock_numbers,
    motion_input,
    player_numbers,
)
from misora.models.parser.tracks import Track
from misora.world.assets import Atlas
from misora.world.camera import camera_track
from misora.world.physics import player_track
from misora.world.program import Scene

MIN_VISIBLE = 0.02
"""Least visible side in view heights for a player to be seen."""


def simulate_track(scene: Scene, index: int, atlas: Atlas, num_frames: int, aspect: float) -> Track:
    """The box of player ``index`` at the parser's rate, as far as it is in view; occlusion is left out."""
    player, times = scene.players[index], np.arange(num_frames) / RATE
    track, camera = player_track(player, times, scene), camera_track(scene, times)
    row = atlas.index(player.character)
    fraction = float(atlas.width_fraction[row]) / float(atlas.height_fraction[row])
    tall = player.size * track.scale * camera.zoom
    bottom = scene.horizon + (track.ground + track.lift - scene.horizon) * camera.zoom
    x = (track.x - camera.x) * camera.zoom
    half = tall * np.maximum(np.abs(track.turn), 0.05) * fraction / 2
    left, right = np.maximum(x - half, -aspect / 2), np.minimum(x + half, aspect / 2)
    low, high = np.maximum(bottom, 0), np.minimum(bottom + tall * track.squash, 1)
    seen = (right - left > MIN_VISIBLE) & (high - low > MIN_VISIBLE)
    wide, high_side = np.maximum(right - left, 1e-3), np.maximum(high - low, 1e-3)
    middle, bottom_side, tall_side, wide_side = (torch.from_numpy(value).float() for value in ((left + right) / 2, low, high_side, wide))
    cells = torch.from_numpy(wide * high_side).float() * 100
    return Track(cells, middle, bottom_side, tall_side, wide_side, torch.from_numpy(seen))


def blur_track(track: Track, rng: torch.Generator, level: float) -> Track:
    """``track`` as a frame network might read it; ``level`` 1 is a poor clip."""

    def noise(scale: float) -> Tensor:
        slow = torch.randn(1, generator=rng) * scale / 2
        return torch.randn(track.x.shape, generator=rng) * scale * level + slow * level

    missed = torch.rand(track.x.shape, generator=rng) < 0.04 * level
    tall = track.height * (1 + noise(0.05)).clamp(min=0.5)
    return Track(
        track.mass,
        track.x + noise(0.012),
        track.y + noise(0.012),
        tall,
        track.width * (1 + noise(0.08)).clamp(min=0.4),
        track.seen & ~missed,
    )


def blur_camera(camera: Tensor, rng: torch.Generator, level: float) -> Tensor:
    """Camera readings (T, 2) with errors and a slight bias."""
    spread = torch.tensor([0.006, 0.004]) * level
    return camera + torch.randn(camera.shape, generator=rng) * spread + torch.randn(2, generator=rng) * spread / 3


def track_inputs(tracks: list[Track], camera: Tensor, config: ParserConfig, rng: random.Random) -> tuple[list[Tensor], Tensor]:
    """What the track networks read: one sequence a player, and one for the camera's move with the players in any order."""
    numbers, clock = camera_numbers(camera), clock_numbers(len(camera), RATE)
    players = [player_numbers(track) for track in tracks]
    shuffled = rng.sample(players, len(players))
    return [motion_input(player, numbers, clock) for player in players], camera_input(shuffled, numbers, clock, config.max_players)

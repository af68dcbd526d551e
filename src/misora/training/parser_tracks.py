"""Simulated tracks: what players and background would be read as, straight from scene programs, without rendering a pixel.

A player's box is its silhouette's, cut at the edges of the view and hidden by whoever stands before it; then come the errors that a frame
network makes: jitter, misses, a background that is read a little wrong. Thousands of these cost what one rendered clip costs.
"""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from misora.models.parser.background import background_numbers
from misora.models.parser.config import RATE, ParserConfig
from misora.models.parser.track_network import camera_input, clock_numbers, motion_input, player_numbers
from misora.models.parser.tracks import Track
from misora.world.assets import Atlas
from misora.world.camera import camera_track
from misora.world.duets import scene_tracks
from misora.world.physics import Track as Course
from misora.world.program import Scene

MIN_VISIBLE = 0.02
"""Least visible side in view heights for a player to be seen."""
HIDDEN = 0.65
"""Share of its box behind another's at which a player is not seen any more."""
SHARES = ((0.1, 0.45), (0.2, 0.8), (0.5, 1.0), (0.2, 0.7))
"""(least, most) share of the camera's travel that each band of the background shows."""
WILD = (0.1, 0.15, 0.3, 0.08)
"""How often a band is misread all through a clip: waves, lights, ground without texture."""


def simulate_tracks(scene: Scene, atlas: Atlas, num_frames: int, aspect: float) -> list[Track]:
    """The boxes of all players at the parser's rate, as far as they are in view and not hidden."""
    times = np.arange(num_frames) / RATE
    courses = scene_tracks(scene, times)
    boxes = [simulate_track(scene, index, atlas, courses, aspect) for index in range(len(scene.players))]
    depths = [torch.from_numpy(np.asarray(course.ground)) for course in courses]
    return [
        _hidden(box, [(other, depths[number] < depths[index]) for number, other in enumerate(boxes) if number != index])
        for index, box in enumerate(boxes)
    ]


def simulate_track(scene: Scene, index: int, atlas: Atlas, courses: list[Course], aspect: float) -> Track:
    """The box of player ``index`` as if it were alone; ``courses`` are all players' ways in the scene."""
    player, track = scene.players[index], courses[index]
    camera = camera_track(scene, np.arange(len(track.x)) / RATE, courses[0])
    row = atlas.index(player.character)
    fraction = float(atlas.width_fraction[row]) / float(atlas.height_fraction[row])
    tall = player.size * track.scale * camera.zoom
    bottom = scene.horizon + (track.ground + track.lift - scene.horizon) * camera.zoom - camera.y
    x = (track.x - camera.x) * camera.zoom
    half = tall * np.maximum(np.abs(track.turn), 0.05) * fraction / 2
    left, right = np.maximum(x - half, -aspect / 2), np.minimum(x + half, aspect / 2)
    low, high = np.maximum(bottom, 0), np.minimum(bottom + tall * track.squash, 1)
    seen = (right - left > MIN_VISIBLE) & (high - low > MIN_VISIBLE)
    wide, high_side = np.maximum(right - left, 1e-3), np.maximum(high - low, 1e-3)
    middle, bottom_side, tall_side, wide_side = (torch.from_numpy(value).float() for value in ((left + right) / 2, low, high_side, wide))
    cells = torch.from_numpy(wide * high_side).float() * 100
    return Track(cells, middle, bottom_side, tall_side, wide_side, torch.from_numpy(seen))


def _hidden(track: Track, others: list[tuple[Track, Tensor]]) -> Track:
    """``track`` without the moments at which one of ``others`` hides it; with each comes when it is nearer, (T,)."""
    seen = track.seen
    for other, nearer in others:
        across = torch.minimum(track.x + track.width / 2, other.x + other.width / 2) - torch.maximum(
            track.x - track.width / 2, other.x - other.width / 2
        )
        along = torch.minimum(track.y + track.height, other.y + other.height) - torch.maximum(track.y, other.y)
        share = across.clamp(min=0) * along.clamp(min=0) / (track.width * track.height)
        seen = seen & ~(nearer & other.seen & (share > HIDDEN))
    return replace(track, seen=seen)


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


def simulate_background(scene: Scene, num_frames: int, rng: torch.Generator, level: float) -> Tensor:
    """What ``background_motion`` might say, (T, bands, 4): each band shows its share of the camera's way, with errors."""
    moves = camera_moves(scene, num_frames)
    bands = []
    for (least, most), wild in zip(SHARES, WILD, strict=True):
        share = least + (most - least) * torch.rand(1, generator=rng)
        misread = torch.rand(1, generator=rng) < wild
        spread = torch.tensor([0.002, 0.001, 0.003]) * level + torch.tensor([0.03, 0.01, 0.03]) * misread
        read = moves * torch.cat([share, torch.ones(1), 0.4 + 0.6 * share])
        read = read + torch.randn(read.shape, generator=rng) * spread + torch.randn(3, generator=rng) * spread / 2
        confidence = 1 - 0.3 * torch.rand(1, generator=rng) * (0.2 + misread)
        bands.append(torch.cat([read, confidence.expand(num_frames, 1)], dim=1))
    return torch.stack(bands, dim=1)


def camera_moves(scene: Scene, num_frames: int) -> Tensor:
    """View heights that the camera went to the right and up, and growth in log zoom, since the frame before, (T, 3); the first repeats."""
    camera = camera_track(scene, np.arange(num_frames) / RATE, scene_tracks(scene, np.arange(num_frames) / RATE)[0])
    steps = np.stack([np.diff(camera.x) * camera.zoom[1:], np.diff(camera.y), np.diff(np.log(camera.zoom))], axis=1)
    return torch.from_numpy(np.concatenate([steps[:1], steps])).float()


def track_inputs(tracks: list[Track], motion: Tensor, config: ParserConfig, rng: random.Random) -> tuple[list[Tensor], Tensor]:
    """What the track networks read: one sequence a player, and one for the camera's move with the players in any order."""
    numbers, clock = background_numbers(motion), clock_numbers(len(motion), RATE)
    players = [player_numbers(track) for track in tracks]
    shuffled = rng.sample(players, len(players))
    return [motion_input(player, numbers, clock) for player in players], camera_input(shuffled, numbers, clock, config.max_players)

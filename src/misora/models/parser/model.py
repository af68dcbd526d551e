"""The parser: a frame network finds players and place, the background's motion is measured, track networks read what both do.

Position, size and the background's motion pass between them as plain numbers. So what makes an action is learnt from tracks, which can be
simulated by the million, and each step can be looked at.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.models.parser.background import BANDS, background_motion, background_numbers
from misora.models.parser.config import GAP_SECONDS, RATE, ParserConfig
from misora.models.parser.frame_network import FrameNetwork, FrameReading
from misora.models.parser.reading import ClipReading, PlayerReading, Shares
from misora.models.parser.track_network import (
    MOTION_INPUTS,
    TrackNetwork,
    camera_input,
    camera_inputs,
    clock_numbers,
    motion_input,
    player_numbers,
)
from misora.models.parser.tracks import Found, find_players

FRAMES_AT_ONCE = 32
"""Frames read in one pass, so that memory does not grow with the clip."""


class Parser(nn.Module):
    """Clips to ``ClipReading``."""

    def __init__(self, config: ParserConfig) -> None:
        super().__init__()
        self.config = config
        self.frames = FrameNetwork(config)
        self.motion = TrackNetwork(MOTION_INPUTS, config.track_dim, len(config.actions) + len(config.directions))
        self.camera = TrackNetwork(camera_inputs(config.max_players), config.track_dim, len(config.cameras))

    @torch.no_grad()
    def read(self, frames: np.ndarray | Tensor, fps: float) -> ClipReading:
        """Reads a clip.

        Args:
            frames: (T, H, W, 3) uint8 sRGB of any size and length; one frame is a still, which has no action to read.
            fps: Its rate, at least 4.
        """
        canvas = to_canvas(torch.as_tensor(frames), fps, self.config)
        reading = self.read_frames(canvas)
        height, width = canvas.shape[-2:]
        found = find_players(reading, height, width, self.config.max_players)
        return self.conclude(reading, found, background_motion(canvas, free_cells(reading)))

    def read_frames(self, canvas: Tensor) -> FrameReading:
        """Reads every frame of one clip, (T, 3, H, W) in [-1, 1] at ``RATE``."""
        weight = self.frames.enter.weight
        canvas = canvas.to(weight.device)
        earlier = canvas[earlier_index(len(canvas))]
        pieces = [
            self.frames(frame.to(weight.dtype), before.to(weight.dtype))
            for frame, before in zip(canvas.split(FRAMES_AT_ONCE), earlier.split(FRAMES_AT_ONCE), strict=True)
        ]
        return FrameReading(*(torch.cat(parts) for parts in zip(*pieces, strict=True)))

    def conclude(self, reading: FrameReading, found: list[Found], motion: Tensor) -> ClipReading:
        """What the clip shows, from its frames' readings, the players in them and the background's ``motion`` (T, bands, 4)."""
        background, clock = background_numbers(motion), clock_numbers(len(motion), RATE, motion.device)
        players = [player_numbers(player.track) for player in found]
        weight = self.camera.enter.weight
        moves = self.camera(camera_input(players, background, clock, self.config.max_players).unsqueeze(0).to(weight.dtype))
        return ClipReading(
            place=self._shares(self.config.places, reading.place.log_softmax(1).mean(0)),
            time=self._shares(self.config.times, reading.time.log_softmax(1).mean(0)),
            weather=self._shares(self.config.weathers, reading.weather.log_softmax(1).mean(0)),
            camera=self._shares(self.config.cameras, moves[0]),
            cuts=cut_seconds(reading.cut),
            players=tuple(
                self._player(player, motion_input(numbers, background, clock)) for player, numbers in zip(found, players, strict=True)
            ),
            camera_travel=camera_travel(motion),
            features=reading.features.mean(0),
            rate=RATE,
        )

    def _player(self, found: Found, numbers: Tensor) -> PlayerReading:
        logits = self.motion(numbers.unsqueeze(0).to(self.motion.enter.weight.dtype))[0]
        action, direction = logits.split([len(self.config.actions), len(self.config.directions)])
        character = dict(zip(self.config.characters, found.characters.tolist(), strict=True))
        return PlayerReading(
            character=character,
            action=self._shares(self.config.actions, action),
            direction=self._shares(self.config.directions, direction),
            colour=dict(zip(self.config.colours, found.colours.tolist(), strict=True)),
            track=found.track,
        )

    def _shares(self, names: tuple[str, ...], logits: Tensor) -> Shares:
        return dict(zip(names, logits.float().softmax(0).tolist(), strict=True))


def to_canvas(frames: Tensor, fps: float, config: ParserConfig) -> Tensor:
    """Frames (T, H, W, 3) uint8 at ``fps`` as the parser looks at them: (t, 3, h, w) in [-1, 1] at ``RATE``."""
    chosen = frames[looked_at(len(frames), fps)].movedim(-1, 1).float().div_(127.5).sub_(1)
    size = config.canvas(*frames.shape[1:3])
    return F.interpolate(chosen, size=size, mode="bilinear", antialias=True, align_corners=False).clamp_(-1, 1)


def looked_at(num_frames: int, fps: float) -> Tensor:
    """Which of a clip's frames the parser looks at, (t,)."""
    count = max(1, round(num_frames / fps * RATE))
    return (torch.arange(count) * fps / RATE).round().long().clamp(max=num_frames - 1)


def earlier_index(num_frames: int) -> Tensor:
    """Which frame lies ``GAP_SECONDS`` before each, (T,); the first frames look at the first."""
    return (torch.arange(num_frames) - round(GAP_SECONDS * RATE)).clamp(min=0)


def free_cells(reading: FrameReading) -> Tensor:
    """How likely each cell is free of players, (T, h, w)."""
    return reading.cells.softmax(1)[:, 0]


def camera_travel(motion: Tensor) -> Tensor:
    """What the whole picture shows of the camera's way in a quarter second, (T, 2): view heights to the right, growth in log zoom.

    Far layers pass slower than the camera goes, so the way is a share of the true one, the same all through a clip.
    """
    whole = motion[:, BANDS.index((0.0, 1.0))]
    return torch.stack([whole[:, 0], whole[:, 2]], dim=1) * GAP_SECONDS * RATE


def cut_seconds(logits: Tensor) -> tuple[float, ...]:
    """When the picture cuts, in seconds, from the frames' logits (T,): a cut is seen from its first frame on until the past is gone."""
    cut = logits > 0
    starts = cut & ~torch.cat([cut.new_zeros(1), cut[:-1]])
    return tuple(float(frame) / RATE for frame in starts.nonzero()[:, 0])

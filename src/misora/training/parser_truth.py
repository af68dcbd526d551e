"""What a parser should say of a rendered clip, from the instance map and the scene program. Knows no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.shapes import VideoShape
from misora.models.parser.config import GAP_SECONDS, RATE, STRIDE, ParserConfig
from misora.models.parser.tracks import Track
from misora.world.camera import camera_track
from misora.world.cast import load_cast
from misora.world.program import Direction, Player, Scene
from misora.world.render import Rendering
from misora.world.tier import SMALL

NOBODY, UNSURE = 0, -100
"""Cell labels; UNSURE cells are left out of the loss (it is what ``cross_entropy`` ignores)."""
FILLED, EMPTY = 0.4, 0.12
"""A cell belongs to a player from this share on, to nobody below that one."""


def stage_parser(**sizes: int) -> ParserConfig:
    """A parser that answers with all the stage's words; ``sizes`` as in ``ParserConfig``."""

    def names(table: Iterable[StrEnum]) -> tuple[str, ...]:
        return tuple(member.value for member in table)

    places, times, actions = names(SMALL.places), names(SMALL.times), names(SMALL.actions)
    return ParserConfig(tuple(load_cast()), places, times, actions, names(Direction), names(SMALL.camera_moves), **sizes)


@dataclass(frozen=True, slots=True)
class ClipTruth:
    """One clip; players in the scene's order.

    Args:
        cells: Class of every cell, (T, h, w): 0 nobody, 1 + character, or UNSURE.
        boxes: Of the player in each cell, as ``FrameReading.boxes`` has it, (T, 4, h, w).
        camera: Canvas pixels that the scene moved to the left in a quarter second, growth in log zoom, (T, 2).
        place, time, move: Class indices.
        players: Of each player: character, action, direction.
    """

    cells: Tensor
    boxes: Tensor
    camera: Tensor
    place: int
    time: int
    move: int
    players: tuple[tuple[int, int, int], ...]


def truth_of(scene: Scene, rendering: Rendering, shape: VideoShape, config: ParserConfig) -> ClipTruth:
    """The truth of a clip that was rendered at the parser's own canvas and rate."""
    tracks = [track_from_mask(rendering.instance == number) for number in range(1, len(scene.players) + 1)]
    facts = tuple(facts_of(player, config) for player in scene.players)
    cells, owner = _cells(rendering.instance, [character for character, _, _ in facts])
    return ClipTruth(
        cells=cells,
        boxes=_boxes(owner, tracks, shape),
        camera=camera_truth(scene, shape.num_frames) * torch.tensor([shape.height, 1.0]),
        place=config.places.index(scene.place),
        time=config.times.index(scene.time),
        move=config.cameras.index(scene.camera.move),
        players=facts,
    )


def facts_of(player: Player, config: ParserConfig) -> tuple[int, int, int]:
    """Character, action and direction as class indices."""
    return config.characters.index(player.character), config.actions.index(player.action), config.directions.index(player.direction)


def track_from_mask(mask: Tensor) -> Track:
    """The box of what is seen of a player, at every moment; ``mask`` is bool (T, H, W)."""
    _, height, width = mask.shape
    top, bottom = _extent(mask.any(2))
    left, right = _extent(mask.any(1))
    area = mask.sum((1, 2)) / STRIDE**2
    return Track(
        mass=area,
        x=((left + right) / 2 - width / 2) / height,
        y=1 - bottom / height,
        height=(bottom - top).clamp(min=1) / height,
        width=(right - left).clamp(min=1) / height,
        seen=area >= 0.5,
    )


def _extent(line: Tensor) -> tuple[Tensor, Tensor]:
    """First and one past the last True of every row of (T, L), as float; 0 and L where there is none."""
    length = line.shape[1]
    first = line.float().argmax(1)
    last = length - line.flip(1).float().argmax(1)
    return first.float(), last.float()


def _cells(instance: Tensor, characters: list[int]) -> tuple[Tensor, Tensor]:
    """Class of every cell (T, h, w), and which player owns it (index; -1 nobody)."""
    covers = [F.avg_pool2d((instance == number + 1).float().unsqueeze(1), STRIDE).squeeze(1) for number in range(len(characters))]
    share, owner = torch.stack(covers).max(0)
    total = torch.stack(covers).sum(0)
    classes = 1 + torch.tensor(characters)
    cells = torch.where(share >= FILLED, classes[owner], torch.where(total < EMPTY, NOBODY, UNSURE))
    return cells, torch.where(share >= FILLED, owner, -1)


def _boxes(owner: Tensor, tracks: list[Track], shape: VideoShape) -> Tensor:
    """Box values of the player of every cell, (T, 4, h, w)."""
    right = (torch.arange(owner.shape[2]) + 0.5) * STRIDE
    down = ((torch.arange(owner.shape[1]) + 0.5) * STRIDE).unsqueeze(1)
    boxes = torch.zeros(len(owner), 4, *owner.shape[1:])
    for number, track in enumerate(tracks):
        x, bottom, tall, wide = (
            value.view(-1, 1, 1)
            for value in (
                track.x * shape.height + shape.width / 2,
                (1 - track.y) * shape.height,
                track.height * shape.height,
                track.width * shape.height,
            )
        )
        values = torch.stack(torch.broadcast_tensors(x - right, bottom - down, tall.log(), wide.log()), dim=1)
        boxes = torch.where((owner == number).unsqueeze(1), values, boxes)
    return boxes


def camera_truth(scene: Scene, num_frames: int) -> Tensor:
    """Travel in view heights (times the zoom) and growth in log zoom in the quarter second before each frame, (T, 2)."""
    times = np.arange(num_frames) / RATE
    now, before = camera_track(scene, times), camera_track(scene, np.maximum(times - GAP_SECONDS, 0))
    values = np.stack([(now.x - before.x) * now.zoom, np.log(now.zoom / before.zoom)], axis=1)
    return torch.from_numpy(values).float()

"""From cells to players: who is in the clip, and where each is at every moment.

A player is a character here: two of one kind are one player. The character with most evidence over the clip comes first;
what its box covers is then set aside, so that one figure read as dog here and fox there does not count twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from misora.models.parser.config import STRIDE
from misora.models.parser.frame_network import FrameReading, cell_middles

MIN_MASS = 0.35
"""Cells that must speak for a player in a frame for it to count as seen."""
MIN_FRAMES = 2
"""Frames in which a player must be seen to count as there."""
MIN_SHARE = 1.5
"""Least probability mass, in cells, of the frames that speak loudest for a player. On 200 clips of training the judge counts 97 % right;
with 0.5 it sees a second player in the rim of a large one (92 %), with 3 it passes over small ones (94.5 %)."""


@dataclass(frozen=True, slots=True)
class Track:
    """One player over the frames that the parser looked at; lengths in view heights, x to the right from the middle, y upwards.

    Args:
        mass: Cells that speak for it, (T,).
        x, y: Middle of the bottom edge of its box, (T,).
        height, width: Of its box, (T,).
        seen: True where it is in view, (T,); the other values mean nothing elsewhere.
    """

    mass: Tensor
    x: Tensor
    y: Tensor
    height: Tensor
    width: Tensor
    seen: Tensor

    @property
    def visible(self) -> float:
        """Share of the moments at which it is in view."""
        return float(self.seen.float().mean())

    @property
    def standing(self) -> float:
        """Where it stands, as ``y``: the lowest tenth of its feet, so that a jump is no distance; infinite where it is never seen."""
        return float(self.y[self.seen].quantile(0.1)) if bool(self.seen.any()) else math.inf


@dataclass(frozen=True, slots=True)
class Found:
    """A player that was found: probabilities of each character (characters,) and colour (colours,), summing to one, and its track."""

    characters: Tensor
    colours: Tensor
    track: Track


def find_players(reading: FrameReading, height: int, width: int, most: int) -> list[Found]:
    """The players of one clip, most evidence first.

    Args:
        reading: Of the clip's frames, in order.
        height, width: Canvas in pixels.
        most: Players to look for at most.
    """
    shares = reading.cells.softmax(1)[:, 1:]
    found: list[Found] = []
    for _ in range(most):
        mass = shares.sum((2, 3))
        best = int(mass.clamp(max=8).sum(0).argmax())
        track = track_of(shares[:, best], reading.boxes, height, width)
        loud = mass[:, best].topk(min(MIN_FRAMES, len(mass))).values
        if float(loud.min()) < MIN_SHARE:
            break
        inside = covered(track, shares.shape[-2], shares.shape[-1], height, width)
        speaking = shares[:, best] * inside
        found.append(Found(evidence(reading.cells[:, 1:], speaking), evidence(reading.colours, speaking), track))
        shares = shares * (~inside).unsqueeze(1)
        shares[:, best] = 0
    return found


def track_of(share: Tensor, boxes: Tensor, height: int, width: int) -> Track:
    """The track of a player whose cells have probability ``share`` (T, h, w); cells vote for its box in proportion to it."""
    weight = share.square()
    mass = share.sum((1, 2))
    total = weight.sum((1, 2)).clamp(min=1e-6)
    middles = cell_middles(height, width, share.device)
    right, bottom = ((weight * (middles[axis] + boxes[:, axis])).sum((1, 2)) / total for axis in (0, 1))
    tall, wide = ((weight * boxes[:, axis]).sum((1, 2)).div(total).exp() for axis in (2, 3))
    return Track(
        mass=mass,
        x=(right - width / 2) / height,
        y=1 - bottom / height,
        height=tall / height,
        width=wide / height,
        seen=mass >= MIN_MASS,
    )


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


def covered(track: Track, rows: int, columns: int, height: int, width: int) -> Tensor:
    """Cells that lie in the track's box, a cell wider all round, where it is seen: bool (T, h, w)."""
    right, down = cell_middles(rows * STRIDE, columns * STRIDE, track.x.device)
    x, bottom = (track.x * height + width / 2).view(-1, 1, 1), ((1 - track.y) * height).view(-1, 1, 1)
    half, tall = (track.width * height / 2).view(-1, 1, 1), (track.height * height).view(-1, 1, 1)
    across = (right - x).abs() <= half + STRIDE
    along = (down <= bottom + STRIDE) & (down >= bottom - tall - STRIDE)
    inside: Tensor = across & along & track.seen.view(-1, 1, 1)
    return inside


def evidence(cells: Tensor, weight: Tensor) -> Tensor:
    """Probabilities (classes,) from the logits (T, classes, h, w) of one player's cells: mean log probability over ``weight`` (T, h, w)."""
    logs = cells.log_softmax(1)
    mean = (logs * weight.unsqueeze(1)).sum((0, 2, 3)) / weight.sum().clamp(min=1e-6)
    return torch.softmax(mean, 0)

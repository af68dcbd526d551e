"""What the parser says of a clip: probabilities by name, and tracks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from misora.models.parser.tracks import Track

Shares = Mapping[str, float]
"""Probability of each name; they sum to one."""


def most_likely(shares: Shares) -> str:
    """The likeliest name."""
    return max(shares, key=shares.__getitem__)


@dataclass(frozen=True, slots=True)
class PlayerReading:
    """One player of a clip."""

    character: Shares
    action: Shares
    direction: Shares
    track: Track
    colour: Shares = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClipReading:
    """A clip, read back.

    Args:
        players: Those that were found, most evidence first.
        camera_travel: View heights to the right and growth in log zoom in each quarter second, as the whole picture shows it, (T, 2).
        features: Means of the frames' features, (D,); for distances between sets of clips.
        rate: Frames a second that were looked at; tracks have this rate.
        weather: Empty where the parser knows none.
        cuts: When the picture cuts, in seconds.
    """

    place: Shares
    time: Shares
    camera: Shares
    players: tuple[PlayerReading, ...]
    camera_travel: Tensor
    features: Tensor
    rate: float
    weather: Shares = field(default_factory=dict)
    cuts: tuple[float, ...] = ()

    @property
    def depth_order(self) -> tuple[int, ...]:
        """Numbers of the players from the nearest to the farthest: who stands lower in the picture is nearer."""
        return tuple(sorted(range(len(self.players)), key=lambda number: self.players[number].track.standing))

    @property
    def num_frames(self) -> int:
        """Frames that were looked at."""
        return len(self.camera_travel)

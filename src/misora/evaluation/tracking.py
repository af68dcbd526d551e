"""How near a parser's tracks are to the truth of a rendered clip: where, how tall, when in view, and who is nearer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import torch

from misora.models.parser.model import looked_at
from misora.models.parser.reading import ClipReading, most_likely
from misora.models.parser.tracks import Track, track_from_mask
from misora.world.program import Scene
from misora.world.render import Rendering


@dataclass(frozen=True, slots=True)
class TrackCheck:
    """One player that is there and was found.

    Args:
        place_off: Mean distance between the middles of the bottom edges of the read and the true box, in heights of the picture; NaN when
            it is never seen where it is.
        height_off: Mean difference of the boxes' heights, as a share of the true one.
        seen_right: Share of the moments at which it is rightly said to be in view, or not.
    """

    place_off: float
    height_off: float
    seen_right: float


def check_tracks(reading: ClipReading, scene: Scene, rendering: Rendering, fps: float) -> tuple[list[TrackCheck], list[bool]]:
    """The tracks of those who are there and were found, and of each pair of them whether the nearer one was said to be nearer."""
    moments = looked_at(len(rendering.instance), fps)
    read = {most_likely(player.character): player.track for player in reading.players}
    order = [most_likely(reading.players[number].character) for number in reading.depth_order]
    found = [(number, player.character) for number, player in enumerate(scene.players) if player.character in read]
    checks = [check_track(read[name], track_from_mask(rendering.instance[moments] == number + 1)) for number, name in found]
    depth = rendering.depth.tolist()
    nearer = [
        (order.index(first) < order.index(second)) == (depth[one] < depth[other])
        for (one, first), (other, second) in combinations(found, 2)
    ]
    return checks, nearer


def check_track(track: Track, truth: Track) -> TrackCheck:
    """A read track beside the true one, at the same moments."""
    both = track.seen & truth.seen
    if not bool(both.any()):
        return TrackCheck(math.nan, math.nan, float((track.seen == truth.seen).float().mean()))
    away = torch.hypot(track.x - truth.x, track.y - truth.y)[both]
    taller = ((track.height - truth.height) / truth.height).abs()[both]
    return TrackCheck(float(away.mean()), float(taller.mean()), float((track.seen == truth.seen).float().mean()))

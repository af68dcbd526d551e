"""Where somebody is in what is already known of a canvas, read from its pictures, so that a plan can go on from there.

Only pictures beside what has to be made are looked at. Where they show others than the caption names, nothing is said of them: the canvas
is then painted freely, for a plan would have to say how the one becomes the other. What is known a little, as in a remix, is to become
something else: whoever the caption names takes the place of those who are seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, permutations

import numpy as np
import numpy.typing as npt
from torch import Tensor

from misora.base.layout import BOX, CAMERA, GROUND, HEIGHT, MOMENTS, TURN, Layout, X, Y, moments_of
from misora.base.shapes import SPACE_STRIDE
from misora.models.parser.config import GAP_SECONDS
from misora.models.parser.model import Parser
from misora.models.parser.reading import ClipReading, PlayerReading, most_likely
from misora.pipelines.pinning import Known
from misora.pipelines.streaming import VideoCodec
from misora.world.cast import Character, Facing
from misora.world.program import CameraMove, Direction

Array = npt.NDArray[np.floating]

SIGHT = 8
"""Latent frames on either side of what has to be made that are looked at."""
LEAST_SHARE = 0.1
"""How likely the parser must hold that a player is whom the caption names."""
HEADINGS = {Direction.LEFT.value: -1.0, Direction.RIGHT.value: 1.0}
DRAWN = {Facing.LEFT: -1.0, Facing.RIGHT: 1.0}


class Stranger(Exception):
    """The pictures do not show those whom the caption names."""


def needed_frames(known: Known) -> npt.NDArray[np.bool_]:
    """The latent frames of which something is known, within ``SIGHT`` of one that is not known wholly, (t,)."""
    firmness = known.frame_strength[0].cpu().numpy()
    open_ones = np.flatnonzero(firmness < 1)
    near = [np.abs(open_ones - index).min(initial=SIGHT + 1) <= SIGHT for index in range(len(firmness))]
    wanted: npt.NDArray[np.bool_] = (firmness > 0) & np.array(near)
    return wanted


def stretches(wanted: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and one past the last of each run of True."""
    start = 0
    for is_wanted, run in groupby(wanted.tolist()):
        stop = start + len(list(run))
        if is_wanted:
            yield start, stop
        start = stop


def read_known(
    known: Known, codec: VideoCodec, parser: Parser, cast: Mapping[str, Character], fps: float, who: Sequence[int], within: range
) -> dict[int, Layout]:
    """What the known pictures show, as layouts by the number of their first latent frame.

    Args:
        cast: Characters in the order of their classes.
        who: Class of each slot, 0 where nobody is.
        within: Latent frames that are asked for.
    Raises:
        Stranger: In pictures that are to stay somebody else is seen, or somebody of them is not; or too few where they may change.
    """
    names = [list(cast)[number - 1] if number else "" for number in who]
    read = {}
    for first, last in stretches(needed_frames(known)):
        start, stop = max(first, within.start), min(last, within.stop)
        if start >= stop:
            continue
        frames = np.concatenate(list(codec.decode([known.latents[:, :, start:stop]])))
        reading = parser.read(frames, fps)
        players = (match if bool((known.frame_strength[0, start:stop] == 1).any()) else take_places)(reading.players, names)
        tall = frames.shape[1] / SPACE_STRIDE
        boxes = np.zeros((stop - start, len(names), MOMENTS, BOX), np.float32)
        times = np.array([moments_of(index) for index in range(stop - start)]) / fps
        for slot, (name, player) in enumerate(zip(names, players, strict=True)):
            if player is not None:
                boxes[:, slot] = boxes_of(player, cast[name], times, reading.rate, tall)
        read[start] = Layout(np.tile(np.array(who, np.int64), (stop - start, 1)), boxes, camera_of(reading, times, tall))
    return read


def match(players: Sequence[PlayerReading], names: Sequence[str]) -> list[PlayerReading | None]:
    """Who of ``players`` is in each slot; a slot without a name has nobody.

    Raises:
        Stranger: They are not the same.
    """
    wanted = [name for name in names if name]
    if len(players) != len(wanted):
        raise Stranger(f"{len(players)} players are seen, {len(wanted)} are named")
    likely = (order for order in permutations(players) if all(share >= LEAST_SHARE for share in map(agreement, wanted, order)))
    found = max(likely, key=lambda order: sum(map(agreement, wanted, order)), default=None)
    if found is None:
        raise Stranger(f"{', '.join(most_likely(player.character) for player in players)} seen, {', '.join(wanted)} named")
    rest = iter(found)
    return [next(rest) if name else None for name in names]


def take_places(players: Sequence[PlayerReading], names: Sequence[str]) -> list[PlayerReading | None]:
    """Whose place each slot takes: its own where that is seen, else whose is left, the surest first; a slot without a name has none.

    Raises:
        Stranger: Fewer are seen than are named.
    """
    wanted = [name for name in names if name]
    if len(players) < len(wanted):
        raise Stranger(f"{len(players)} players are seen, {len(wanted)} are named")
    found = max(permutations(players, len(wanted)), key=lambda order: sum(map(agreement, wanted, order)))
    rest = iter(found)
    return [next(rest) if name else None for name in names]


def agreement(name: str, player: PlayerReading) -> float:
    """How likely ``player`` is ``name``."""
    return player.character.get(name, 0.0)


def boxes_of(player: PlayerReading, character: Character, times: Array, rate: float, tall: float) -> Array:
    """Boxes (..., 5) at ``times`` (...) in seconds, on a picture of ``tall`` cells; where the player is out of view, as when last seen."""
    track = player.track
    seen = track.seen.cpu().numpy()
    known = np.flatnonzero(seen) if seen.any() else np.arange(len(seen))

    def at(values: Tensor) -> Array:
        along: Array = np.interp(times, known / rate, values.float().cpu().numpy()[known])
        return along

    x, bottom, height = at(track.x), at(track.y), at(track.height)
    boxes = np.zeros((*times.shape, BOX), np.float32)
    boxes[..., X] = x * tall
    boxes[..., Y] = (0.5 - bottom - height / 2) * tall
    boxes[..., HEIGHT] = height * tall
    boxes[..., TURN] = turn_of(player, character)
    boxes[..., GROUND] = (0.5 - track.y.float().cpu().numpy()[known].min()) * tall
    return boxes


def turn_of(player: PlayerReading, character: Character) -> float:
    """-1 where the character is seen mirrored: its picture looks the other way than it heads."""
    heading, drawn = HEADINGS.get(most_likely(player.direction), 0.0), DRAWN.get(character.facing, 0.0)
    return -1.0 if heading * drawn < 0 else 1.0


def camera_of(reading: ClipReading, times: Array, tall: float) -> Array:
    """How fast the camera goes in each latent frame, (t, 2); not at all where it is read as still, whatever trembles."""
    travel = reading.camera_travel.float().cpu().numpy() / GAP_SECONDS
    at = np.arange(len(travel)) / reading.rate
    speed = np.stack([np.interp(times[:, -1], at, travel[:, column]) for column in range(CAMERA)], axis=1)
    scaled: Array = (speed * np.array([tall, 1.0])).astype(np.float32)
    return scaled * np.float32(reading.camera.get(CameraMove.STATIC.value, 0.0) < 0.5)

"""Where somebody is in a clip, as the critic sees it: a mask that moves along."""

from __future__ import annotations

import numpy as np

from misora.base.canvas import Frames, Mask
from misora.base.errors import InputError
from misora.models.parser.reading import ClipReading, PlayerReading, most_likely
from misora.models.parser.tracks import Track
from misora.pipelines.critic import Critic
from misora.world.lexicon import load_lexicon

MARGIN = 0.15
"""Added to each side of a player's box, in its own widths and heights: tails, ears and the critic's doubt."""
MIN_SHARE = 0.3
"""How likely the critic must hold a player to be the one who was named."""


def find_player(critic: Critic, frames: Frames, fps: float, who: str) -> Mask:
    """(T, H, W), True where ``who`` is.

    Args:
        frames: (T, H, W, 3) uint8.
        who: As a person says it: "the dog", "那只小狗".
    Raises:
        InputError: The words name nobody whom the critic knows, or nobody of that name is seen.
    """
    reading = critic.parser.read(frames, fps)
    return boxes(choose_player(reading, who).track, reading.rate, frames, fps)


def choose_player(reading: ClipReading, who: str) -> PlayerReading:
    """The player that most likely is ``who``."""
    lexicon = load_lexicon()
    names = [name for name in lexicon.read(who).mentioned if name in lexicon.cast]
    if not names:
        raise InputError(f"player={who!r} names nobody that the critic knows; `misora world list` prints them", field="player")
    share, player = max(((one.character.get(names[0], 0.0), one) for one in reading.players), default=(0.0, None), key=lambda pair: pair[0])
    if player is None or share < MIN_SHARE:
        seen = ", ".join(most_likely(one.character) for one in reading.players) or "nobody"
        raise InputError(f"player={who!r} is not seen in the clip; the critic sees {seen}: give a mask or a box", field="player")
    return player


def boxes(track: Track, rate: float, frames: Frames, fps: float) -> Mask:
    """A track's boxes at the clip's rate, a little larger than the critic draws them; (T, H, W)."""
    count, height, width = frames.shape[:3]
    where = np.zeros((count, height, width), dtype=np.bool_)
    for index in range(count):
        looked = min(round(index * rate / fps), len(track.seen) - 1)
        if bool(track.seen[looked]):
            tall, wide = (float(side[looked]) * height for side in (track.height, track.width))
            middle, bottom = float(track.x[looked]) * height + width / 2, (1 - float(track.y[looked])) * height
            rows = span(bottom - tall * (1 + MARGIN), bottom + tall * MARGIN, height)
            where[index, rows, span(middle - wide * (0.5 + MARGIN), middle + wide * (0.5 + MARGIN), width)] = True
    return where


def span(low: float, high: float, size: int) -> slice:
    """Pixels from ``low`` to ``high`` that the picture has."""
    return slice(int(min(max(low, 0), size)), int(min(max(np.ceil(high), 0), size)))

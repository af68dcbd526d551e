"""A first storyboard to go on from: out of a story in words, or out of a finished clip's shots."""

from __future__ import annotations

import re
from collections.abc import Sequence

from misora.base.errors import InputError
from misora.base.shapes import MAX_SECONDS
from misora.editing.storyboard.records import MAX_CARDS, Card, Storyboard

CARD_SECONDS = 2.0
"""How far apart the cards of a story are, where there is room for all of them."""
STOPS = re.compile(
    r"(?:(?<=[.!?])\s+|,?\s+)(?:and\s+)?then\s+|(?<=[.!?])\s+|[。！？；;\n]+|[,，]?(?:然后|接着|之后|然後|接著|之後)[,，]?", re.IGNORECASE
)


def draft_from_story(story: str, *, height: int = 480, width: int = 832, fps: float = 24.0) -> Storyboard:
    """One card for each sentence, or each "then" / "然后", ``CARD_SECONDS`` apart.

    Raises:
        InputError: The story is empty, or has more sentences than a film can hold.
    """
    texts = [text for part in STOPS.split(story) if (text := part.strip(" \t,，。.!！?？"))]
    if not texts:
        raise InputError("the story is empty; say what happens, for example 'A dog runs along the beach. Then it jumps.'", field="from")
    if len(texts) > MAX_CARDS:
        raise InputError(f"the story has {len(texts)} sentences; a storyboard has at most {MAX_CARDS} cards", field="from")
    apart = min(CARD_SECONDS, MAX_SECONDS / len(texts))
    cards = tuple(Card(round(number * apart, 3), text) for number, text in enumerate(texts))
    return Storyboard(cards, height, width, fps, round(len(texts) * apart, 3))


def draft_from_clip(
    clip: str, cuts: Sequence[int], texts: Sequence[str], num_frames: int, fps: float, *, height: int, width: int
) -> Storyboard:
    """One card for each shot of a clip, showing that shot; take its ``clip`` away, or change its text, to have it made anew.

    Args:
        clip: The file's name, as the storyboard's own file will find it.
        cuts: Frames at which a new shot begins.
        texts: What is seen in each shot; empty where nobody knows.
        num_frames, fps, height, width: Of the clip, at a size and rate that can be made.
    """
    starts, stops = [0, *cuts], [*cuts, num_frames]
    cards = []
    for start, stop, text in zip(starts, stops, texts, strict=True):
        seconds, end = round(start / fps, 4), round(stop / fps, 4)
        cards.append(Card(seconds, text, clip=clip, start=seconds, end=end, transition="cut" if start else "auto"))
    return Storyboard(tuple(cards), height, width, fps)

"""A storyboard to a plan: split into shots at its cuts, each shot made around the clips that it keeps.

A shot begins a canvas of its own, so a cut lands on its very frame. Within a shot the captions change where their cards begin; clips of
strength 1 are kept, and what lies between is made with sight of both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from misora.base.canvas import Frames, Pin, Span, share_time
from misora.base.errors import InputError
from misora.editing.footage import Footage, conformed
from misora.editing.joining import bridge
from misora.editing.plan import Kept, Part, Plan
from misora.editing.scene import Scene
from misora.editing.storyboard.records import COMFORT_SECONDS, CUT_SECONDS, LAST_SECONDS, Card, Storyboard


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A card on the grid of frames.

    Args:
        number: Its place among the storyboard's cards, from 0.
        start, stop: First frame, and the frame after the last; equal for a moment.
        frames: Its picture or clip, (T, H, W, 3); None when it has only text.
    """

    card: Card
    number: int
    start: int
    stop: int
    frames: Frames | None

    @property
    def is_kept(self) -> bool:
        """Whether its frames reach the film untouched."""
        return self.card.clip is not None and self.card.strength == 1

    @property
    def is_pinned(self) -> bool:
        """Whether its frames guide what is made."""
        return self.frames is not None and not self.is_kept


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames ``[start, stop)`` between two cuts, and the cards in them."""

    start: int
    stop: int
    cards: tuple[Placed, ...]


def compile_storyboard(board: Storyboard, media: Sequence[Footage], scene: Scene) -> Plan:
    """The plan of ``board``; ``media`` are its files in the order of ``board.media``."""
    files = dict(zip(board.media, media, strict=True))
    cards = [place(card, number, files, board) for number, card in enumerate(board.cards)]
    check_apart(cards, board.fps)
    total = film_length(board, cards)
    parts: list[Part] = []
    said = board.first_text
    for shot in shots(cards, total, board.fps):
        spans = captions(shot, said, board.fps)
        said = spans[-1].caption if spans else None
        parts += shoot(shot, spans, board, scene.numbered(len(parts)))
    return Plan(tuple(parts), board.fps, long_gaps(cards, board.fps))


def place(card: Card, number: int, files: dict[str, Footage], board: Storyboard) -> Placed:
    """``card`` with its media read, fitted and cut to its in and out."""
    start = round(card.at * board.fps)
    if card.clip is not None:
        clip = conformed(files[card.clip], board.height, board.width, board.fps)
        first = clip.frame_at(card.start, f"cards[{number}].in")
        last = len(clip.frames) if card.end is None else clip.frame_at(card.end, f"cards[{number}].out")
        if last <= first:
            raise InputError(f"cards[{number}] shows no frame of its clip of {clip.seconds:.4g} s", field=f"cards[{number}].in")
        return Placed(card, number, start, start + last - first, clip.frames[first:last])
    count = 0 if card.seconds is None else max(1, round(card.seconds * board.fps))
    if card.image is None:
        return Placed(card, number, start, start + count, None)
    picture = conformed(files[card.image], board.height, board.width, board.fps).frames[:1]
    return Placed(card, number, start, start + count, np.repeat(picture, max(1, count), axis=0))


def check_apart(cards: Sequence[Placed], fps: float) -> None:
    """Raises InputError where a clip, now that its length is known, runs into the next card."""
    for number, (card, following) in enumerate(pairwise(cards), start=1):
        if following.start < card.stop or following.start == card.start:
            nearest = max(card.stop, card.start + 1) / fps
            raise InputError(
                f"cards[{number}].at={following.card.at:g} overlaps the card above it, which lasts until {nearest:.4g} s;"
                f" nearest: {nearest:.4g}",
                field=f"cards[{number}].at",
            )


def film_length(board: Storyboard, cards: Sequence[Placed]) -> int:
    """Frames of the whole film."""
    last = cards[-1]
    if board.seconds is None:
        return last.stop if last.stop > last.start else last.start + round(LAST_SECONDS * board.fps)
    total = round(board.seconds * board.fps)
    if last.stop > total:
        raise InputError(
            f"cards[{len(cards) - 1}] ends at {last.stop / board.fps:.4g} s, beyond the film's {board.seconds:g} s", field="seconds"
        )
    return total


def shots(cards: Sequence[Placed], total: int, fps: float) -> list[Shot]:
    """The film cut where cards ask for it or stand close together."""
    cuts = [number for number in range(1, len(cards)) if is_cut(cards[number - 1], cards[number], fps)]
    found = []
    for first, last in zip([0, *cuts], [*cuts, len(cards)], strict=True):
        start = cards[first].start if first else 0
        stop = cards[last].start if last < len(cards) else total
        found.append(Shot(start, stop, tuple(cards[first:last])))
    return found


def is_cut(card: Placed, following: Placed, fps: float) -> bool:
    """Whether one card leads to the next by a hard cut."""
    if following.card.transition != "auto":
        return following.card.transition == "cut"
    return (following.start - card.stop) / fps <= CUT_SECONDS


def captions(shot: Shot, before: str | None, fps: float) -> tuple[Span, ...]:
    """What is said when, in seconds from the shot's start; a shot without words goes on with those ``before``."""
    speaking = [card for card in shot.cards if card.card.text.strip()]
    if not speaking:
        return () if before is None else (Span(before),)
    starts = [0.0, *((card.start - shot.start) / fps for card in speaking[1:])]
    ends = [*starts[1:], (shot.stop - shot.start) / fps]
    return tuple(
        span
        for placed, start, end in zip(speaking, starts, ends, strict=True)
        for span in share_time(placed.card.beats or (placed.card.text,), start, end)
    )


def shoot(shot: Shot, spans: tuple[Span, ...], board: Storyboard, scene: Scene) -> list[Part]:
    """The shot's parts: clips that are kept, and what is made before, between and after them."""
    kept = [card for card in shot.cards if card.is_kept]
    edges = [shot.start, *(edge for card in kept for edge in (card.start, card.stop)), shot.stop]
    parts: list[Part] = []
    for number, (start, stop) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        before = kept[number - 1].frames if number else None
        after = kept[number].frames if number < len(kept) else None
        if stop > start:
            said = asked(speakers(shot, start, stop), scene.numbered(number)).said(window(spans, (start - shot.start) / board.fps))
            pins = [pin(card, start) for card in shot.cards if card.is_pinned and start <= card.start < stop]
            parts.append(bridge(before, stop - start, after, board.fps, said, size=(board.height, board.width), pins=pins))
        if after is not None:
            parts.append(Kept(after))
    return parts


def speakers(shot: Shot, start: int, stop: int) -> list[Placed]:
    """The cards in force on frames ``[start, stop)`` of a shot: the one that began last before, and those that begin within."""
    before = [card for card in shot.cards if card.start <= start]
    return before[-1:] + [card for card in shot.cards if start < card.start < stop]


def asked(cards: Sequence[Placed], scene: Scene) -> Scene:
    """``scene`` with what its cards ask for themselves; raises InputError where two want noise of their own in one stretch."""
    seeded = [card for card in cards if card.card.seed is not None]
    if len({card.card.seed for card in seeded}) > 1:
        first, second = seeded[0], seeded[1]
        raise InputError(
            f"cards[{second.number}].seed={second.card.seed}: one stretch is made from one seed, and cards[{first.number}] gave it"
            f" {first.card.seed}; leave one out, or begin cards[{second.number}] with transition: cut",
            field=f"cards[{second.number}].seed",
        )
    return scene.drawn(seeded[0].card.seed if seeded else None, [card.card.negative for card in cards])


def pin(card: Placed, start: int) -> Pin:
    """The picture or clip of ``card`` on a canvas that begins at frame ``start`` of the film."""
    assert card.frames is not None
    return Pin(card.frames, card.start - start, card.card.strength)


def window(spans: Sequence[Span], start: float) -> list[Span]:
    """``spans`` from ``start`` seconds on, counted from there; raises InputError when nobody says anything."""
    if not spans:
        raise InputError("no card has text, and between the clips something is to be made; say what is seen", field="cards[0].text")
    in_force = [number for number, span in enumerate(spans) if span.start <= start + 1e-6]
    first = in_force[-1] if in_force else 0
    return [Span(span.caption, max(0.0, span.start - start)) for span in spans[first:]]


def long_gaps(cards: Sequence[Placed], fps: float) -> tuple[str, ...]:
    """A sentence for each stretch without a card that is longer than the model is at ease with."""
    notes = []
    for number, (card, following) in enumerate(pairwise(cards)):
        gap = (following.start - card.stop) / fps
        if gap > COMFORT_SECONDS:
            notes.append(
                f"cards[{number}] and cards[{number + 1}] are {gap:.3g} s apart; beyond {COMFORT_SECONDS:g} s the subject may drift:"
                " put a card between them"
            )
    return tuple(notes)

"""A storyboard as records: what is seen when, and how one card leads to the next.

A card lasts as long as its clip or its ``seconds``; without either it is a moment. Between the end of one card and the beginning of the
next lies a gap: up to ``CUT_SECONDS`` it is a hard cut, a wider one is bridged. ``transition`` says otherwise. Times are seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal, get_args

from misora.base.errors import InputError
from misora.base.shapes import MAX_SECONDS, VideoShape, check_fps
from misora.editing.scene import Telling

CUT_SECONDS = 0.25
COMFORT_SECONDS = 5.0
"""Longest stretch between two cards over which the model can be expected to keep its subject."""
LAST_SECONDS = 2.0
"""How long a last card that is a moment is shown."""
MAX_CARDS = 1000
TOLERANCE = 1e-6
NAME = re.compile(r"\{([^{}]*)\}")

Transition = Literal["auto", "cut", "bridge"]


@dataclass(frozen=True, slots=True)
class Card:
    """What is seen from ``at`` on.

    Args:
        text: What happens; ``{name}`` stands for a character or place of the storyboard. Empty goes on as before.
        seconds: How long the card lasts; None is a moment, or the clip's own length.
        image: A picture that is seen at ``at``, and as long as the card lasts.
        clip: A clip that is seen from ``at`` on, from its second ``start`` to ``end`` (None: to its last frame).
        strength: How firmly the picture or clip is kept, 0 to 1; at 1 a clip's frames stay bit for bit.
        transition: From the card before: a hard cut, a bridge, or by the width of the gap.
        seed: Of the noise that the card's stretch is made from; None follows the storyboard's.
        negative: What should not be seen there, beside the storyboard's own.
        beats: The text's moments as in ``Telling``, once it was rewritten; they share the time until another card speaks.
    """

    at: float
    text: str = ""
    seconds: float | None = None
    image: str | None = None
    clip: str | None = None
    start: float = 0.0
    end: float | None = None
    strength: float = 1.0
    transition: Transition = "auto"
    seed: int | None = None
    negative: str = ""
    beats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "beats", tuple(self.beats))  # a recipe hands in a list
        if not 0 <= self.at < math.inf:
            raise InputError(f"at={self.at:g} must be 0 s or later; nearest: 0", field="at")
        if self.seconds is not None and not 0 < self.seconds < math.inf:
            raise InputError(f"seconds={self.seconds:g} must be above 0; leave it out for a moment", field="seconds")
        if self.image is not None and self.clip is not None:
            raise InputError("a card has an image or a clip, not both; put the other on a card of its own", field="clip")
        if not self.text.strip() and self.image is None and self.clip is None:
            raise InputError("a card needs text, an image or a clip", field="text")
        if not 0 <= self.strength <= 1:
            raise InputError(f"strength={self.strength:g} is outside 0 to 1; nearest: {min(max(self.strength, 0), 1):g}", field="strength")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise InputError(f"seed={self.seed} is outside 0 to 2**63 - 1; nearest: {min(max(self.seed, 0), 2**63 - 1)}", field="seed")
        if self.transition not in get_args(Transition):
            raise InputError(
                f"transition={self.transition!r} is not known; choose one of {', '.join(get_args(Transition))}", field="transition"
            )
        self._check_clip()

    def _check_clip(self) -> None:
        if self.clip is None and (self.start != 0 or self.end is not None):
            raise InputError("in and out belong to a clip, and this card has none", field="in")
        if not 0 <= self.start < math.inf:
            raise InputError(f"in={self.start:g} must be 0 s or later; nearest: 0", field="in")
        if self.end is not None and not self.end > self.start:
            raise InputError(f"out={self.end:g} must be after in={self.start:g} s", field="out")
        if self.clip is not None and self.seconds is not None:
            raise InputError("a clip lasts from its in to its out; leave seconds out", field="seconds")

    def told(self, telling: Telling) -> Card:
        """The same with its text as the model reads it."""
        return replace(self, text=telling.text, beats=telling.beats)

    @property
    def length(self) -> float:
        """Seconds that the card is known to last; a clip without ``end`` is measured when it is read."""
        if self.clip is not None:
            return 0.0 if self.end is None else self.end - self.start
        return self.seconds or 0.0


@dataclass(frozen=True, slots=True)
class Storyboard:
    """Cards in order of time, and what holds for all of them.

    Args:
        height, width, fps: Of the film.
        seconds: Of the film; None is where the last card ends.
        characters, places: Names that texts may use, and what they stand for.
        seed, steps, guidance, negative: As in ``generate``; None is drawn, or the model's own default.
        preset: Name of the style that all of it is seen in; empty is none.
    """

    cards: tuple[Card, ...]
    height: int = 480
    width: int = 832
    fps: float = 24.0
    seconds: float | None = None
    title: str = ""
    characters: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    negative: str = ""
    preset: str = ""

    def __post_init__(self) -> None:
        # A recipe hands cards in as plain data.
        given: Iterable[Any] = self.cards
        cards = tuple(card if isinstance(card, Card) else Card(**card) for card in given)
        object.__setattr__(self, "cards", cards)
        if not cards or len(cards) > MAX_CARDS:
            raise InputError(f"a storyboard has 1 to {MAX_CARDS} cards, got {len(cards)}", field="cards")
        check_fps(self.fps)
        VideoShape(1, self.height, self.width, self.fps)
        self._check_order()
        self._check_end()
        self._check_texts()

    def _check_order(self) -> None:
        for number, (card, following) in enumerate(pairwise(self.cards)):
            if following.at < card.at - TOLERANCE:
                raise InputError(
                    f"cards[{number + 1}].at={following.at:g} is before the card above it at {card.at:g} s; cards go in order of time",
                    field=f"cards[{number + 1}].at",
                )
            if following.at < card.at + card.length - TOLERANCE or following.at == card.at:
                nearest = card.at + max(card.length, 1 / self.fps)
                raise InputError(
                    f"cards[{number + 1}].at={following.at:g} overlaps the card above it, which lasts until {nearest:.4g} s;"
                    f" nearest: {nearest:.4g}",
                    field=f"cards[{number + 1}].at",
                )

    def _check_end(self) -> None:
        last, path = self.cards[-1], f"cards[{len(self.cards) - 1}]"
        if self.seconds is not None and not 0 < self.seconds <= MAX_SECONDS:
            raise InputError(
                f"seconds={self.seconds:g} must be above 0 and at most {MAX_SECONDS:g}; nearest: {MAX_SECONDS:g}", field="seconds"
            )
        if self.seconds is not None and (last.at >= self.seconds or last.at + last.length > self.seconds + TOLERANCE):
            nearest = max(0.0, self.seconds - last.length)
            raise InputError(
                f"{path} ends at {last.at + last.length:g} s, beyond the film's {self.seconds:g} s;"
                f" begin it by {nearest:.4g}, or make the film longer",
                field=f"{path}.at",
            )
        if last.at + last.length > MAX_SECONDS:
            raise InputError(f"the film would last {last.at + last.length:g} s; at most {MAX_SECONDS:g}", field=f"{path}.at")

    def _check_texts(self) -> None:
        for number, card in enumerate(self.cards):
            for name in NAME.findall(card.text):
                if name not in self.names:
                    known = ", ".join(self.names) or "none is defined"
                    raise InputError(
                        f"cards[{number}].text names {{{name}}}; characters and places: {known}", field=f"cards[{number}].text"
                    )

    @property
    def names(self) -> dict[str, str]:
        """Characters and places."""
        return {**self.characters, **self.places}

    @property
    def media(self) -> tuple[str, ...]:
        """Each file that a card names, once, in order."""
        return tuple(dict.fromkeys(name for card in self.cards if (name := card.image or card.clip) is not None))

    def film_seconds(self, lengths: Mapping[str, float]) -> float:
        """How long the film is, when the clips that its cards name last ``lengths`` seconds."""
        last = self.cards[-1]
        if self.seconds is not None:
            return self.seconds
        if last.clip is not None:
            whole = lengths[last.clip]
            return last.at + (whole if last.end is None else min(last.end, whole)) - last.start
        return last.at + (last.seconds or LAST_SECONDS)

    @property
    def first_text(self) -> str | None:
        """The first text of any card; None when none speaks."""
        return next((self.spoken(card) for card in self.cards if card.text.strip()), None)

    def spoken(self, card: Card) -> str:
        """The text of ``card`` with its names written out."""
        names = self.names
        return NAME.sub(lambda found: names[found.group(1)], card.text)

    def rewritten(self, rewrite: Callable[[str], Telling]) -> Storyboard:
        """The same with names written out and every text as ``rewrite`` gives it back."""
        cards = tuple(card.told(rewrite(self.spoken(card))) if card.text.strip() else card for card in self.cards)
        return replace(self, cards=cards, characters={}, places={})

    def with_numbered_media(self) -> Storyboard:
        """The same with files called "0", "1", ...: a recipe knows them by digest, in that order."""
        numbers = {name: str(number) for number, name in enumerate(self.media)}
        cards = tuple(replace(card, image=card.image and numbers[card.image], clip=card.clip and numbers[card.clip]) for card in self.cards)
        return replace(self, cards=cards)

"""What of an edit the critic can read back: whom a remix and a blend show, what each card of a storyboard shows, where the cut is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from editing_pixels import changes

import misora
from misora.base.canvas import Frames
from misora.editing.remix import STRENGTHS
from misora.editing.storyboard.records import Card, Storyboard
from misora.models.parser.reading import ClipReading, Shares
from misora.pipelines.critic import Critic
from misora.pipelines.wanted import wanted
from misora.world.captions import Story

WINDOW_FRAMES = 8
"""Frames of a blend that are read at once: a third of a second."""
CARD_SECONDS = 2.0


@dataclass(frozen=True)
class Remixes:
    """One clip remixed to every strength, in order: distance to the source in levels, agreement with the new caption 0 to 1."""

    distance: tuple[float, ...]
    agreement: tuple[float, ...]
    frames: dict[str, Frames]

    @property
    def rises(self) -> tuple[bool, bool]:
        """Whether distance, and agreement, grow from each strength to the next."""
        return bool((np.diff(self.distance) > 0).all()), bool((np.diff(self.agreement) > 0).all())


def remixes(clip: misora.Video, caption: str, critic: Critic, options: dict[str, int]) -> Remixes:
    """``clip`` on its way to ``caption``."""
    made = {name: misora.remix(clip, caption, name, rewrite=False, **options).frames for name in STRENGTHS}
    distance = [float(np.abs(frames.astype(np.int16) - clip.frames).mean()) for frames in made.values()]
    return Remixes(tuple(distance), tuple(agreement(critic, frames, clip.fps, caption) for frames in made.values()), made)


def agreement(critic: Critic, frames: Frames, fps: float, caption: str) -> float:
    """The critic's score of a clip against a caption, 0 to 1."""
    return critic.judge(frames, fps, wanted(caption)).score


def blend_correlation(first: misora.Video, second: misora.Video, critic: Critic, options: dict[str, int]) -> float:
    """Rank correlation of a straight curve with the influence that the critic reads in each window of the blend."""
    seconds = min(first.seconds, second.seconds)
    video = misora.blend(first, second, [(0, 0), (seconds, 1)], **options)
    starts = range(0, len(video.frames) - WINDOW_FRAMES + 1, WINDOW_FRAMES)
    stories = wanted(first.recipe.caption), wanted(second.recipe.caption)
    read = [influence(critic.parser.read(video.frames[at : at + WINDOW_FRAMES], video.fps), *stories) for at in starts]
    return rank_correlation(np.array(starts, np.float64), np.array(read))


def influence(reading: ClipReading, first: Story, second: Story) -> float:
    """The second story's share of what is read, 0 to 1, over the facts in which the two differ."""
    found = []
    for fact in ("subject", "place", "time"):
        one, other = named(first, fact), named(second, fact)
        if one is not None and other is not None and one != other:
            shares = shares_of(reading, fact)
            mine, yours = shares.get(one, 0.0), shares.get(other, 0.0)
            found.append(yours / (mine + yours) if mine + yours > 0 else 0.5)
    return float(np.mean(found)) if found else 0.5


def named(story: Story, fact: str) -> str | None:
    """What ``story`` says of a fact."""
    if fact == "subject":
        return story.actors[0].character.id if story.actors else None
    value = getattr(story, fact)
    return None if value is None else str(value.value)


def shares_of(reading: ClipReading, fact: str) -> Shares:
    """Probabilities that the critic gives; of a character, the most that any player gives it."""
    if fact != "subject":
        shares: Shares = getattr(reading, fact)
        return {str(name): value for name, value in shares.items()}
    most: dict[str, float] = {}
    for player in reading.players:
        for name, value in player.character.items():
            most[name] = max(most.get(name, 0.0), value)
    return most


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, equal values sharing their mean rank; 0 where one never changes."""
    ranks = [np.array([(values < value).sum() + ((values == value).sum() - 1) / 2 for value in values]) for values in (first, second)]
    if any(one.std() == 0 for one in ranks):
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


@dataclass(frozen=True)
class Film:
    """A film of three cards, bridged and cut: each card's score in its own span, as a single clip, and the cut's distance in frames."""

    in_film: tuple[float, ...]
    alone: tuple[float, ...]
    cut_off_by: int
    frames: Frames


def film(captions: tuple[str, str, str], size: tuple[int, int], critic: Critic, options: dict[str, int]) -> Film:
    """The first two cards bridged, the third after a hard cut."""
    transitions = ("auto", "bridge", "cut")
    cards = tuple(
        Card(number * CARD_SECONDS, text, seconds=CARD_SECONDS, transition=transition)  # type: ignore[arg-type]
        for number, (text, transition) in enumerate(zip(captions, transitions, strict=True))
    )
    board = Storyboard(cards, size[1], size[0], 24.0, **options)
    made = misora.storyboard(board, rewrite=False)
    count = round(CARD_SECONDS * made.fps)
    spans = [made.frames[number * count : (number + 1) * count] for number in range(3)]
    alone = [misora.generate(text, size=size, seconds=CARD_SECONDS, rewrite=False, **options).frames for text in captions]
    scores = [
        tuple(agreement(critic, clip, made.fps, text) for clip, text in zip(clips, captions, strict=True)) for clips in (spans, alone)
    ]
    return Film(scores[0], scores[1], abs(int(np.argmax(changes(made.frames))) + 1 - 2 * count), made.frames)

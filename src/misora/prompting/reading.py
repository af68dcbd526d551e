"""What a prompt says, moment by moment: who does what, where, when, and how the camera moves; and what in it was not understood.

The words come from ``vocabulary``; before they are looked up, misspelt ones are mended and what is said not to be there is taken out.
Nothing is added here: a fact that the prompt leaves open stays None, and ``rewriter`` decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from misora.prompting.grammar import Beat, add_clause
from misora.prompting.sequences import clauses_of
from misora.prompting.spelling import Speller, load_real_words
from misora.prompting.vocabulary import load_vocabulary, spoken_words
from misora.world.lexicon import Lexicon
from misora.world.phrases import load_traditional
from misora.world.readings import Match, is_chinese

Nearest = Callable[[str], str | None]

MAX_BEATS = 6
"""Moments in one prompt; more is a storyboard."""
#: What is said not to be there, and phrases that only begin like it.
_NOT_THERE = re.compile(
    r"\b(?:without\s+(?:any\s+)?|no\s+|not\s+(?:an?|the|any)\s+)(?:\w+\s+)?\w+|(?:不要有?|没有|不是|别有|无需)[^\s，。；,.]+", re.IGNORECASE
)
_NOT_NOUNS = re.compile(r"no\s+(?:one|longer|movement|camera)|without\s+(?:moving|stopping)", re.IGNORECASE)
#: What something is only compared with; "like a ball" and 像皮球一样 belong to a way of bouncing.
_LIKENESS = re.compile(
    r"\b(?:(?:looks?|looking|sounds?|acts?)\s+)?like\s+(?!an?\s+(?:\w+\s+)?ball)(?:an?|the)\s+\w+|\b\w+-like\b"
    r"|像[^\s，。]{1,6}(?:一样|似的|般)的?(?!.{0,2}(?:弹|跳))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PromptReading:
    """A whole prompt.

    Args:
        beats: At least one, in order of time.
        matches: Every phrase that was understood.
        unknown: Words that mean nothing to the model, as written.
        mended: (as written, as read) of misspelt words, and of unknown ones that were near to a known one in meaning.
        excluded: Words that the prompt says should not be seen.
        dropped: Understood, but more than a moment can hold.
    """

    language: str
    beats: tuple[Beat, ...]
    matches: tuple[Match, ...] = ()
    unknown: tuple[str, ...] = ()
    mended: tuple[tuple[str, str], ...] = ()
    excluded: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def read_prompt(prompt: str, lexicon: Lexicon | None = None, nearest: Nearest | None = None) -> PromptReading:
    """What ``prompt`` says, with nothing added.

    Args:
        nearest: Gives the known phrase that an unknown word is near to in meaning, or None; None looks nothing up.
    """
    lexicon = lexicon or load_vocabulary()
    text, excluded = _without(prompt.translate(load_traditional()), _NOT_THERE, keep=_NOT_NOUNS)
    text, likened = _without(text, _LIKENESS)
    text, mended = mend_spelling(text, lexicon)
    text, likenesses = swap_unknown(text, lexicon, nearest) if nearest else (text, ())
    readings = [lexicon.read(clause) for clause in clauses_of(text)]
    beats: list[Beat] = []
    dropped: list[str] = []
    for reading in readings:
        add_clause(beats, reading, dropped)
    dropped += [part.text for beat in beats[MAX_BEATS:] for part in beat.parts]
    return PromptReading(
        language="zh" if is_chinese(prompt) else "en",
        beats=tuple(beats[:MAX_BEATS]) or (Beat(()),),
        matches=tuple(match for reading in readings for match in reading.matches),
        unknown=_as_written([*(word for reading in readings for word in reading.unknown), *likened], prompt),
        mended=(*mended, *likenesses),
        excluded=_as_written(excluded, prompt),
        dropped=_as_written(dropped, prompt),
    )


def mend_spelling(text: str, lexicon: Lexicon) -> tuple[str, tuple[tuple[str, str], ...]]:
    """``text`` with misspelt English words mended, and what was mended."""
    mended = []
    for word in dict.fromkeys(re.findall(r"[A-Za-z]{3,}", text)):
        if not lexicon.is_known(word) and (better := _speller().mend(word)) is not None:
            mended.append((word, better))
            text = re.sub(rf"\b{word}\b", better, text)
    return text, tuple(mended)


def swap_unknown(text: str, lexicon: Lexicon, nearest: Nearest) -> tuple[str, tuple[tuple[str, str], ...]]:
    """``text`` with unknown words exchanged for what is near to them in meaning, and what was exchanged."""
    swapped = []
    for word in lexicon.read(text).unknown:
        if (known := nearest(word)) is not None:
            swapped.append((word, known))
            text = re.sub(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word), known, text)
    return text, tuple(swapped)


def as_written(words: str, prompt: str) -> str:
    """``words`` with the characters of ``prompt``, which may be traditional ones."""
    start = prompt.translate(load_traditional()).find(words)
    return prompt[start : start + len(words)] if start >= 0 else words


def _as_written(phrases: Iterable[str], prompt: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(as_written(phrase, prompt) for phrase in phrases))


@cache
def _speller() -> Speller:
    return Speller(spoken_words(load_vocabulary()), load_real_words())


def _without(text: str, pattern: re.Pattern[str], keep: re.Pattern[str] | None = None) -> tuple[str, tuple[str, ...]]:
    """``text`` without what ``pattern`` finds, and what that was."""
    found: list[str] = []

    def remove(match: re.Match[str]) -> str:
        if keep is not None and keep.match(match.group()):
            return match.group()
        found.append(match.group().strip())
        return " "

    return pattern.sub(remove, text), tuple(found)

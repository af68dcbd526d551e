"""Misspelt English words to the nearest word that means something; real words are left alone.

Distance is Damerau and Levenshtein's in its restricted form: insertions, deletions, exchanges of a letter and of two neighbours, one each.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

MIN_LENGTH = 4
"""Shorter words have too many neighbours; they are mended only where two letters changed places."""


class Speller:
    """Knows words, and which of them a misspelling is nearest to.

    Args:
        words: Words with a meaning, in small letters.
        real: Words that are right as they are and must not become one of ``words``.
    """

    def __init__(self, words: Iterable[str], real: Iterable[str] = ()) -> None:
        self._words = sorted({word for word in words if word.isascii() and word.isalpha()})
        self._real = frozenset(real)

    def mend(self, word: str) -> str | None:
        """The nearest word; None when ``word`` is real or too far from all. Of equals, one with the same letters or the same start."""
        word = word.lower()
        if not word.isalpha() or len(word) < 3 or word in self._real:
            return None
        reach = 0 if len(word) < MIN_LENGTH else 1 if len(word) < 6 else 2
        if reach == 0:
            return next((other for other in self._words if _is_swapped(word, other)), None)
        near = [(distance, other) for other in self._words if (distance := self._distance(word, other, reach)) <= reach]
        if not near:
            return None
        least = min(distance for distance, _ in near)
        best = [other for distance, other in near if distance == least]
        return min(best, key=lambda other: (sorted(other) != sorted(word), -_shared_start(word, other), other))

    @staticmethod
    def _distance(word: str, other: str, reach: int) -> int:
        """The distance, or more than ``reach`` where length or letters already rule it out; few people miss the first letter."""
        far = abs(len(word) - len(other)) > reach or len(set(word) ^ set(other)) > 2 * reach
        if len(other) < 3 or far or word[0] not in other[:2]:
            return reach + 1
        return distance(word, other)


def distance(first: str, second: str) -> int:
    """Fewest single edits that turn ``first`` into ``second``."""
    earlier: list[int] = []
    previous = list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        current = [i]
        for j, other in enumerate(second, start=1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            current.append(cost)
        earlier, previous = previous, current
    return previous[-1]


def _is_swapped(word: str, other: str) -> bool:
    return len(word) == len(other) and word != other and distance(word, other) == 1 and sorted(word) == sorted(other)


def _shared_start(word: str, other: str) -> int:
    return next((index for index, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))


@cache
def load_real_words() -> frozenset[str]:
    """Common English words that lie near a word of the vocabulary without meaning it: house (horse), boat (goat)."""
    return frozenset(files("misora.prompting").joinpath("real_words.txt").read_text(encoding="utf-8").split())

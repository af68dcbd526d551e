"""The words of the world: what captions say, and what a person's prompt in English or Chinese means.

All words lie in ``lexicon.json`` (``phrases``); this module reads text with them. Latin words and single Chinese characters are
tokens of one list, phrases are paths in one tree, and the longest phrase wins at each position. Who does what is for ``events`` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from misora.world.cast import Character, load_cast
from misora.world.events import EventBuilder, with_sides_of_somebody
from misora.world.phrases import load_traditional, load_words, phrases_of
from misora.world.readings import PUNCTUATION, Entry, Kind, Match, Reading, is_chinese, tokens_of

ARTICLES = frozenset({"the", "a", "an"})


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    entry: Entry | None = None


@cache
def load_lexicon() -> Lexicon:
    """The lexicon with the whole cast, built once."""
    return Lexicon(load_cast())


class Lexicon:
    """Reads prompts.

    Args:
        cast: Characters by id; their names are added to the words of ``lexicon.json``.
        more: Further phrases and what they mean; where the wording is known already, the known meaning stays.
        words: Tables as those of ``lexicon.json``, which is the default; "sooner" holds words by kind that come before all others.
    """

    def __init__(
        self, cast: Mapping[str, Character], more: Iterable[tuple[str, Entry]] = (), words: Mapping[str, Any] | None = None
    ) -> None:
        words = words or load_words()
        self.cast = cast
        self.say: Mapping[str, Any] = words["say"]
        self._irregular: dict[str, str] = words["irregular"]
        self._traditional = load_traditional()
        measures = {one.measure_zh for one in cast.values()}
        self._function = {self.stem(word) for word in words["function_words"]} | set(words["function_chars"]) | measures
        self._fillers = {self.stem(word) for word in words["fillers"]}
        self._nouns: list[dict[str, Any]] = words["nouns"]
        self._root = _Node()
        self._parts: set[str] = set()
        self.phrases = (*phrases_of(words, cast), *more)
        for phrase, entry in self.phrases:
            self._insert(phrase, entry)

    def read(self, text: str) -> Reading:
        """What ``text`` says, phrase by phrase."""
        tokens = tokens_of(text)
        stems = [self.stem(token) for token in tokens]
        found, unknown = self._scan(tokens, stems)
        matches = with_sides_of_somebody(found, tokens)
        builder = EventBuilder(tokens)
        for index, match in enumerate(matches):
            builder.take(match, matches[index + 1] if index + 1 < len(matches) else None)
        builder.attach_sides(matches)
        return Reading(
            text=text,
            language="zh" if is_chinese(text) else "en",
            matches=matches,
            events=builder.finished(),
            relations=tuple(builder.relations),
            mentioned=tuple(dict.fromkeys(match.entry.value for match in matches if match.entry.kind is Kind.CHARACTER)),
            unknown=unknown,
        )

    def is_known(self, word: str) -> bool:
        """Whether a single ``word`` begins or goes on any phrase, or is one that carries no meaning of its own."""
        stem = self.stem(word)
        return stem in self._function or stem in self._fillers or stem in self._parts

    def stem(self, token: str) -> str:
        """One key for all inflections of a word; Chinese characters in their simplified form."""
        word = self.simplify(token).removesuffix("'s")
        return _cut(self._irregular.get(word, word)) if word.isascii() else word

    def simplify(self, text: str) -> str:
        """``text`` in small letters and simplified characters."""
        return text.lower().translate(self._traditional)

    def _insert(self, phrase: str, entry: Entry) -> None:
        """Adds ``phrase`` as it is and without the fillers inside it, which a text may have or not."""
        stems = [self.stem(token) for token in tokens_of(phrase)]
        bare = [stem for index, stem in enumerate(stems) if stem not in self._fillers or index in (0, len(stems) - 1)]
        for path in (stems, bare, bare[1:] if len(bare) > 2 and bare[0] in ARTICLES else bare):
            node = self._root
            self._parts.update(path)
            for stem in path:
                node = node.children.setdefault(stem, _Node())
            node.entry = node.entry or entry

    def _scan(self, tokens: Sequence[str], stems: Sequence[str]) -> tuple[list[Match], tuple[str, ...]]:
        matches: list[Match] = []
        unknown: list[str] = []
        unknown_end = -1
        index = 0
        while index < len(tokens):
            end, entry = self._longest(stems, index)
            end, entry = (end == index + 1 and self._noun(tokens, index)) or (end, entry)
            text = _joined(tokens[index:end])
            if entry is not None and entry.kind is not Kind.UNKNOWN:
                matches.append(Match(entry, text, index, end))
            elif entry is not None or not self._is_function(stems[index]):
                glued = unknown_end == index and not text.isascii() and unknown and not unknown[-1].isascii()
                unknown[len(unknown) - 1 if glued else len(unknown) :] = [unknown[-1] + text if glued else text]
                unknown_end = end
            index = end
        return matches, tuple(dict.fromkeys(unknown))

    def _is_function(self, stem: str) -> bool:
        return stem in self._function or not stem[0].isalnum()

    def _longest(self, stems: Sequence[str], start: int) -> tuple[int, Entry | None]:
        """(end, entry) of the longest phrase at ``start``; (start + 1, None) when there is none."""
        found = max(self._walk(self._root, stems, start), key=lambda end_entry: end_entry[0], default=None)
        return found or (start + 1, None)

    def _walk(self, node: _Node, stems: Sequence[str], index: int) -> Iterator[tuple[int, Entry]]:
        """Every phrase below ``node`` that goes on at ``index``, stepping over fillers."""
        if index == len(stems):
            return
        child = node.children.get(stems[index])
        if child is not None:
            if child.entry is not None and _is_closed(stems, index + 1, child.entry):
                yield index + 1, child.entry
            yield from self._walk(child, stems, index + 1)
        if node is not self._root and stems[index] in self._fillers:
            yield from self._walk(node, stems, index + 1)

    def _noun(self, tokens: Sequence[str], index: int) -> tuple[int, Entry] | None:
        """Words that are something else after an article: "a fly", "the leaves"."""
        for noun in self._nouns:
            if tokens[index].lower() == noun["word"] and (tokens[index - 1].lower() if index else "") in noun["after"]:
                return index + 1, Entry(Kind(noun["kind"]), noun["value"], exact=False)
        return None


def _is_closed(stems: Sequence[str], end: int, entry: Entry) -> bool:
    """Whether "walks in" ends there ("walks in from the left"), rather than running on as "walks in the snow"."""
    if entry.kind is not Kind.ACTION or stems[end - 1] != "in" or end == len(stems):
        return True
    return stems[end] in PUNCTUATION or stems[end] in ("from", "on", "at", "and", "whil")


def _joined(tokens: Sequence[str]) -> str:
    return ("" if any(not token.isascii() for token in tokens) else " ").join(tokens)


def _cut(word: str) -> str:
    """A crude English stem, the same for run, runs and running."""
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for suffix in ("ing", "ed"):
        rest = word.removesuffix(suffix)
        if rest != word and len(rest) > 2 and not word.endswith("eed") and re.search("[aeiouy]", rest):
            word = rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word

"""Text to hashed features, without a vocabulary: any word in any language has a place, and near spellings have near places.

A word of an alphabet is one token: itself and its character trigrams. A Chinese, Japanese or Korean character is one token: itself and
its two neighbours. Punctuation, symbols and emoji are dropped. No torch, no file.

Reference:
    Bojanowski et al., Enriching Word Vectors with Subword Information, arXiv:1607.04606; Svenstrup et al., Hash Embeddings,
    arXiv:1709.03933.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.int64]
"""Rows of the embedding table, (tokens, FEATURES); 0 is padding."""

FEATURES = 8
MAX_TOKENS = 64
TABLE_SIZE = 4096

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
TOKEN = re.compile(rf"(?P<cjk>[{CJK}])|(?P<number>\d+)|(?P<word>(?:(?![{CJK}])[^\W\d_])+)")
ALONE = re.compile(rf"[{CJK}]")


@lru_cache(maxsize=65_536)
def tokenize(text: str, max_tokens: int = MAX_TOKENS, table_size: int = TABLE_SIZE) -> Features:
    """Hashed features of the first ``max_tokens`` tokens of ``text``.

    Returns:
        (tokens, 8) table rows in 1 to ``table_size`` - 1, padded with 0 on the right; read-only, for it is cached. Empty text gives (0, 8).
    """
    rows = np.zeros((max_tokens, FEATURES), dtype=np.int64)
    count = 0
    for names in islice(feature_names(text), max_tokens):
        rows[count, : len(names)] = [hash_row(name, table_size) for name in names]
        count += 1
    features = rows[:count].copy()
    features.flags.writeable = False
    return features


def feature_names(text: str) -> Iterator[list[str]]:
    """Up to eight feature names for each token, in order."""
    normal = unicodedata.normalize("NFKC", text).lower()
    for match in TOKEN.finditer(normal):
        token = match.group()
        if match.lastgroup == "cjk":
            yield character_features(normal, match.start())
        else:
            yield word_features(token)


def word_features(word: str) -> list[str]:
    """The word, and at most seven of the trigrams of ``<word>``, evenly spread from its start to its end."""
    marked = f"<{word}>"
    trigrams = list(dict.fromkeys(marked[i : i + 3] for i in range(len(marked) - 2)))
    room = FEATURES - 1
    if len(trigrams) > room:
        trigrams = [trigrams[i * (len(trigrams) - 1) // (room - 1)] for i in range(room)]
    return [f"word:{word}", *(f"trigram:{trigram}" for trigram in trigrams)]


def character_features(text: str, index: int) -> list[str]:
    """The character at ``index``, and its pairs with the neighbours that are characters of the same kind."""
    names = [f"character:{text[index]}"]
    if index > 0 and ALONE.match(text[index - 1]):
        names.append(f"pair:{text[index - 1 : index + 1]}")
    if index + 1 < len(text) and ALONE.match(text[index + 1]):
        names.append(f"next:{text[index : index + 2]}")
    return names


def hash_row(name: str, table_size: int) -> int:
    """A row from 1 to ``table_size`` - 1, the same in every process and version (CRC-32)."""
    return 1 + zlib.crc32(name.encode()) % (table_size - 1)

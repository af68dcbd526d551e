"""The full tier's phrases: those of the small tier's lexicon and, over them, those of ``words_full.json``."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from misora.world.phrases import load_words


@cache
def load_full_words() -> dict[str, Any]:
    """Phrases by language and kind, style of each gait and character, irregular plurals."""
    small = load_words()
    more: dict[str, Any] = json.loads(files("misora.world").joinpath("words_full.json").read_text(encoding="utf-8"))
    return {
        "say": merged(small["say"], more["say"]),
        "style_of_gait": small["style_of_gait"] | more["style_of_gait"],
        "style_of_character": small["style_of_character"],
        "double": frozenset(small["double"]),
        "unsaid": frozenset(small["unsaid_names"]),
        "plural": more["plural"],
    }


@cache
def load_reading_words() -> dict[str, Any]:
    """Tables for a ``Lexicon`` of the full tier: all phrases that its captions use, and plain words for what only it knows.

    Those words stand before the small tier's, which take them for something near.
    """
    more: dict[str, Any] = json.loads(files("misora.world").joinpath("words_full.json").read_text(encoding="utf-8"))
    return {**load_words(), "say": load_full_words()["say"], "sooner": more["read"]}


def merged(base: Any, over: Any) -> Any:
    """``over`` laid on ``base``, dictionary by dictionary."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {key: merged(base.get(key), over.get(key)) for key in {**base, **over}}
    return base if over is None else over

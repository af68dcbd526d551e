"""The step that every text and every frame passes before it is used or kept; a judge that fails means nothing passes.

The rules here are plain words and shapes. A judge with a model behind it has the same two methods and takes this one's place.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from misora.base.canvas import Frames
from misora.base.errors import Refused

RULES = Path(__file__).with_name("rules.toml")
UNAVAILABLE = "unavailable"
FRAMES_A_SECOND = 2.0
"""How densely finished frames are looked at."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge says; kept beside every file that is served.

    Args:
        judge: Which judge and version said it.
        category: The rule that forbids it; empty when allowed.
    """

    allowed: bool
    judge: str
    category: str = ""
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Judge(Protocol):
    """Says what may be made and shown."""

    def judge_text(self, text: str) -> Verdict:
        """Of a prompt, as written or as rewritten."""

    def judge_frames(self, frames: Frames) -> Verdict:
        """Of pictures (T, H, W, 3) that were made, or given."""


class RuleJudge:
    """Words that may not be asked for, by category; pictures only need to be pictures.

    Args:
        rules: Category to the groups of words that must all appear; see ``rules.toml``.
    """

    name = "rules/1"

    def __init__(self, rules: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.rules = {category: [[compiled(words) for words in group] for group in groups] for category, groups in rules.items()}

    def judge_text(self, text: str) -> Verdict:
        plain = folded(text)
        for category, groups in self.rules.items():
            for group in groups:
                found = [pattern.search(plain) for pattern in group]
                if all(found):
                    said = ", ".join(repr(match.group()) for match in found if match is not None)
                    return Verdict(False, self.name, category, f"{said} falls under {category!r}")
        return Verdict(True, self.name)

    def judge_frames(self, frames: Frames) -> Verdict:
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not frames.size:
            return Verdict(False, self.name, "malformed", f"frames are {frames.dtype} {frames.shape}, not uint8 (T, H, W, 3)")
        return Verdict(True, self.name)


def load_rules(path: Path = RULES) -> RuleJudge:
    """The judge of a rules file."""
    return RuleJudge(tomllib.loads(path.read_text(encoding="utf-8"))["categories"])


def compiled(words: str) -> re.Pattern[str]:
    """Alternatives separated by ``|`` as whole words; Chinese has no spaces to look for."""
    parts = [folded(word.strip()) for word in words.split("|")]
    return re.compile("|".join(rf"\b{re.escape(part)}\b" if part.isascii() else re.escape(part) for part in parts))


def folded(text: str) -> str:
    """Lower case, compatibility forms and accents taken off, zero-width characters gone."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if unicodedata.category(character) not in ("Mn", "Cf"))


def texts_in(request: Mapping[str, Any]) -> dict[str, str]:
    """The words of a request by field, those of its tool included: gaps, cards, names. To be judged before anything is held."""
    texts = {name: request[name] for name in ("prompt", "negative_prompt") if request.get(name)}
    return texts | tool_texts(request.get("tool") or {}, "tool")


def tool_texts(node: Any, path: str) -> dict[str, str]:
    """Every text in an editing tool's plain data by where it stands; names of the data's own fields are not among them."""
    if isinstance(node, str):
        return {path: node} if node.strip() else {}
    if isinstance(node, Mapping):
        inner = [(f"{path}.{key}", value) for key, value in node.items()]
    elif isinstance(node, list | tuple):
        inner = [(f"{path}.{number}", value) for number, value in enumerate(node)]
    else:
        return {}
    return {name: text for where, value in inner for name, text in tool_texts(value, where).items()}


def pass_text(judge: Judge, text: str, *, field: str) -> Verdict:
    """The verdict of an allowed text; raises Refused for any other, and when the judge fails."""
    try:
        verdict = judge.judge_text(text)
    except Exception as error:
        raise Refused(f"{field} could not be judged, so it is not made: {error}", category=UNAVAILABLE, field=field) from error
    if not verdict.allowed:
        raise Refused(f"{field} is not allowed: {verdict.reason}; leave it out", category=verdict.category, field=field)
    return verdict


def pass_frames(judge: Judge, frames: Frames) -> Verdict:
    """The verdict of allowed frames; raises Refused for any other, and when the judge fails."""
    try:
        verdict = judge.judge_frames(frames)
    except Exception as error:
        raise Refused(f"the frames could not be judged, so they are not shown: {error}", category=UNAVAILABLE) from error
    if not verdict.allowed:
        raise Refused(f"what was made is not allowed: {verdict.reason}", category=verdict.category)
    return verdict

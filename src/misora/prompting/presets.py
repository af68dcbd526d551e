"""A style preset: seven blocks of text, a grade, and up to five reference pictures, as plain data and as one file.

The text is for models that read free text, and for what a prompt leaves open (place, time, camera); the grade is laid over the finished
frames by ``media``, so that a preset shows whatever the model knows. Knows no folder, no model and no prompt.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from misora.base.errors import InputError
from misora.media.grade import NEUTRAL, Grade

FORMAT = "misora/preset/1"
BLOCKS = ("theme", "colour", "camera", "film_stock", "lighting", "content", "mood")
NAME = re.compile(r"[^\W_A-Z][^\W_A-Z]*(?:-[^\W_A-Z]+)*")
MAX_NAME, MAX_TITLE, MAX_BLOCK, MAX_REFERENCES = 48, 80, 2000, 5
MAX_REFERENCE_BYTES = 2 * 2**20
MAX_FILE_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Preset:
    """A look with a name.

    Args:
        name: Small letters, digits and single hyphens, in any script: ``film-noir``, ``水墨``.
        title, title_zh: What lists show, in English and Chinese; either may be empty.
        theme, colour, camera, film_stock, lighting, content, mood: Blocks of text; empty ones say nothing.
        grade: Laid over the finished frames.
        references: Pictures of the look, each the bytes of a WebP file; at most five.
        built_in: Whether it came with Misora; those are cloned, not edited.
    """

    name: str
    title: str = ""
    title_zh: str = ""
    theme: str = ""
    colour: str = ""
    camera: str = ""
    film_stock: str = ""
    lighting: str = ""
    content: str = ""
    mood: str = ""
    grade: Grade = NEUTRAL
    references: tuple[bytes, ...] = field(default=(), repr=False)
    built_in: bool = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.name) > MAX_NAME:
            raise InputError(
                f"preset.name={self.name!r} is not small letters, digits and single hyphens, at most {MAX_NAME}; for example my-look",
                field="preset.name",
            )
        for name in ("title", "title_zh", *BLOCKS):
            _check_text(name, getattr(self, name), MAX_BLOCK if name in BLOCKS else MAX_TITLE)
        if len(self.references) > MAX_REFERENCES:
            raise InputError(
                f"preset.references holds {len(self.references)} pictures; at most {MAX_REFERENCES} fit", field="preset.references"
            )
        for index, picture in enumerate(self.references):
            if not (picture[:4] == b"RIFF" and picture[8:12] == b"WEBP" and len(picture) <= MAX_REFERENCE_BYTES):
                most = f"a WebP picture of at most {MAX_REFERENCE_BYTES >> 20} MiB"
                raise InputError(f"preset.references[{index}] is not {most}", field="preset.references")

    @property
    def blocks(self) -> dict[str, str]:
        """The blocks that say something, by name."""
        return {name: text for name in BLOCKS if (text := getattr(self, name).strip())}

    @property
    def text(self) -> str:
        """All blocks as sentences, for models that read free text."""
        return " ".join(text if text.endswith((".", "。", "!", "！")) else f"{text}." for text in self.blocks.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the shared file, without what is empty."""
        data: dict[str, Any] = {"format": FORMAT, "name": self.name, "title": self.title, "title_zh": self.title_zh, "text": self.blocks}
        data |= {"grade": self.grade.to_dict(), "references": [base64.b64encode(picture).decode() for picture in self.references]}
        return {key: value for key, value in data.items() if value}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2) + "\n"

    @staticmethod
    def from_dict(data: Mapping[str, Any], *, built_in: bool = False) -> Preset:
        """Raises InputError naming the first entry that cannot be used."""
        if data.get("format") != FORMAT:
            raise InputError(f"not a preset: its format is {data.get('format')!r}, this version reads {FORMAT!r}", field="preset")
        known = {"format", "name", "title", "title_zh", "text", "grade", "references"}
        _check_keys(data, known, "preset")
        text, grade = _mapping(data, "text"), _mapping(data, "grade")
        _check_keys(text, set(BLOCKS), "preset.text")
        titles = {name: data.get(name, "") for name in ("title", "title_zh")}
        name = data.get("name")
        if not isinstance(name, str):
            raise InputError("preset.name is missing; a preset needs one, for example my-look", field="preset.name")
        pictures = tuple(_decoded(index, entry) for index, entry in enumerate(_list(data, "references")))
        return Preset(name, **titles, **text, grade=Grade.from_dict(grade), references=pictures, built_in=built_in)

    @staticmethod
    def from_json(text: str) -> Preset:
        """Raises InputError when ``text`` is not a preset."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError("not a preset: the text is not JSON", field="preset") from error
        if not isinstance(data, dict):
            raise InputError("not a preset: the JSON is not an object", field="preset")
        return Preset.from_dict(data)

    def changed(self, **changes: Any) -> Preset:
        """A copy with some fields changed, checked again."""
        known = {entry.name for entry in dataclasses.fields(self)}
        _check_keys(changes, known, "preset")
        return replace(self, **changes)


@cache
def built_in_presets() -> tuple[Preset, ...]:
    """What came with Misora, in the order of ``presets.json``."""
    text = files("misora.prompting").joinpath("presets.json").read_text(encoding="utf-8")
    return tuple(Preset.from_dict(entry, built_in=True) for entry in json.loads(text))


def _check_text(name: str, text: object, longest: int) -> None:
    if not isinstance(text, str) or len(text) > longest or "\0" in text:
        raise InputError(f"preset.{name} is not text of at most {longest} characters", field=f"preset.{name}")


def _check_keys(data: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in data:
        if key not in known:
            raise InputError(f"{where}.{key} is not known; choose from {', '.join(sorted(known))}", field=f"{where}.{key}")


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise InputError(f"preset.{key} is not an object of names and values", field=f"preset.{key}")
    return value


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise InputError(f"preset.{key} is not a list", field=f"preset.{key}")
    return value


def _decoded(index: int, entry: object) -> bytes:
    try:
        return base64.b64decode(entry if isinstance(entry, str) else "?", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"preset.references[{index}] is not base64 text", field="preset.references") from error

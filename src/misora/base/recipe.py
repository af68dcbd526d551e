"""The recipe of a video: everything that is needed to make the same frames again, as text that travels inside the file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from misora.base.canvas import Quality, Span, check_quality
from misora.base.errors import InputError
from misora.base.shapes import VideoShape

FORMAT = "misora/recipe/1"


@dataclass(frozen=True, slots=True)
class RecipeInput:
    """A picture or clip that went in; known by its digest, never by its path.

    Args:
        sha256: Of the file, or of the frames when there was no file.
        frame_index: First canvas frame that a pin covers; 0 for a parent.
        strength: Of the pin.
        role: "pin" for what was pinned, "parent" for a clip that was edited, "mask" for where.
    """

    sha256: str
    frame_index: int = 0
    strength: float = 1.0
    role: str = "pin"


@dataclass(frozen=True, slots=True)
class Draft:
    """The small clip under a finished one: its sides and steps, how firmly it was pinned, 0 to 1, and the size at which it was sampled."""

    height: int
    width: int
    steps: int
    strength: float
    sampled: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a video was made.

    Args:
        misora, torch: Versions.
        pipeline, device, dtype, threads: What computed it; another device or precision gives slightly other pixels.
        prompt: As the person wrote it.
        caption: As the model read it: the prompt after rewriting; of several moments the first.
        sampler, steps, guidance: After every default was filled in.
        weights: SHA-256 of each weights file, by kind.
        inputs: Pinned pictures and clips, parents and masks, in order.
        preset: Name of the style preset; empty is none. What it did to the frames is in ``grade``, so that it may change or go.
        grade: Laid over the finished frames (``media.grade.Grade``), as plain data; empty is none.
        spans: Captions over time, where the prompt had several moments; empty is ``caption`` throughout.
        draft: What the video was finished from; None when it was made at once.
        draft_of: (height, width) of the full size that this video is a draft of; None when it is no draft.
        sampled: (height, width) at which the network worked before its frames were upsampled; None is the shape's own size.
        quality: "turbo" for the distilled model, "base" for the many-step one.
        edit: The editing tool under "tool" and its arguments; None when the video was not made from another.
    """

    prompt: str
    caption: str
    shape: VideoShape
    seed: int
    steps: int
    guidance: float
    sampler: str
    negative_prompt: str = ""
    pipeline: str = "native"
    device: str = "cpu"
    dtype: str = "bfloat16"
    threads: int = 1
    misora: str = ""
    torch: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[RecipeInput, ...] = ()
    preset: str = ""
    grade: Mapping[str, Any] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    draft: Draft | None = None
    draft_of: tuple[int, int] | None = None
    edit: Mapping[str, Any] | None = None
    sampled: tuple[int, int] | None = None
    quality: Quality = "base"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, the format's name first."""
        return {"format": FORMAT, **dataclasses.asdict(self)}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Recipe:
        """Raises InputError when ``data`` is not a recipe of this format."""
        if data.get("format") != FORMAT:
            raise InputError(f"not a recipe: its format is {data.get('format')!r}, this version reads {FORMAT!r}", field="recipe")
        try:
            values = {key: value for key, value in data.items() if key != "format"}
            values["shape"] = VideoShape(**values["shape"])
            values["inputs"] = tuple(RecipeInput(**entry) for entry in values.get("inputs", ()))
            values["spans"] = tuple(Span(**entry) for entry in values.get("spans", ()))
            values["draft"] = draft_from(values["draft"]) if values.get("draft") else None
            for name in ("draft_of", "sampled"):
                values[name] = size_from(values.get(name))
            check_quality(values.get("quality"))
            return Recipe(**values)
        except InputError:
            raise
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise InputError(f"the recipe is damaged: {error}", field="recipe") from error

    @staticmethod
    def from_json(text: str) -> Recipe:
        """Raises InputError when ``text`` is not a recipe."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise InputError("not a recipe: the text is not JSON", field="recipe") from error
        if not isinstance(data, dict):
            raise InputError("not a recipe: the JSON is not an object", field="recipe")
        return Recipe.from_dict(data)


def draft_from(data: Mapping[str, Any]) -> Draft:
    """A ``Draft`` of plain data."""
    return Draft(**{**data, "sampled": size_from(data.get("sampled"))})


def size_from(data: Any) -> tuple[int, int] | None:
    """(height, width) of plain data; raises ValueError or TypeError unless it is two whole numbers or nothing."""
    if data is None:
        return None
    height, width = data
    return int(height), int(width)

"""The ways of making a video, as the JSON of a job's request: what each takes, its shape, its words and the files that it names.

``generate`` takes the fields of ``api.request.Request``, and ``image`` the same for one frame; ``images`` is a list of
``{"file": id, "seconds": 0, "strength": 1}``. ``edit`` takes ``tool`` (an editing tool's own data, as in a recipe), ``clips`` (ids of
files) and the fields of ``api.edit.Choices``.

Checking a request loads no network, so that a mistake is told before anything is held.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from misora.api.edit import Choices, find_preset, preset_for
from misora.api.pins import PinRequest
from misora.api.request import Request, preset_of, shape_of
from misora.base.canvas import check_quality
from misora.base.errors import InputError
from misora.base.shapes import VideoShape
from misora.editing.storyboard.shoot import Shoot
from misora.editing.tool import Tool, from_data
from misora.editing.tools import TOOLS

KINDS = ("generate", "image", "edit")
NUMBERS = ("seconds", "fps", "guidance")
WHOLE = ("seed", "steps")
TEXTS = ("prompt", "size", "resolution", "aspect", "negative_prompt", "preset", "quality")
FLAGS = ("rewrite_prompt", "draft", "native", "planned")


def check_request(kind: str, request: Mapping[str, Any]) -> VideoShape | None:
    """The shape that will be made, or None for an edit, whose clips decide it; raises InputError for the first thing that is wrong."""
    if kind not in KINDS:
        raise InputError(f"kind={kind!r} is not known; choose one of {', '.join(KINDS)}", field="kind")
    if kind == "edit":
        tool, choices = read_edit(request)
        if isinstance(tool, Shoot):
            preset_for(tool.board, choices)
        else:
            find_preset(tool, choices)
        check_quality(choices.quality, choices.guidance, choices.negative_prompt)
        return None
    read = read_request(kind, request, {file: Path() for file in files_of(request)})
    if not read.prompt.strip():
        raise InputError("prompt is empty; describe the scene, for example 'a dog runs along the beach'", field="prompt")
    preset_of(read)
    check_quality(read.quality, read.guidance, read.negative_prompt)
    return shape_of(read)


def files_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of the files that a request names, each once."""
    images = [entry["file"] for entry in entries(request, "images") if isinstance(entry, Mapping) and isinstance(entry.get("file"), str)]
    clips = [clip for clip in entries(request, "clips") if isinstance(clip, str)]
    return tuple(dict.fromkeys([*images, *clips]))


def read_request(kind: str, request: Mapping[str, Any], inputs: Mapping[str, Path]) -> Request:
    """A ``generate`` or ``image`` request; ``inputs`` are local files by id."""
    values = read_values(request, {field.name for field in fields(Request)} - {"images", "still"}, beside={"images"})
    images = tuple(read_image(entry, inputs) for entry in entries(request, "images"))
    return Request(**({"prompt": ""} | values), images=images, still=kind == "image")


def read_edit(request: Mapping[str, Any]) -> tuple[Tool, Choices]:
    """The tool and the choices of an ``edit`` request."""
    values = read_values(request, {field.name for field in fields(Choices)}, beside={"tool", "clips"})
    tool = request.get("tool")
    if not isinstance(tool, Mapping):
        raise InputError("tool is missing; an edit names its tool and the tool's settings", field="tool")
    return from_data(tool, TOOLS), Choices(**values)


def read_clips(request: Mapping[str, Any], inputs: Mapping[str, Path]) -> list[Path]:
    """The local files of an edit's clips."""
    return [local_file(clip, inputs, "clips") for clip in entries(request, "clips")]


def read_image(entry: Any, inputs: Mapping[str, Path]) -> PinRequest:
    """``{"file": id, "seconds": 0, "strength": 1}``; seconds "end" is the end of the video."""
    if not isinstance(entry, Mapping) or set(entry) - {"file", "seconds", "strength"}:
        raise InputError(f"images holds {entry!r:.80}; each is an object of file, seconds and strength", field="images")
    when = math.inf if entry.get("seconds") == "end" else number(entry.get("seconds", 0.0), "images.seconds")
    return PinRequest(local_file(entry.get("file"), inputs, "images.file"), when, number(entry.get("strength", 1.0), "images.strength"))


def read_values(request: Mapping[str, Any], known: set[str], *, beside: set[str]) -> dict[str, Any]:
    """The plain fields of a request with their types checked; null means absent."""
    unknown = set(request) - known - beside
    if unknown:
        raise InputError(
            f"{', '.join(sorted(unknown))} is not a field here; the fields are {', '.join(sorted(known | beside))}", field=min(unknown)
        )
    return {name: checked(name, value) for name, value in request.items() if name in known and value is not None}


def checked(name: str, value: Any) -> Any:
    """``value`` if it is of the type that the field ``name`` has."""
    if name in NUMBERS:
        return number(value, name)
    wanted = "a whole number" if name in WHOLE else "true or false" if name in FLAGS else "text"
    kind = int if name in WHOLE else bool if name in FLAGS else str
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"{name}={value!r:.80} must be {wanted}", field=name)
    return value


def number(value: Any, name: str) -> float:
    """``value`` as a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name}={value!r:.80} must be a number", field=name)
    return float(value)


def entries(request: Mapping[str, Any], name: str) -> Sequence[Any]:
    """The list under ``name``; an absent one is empty."""
    value = request.get(name) or []
    if not isinstance(value, list | tuple):
        raise InputError(f"{name}={value!r:.80} must be a list", field=name)
    return value


def local_file(file_id: Any, inputs: Mapping[str, Path], name: str) -> Path:
    """Where the file of an id lies."""
    if not isinstance(file_id, str) or file_id not in inputs:
        raise InputError(f"{name}={file_id!r:.80} is not a file of yours; upload it first", field=name)
    return inputs[file_id]

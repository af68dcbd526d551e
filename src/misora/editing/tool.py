"""What every editing tool looks like, and the checks that several of them share.

A tool is a small frozen record of what a person asked for. It compiles to a plan, and as plain data it travels in the recipe, from which
the same record is built again.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from misora.base.errors import InputError
from misora.base.shapes import MAX_SECONDS
from misora.editing.footage import Footage
from misora.editing.plan import Plan
from misora.editing.scene import Scene


class Tool(Protocol):
    """An edit that was asked for.

    Args:
        name: As people type it.
        num_clips: Fewest and most clips that it takes.
        roles: What the recipe calls each of them: "parent" or "mask".
    """

    name: ClassVar[str]
    num_clips: ClassVar[tuple[int, int]]
    roles: ClassVar[tuple[str, ...]]

    def compile(self, clips: Sequence[Footage], scene: Scene) -> Plan:
        """The plan; raises InputError when an argument does not fit the clips."""
        ...


def check_seconds(seconds: float, name: str = "seconds") -> None:
    """Raises InputError unless ``seconds`` of video can be made."""
    if not 0 < seconds <= MAX_SECONDS:
        nearest = MAX_SECONDS if seconds > MAX_SECONDS else 1.0
        raise InputError(f"{name}={seconds:g} must be above 0 and at most {MAX_SECONDS:g}; nearest: {nearest:g}", field=name)


def frames_in(seconds: float, fps: float) -> int:
    """Frames of ``seconds``, at least one."""
    return max(1, round(seconds * fps))


def to_data(tool: Tool) -> dict[str, Any]:
    """The record as plain data, its name under "tool"."""
    record: Any = tool
    return {"tool": tool.name, **dataclasses.asdict(record)}


def from_data(data: Mapping[str, Any], tools: Mapping[str, type[Tool]]) -> Tool:
    """The record again; raises InputError when it is of no known tool or of another version."""
    name = str(data.get("tool"))
    if name not in tools:
        raise InputError(f"the recipe's tool is {name!r}; this version knows {', '.join(tools)}", field="recipe.edit")
    try:
        return tools[name](**{key: value for key, value in data.items() if key != "tool"})
    except TypeError as error:
        raise InputError(f"the recipe's {name} is damaged: {error}", field="recipe.edit") from error


def is_number(value: object) -> bool:
    """Whether ``value`` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

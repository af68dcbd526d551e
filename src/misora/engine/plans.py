"""Plans: what an account may ask for and how much of it, from a TOML file that the operator owns."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from misora.base.errors import InputError
from misora.base.shapes import VideoShape

Plans = Mapping[str, "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One row of the file.

    Args:
        monthly_credits, monthly_videos: Granted in every calendar month (UTC); what is left over ends with it.
        max_seconds: Longest video.
        max_resolution: Longest short side in pixels.
        max_running, max_waiting: Jobs at once that workers hold, and that wait or run together.
        unlimited: Nothing is counted.
        relaxed: Without credits left, jobs go to the relaxed lane, free of charge.
        visible_mark: Whether the visible mark is put on.
    """

    name: str
    monthly_credits: int
    monthly_videos: int
    max_seconds: float
    max_resolution: int
    max_running: int
    max_waiting: int
    unlimited: bool = False
    relaxed: bool = False
    visible_mark: bool = True


def load_plans(path: Path) -> dict[str, Plan]:
    """The plans of a file by name; raises InputError that names the plan and the key at fault."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"the plans in {path} cannot be read: {(error.strerror or str(error)).lower()}", field="MISORA_PLANS") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}", field="MISORA_PLANS") from error
    return {name: read_plan(name, table) for name, table in tables.items()}


def read_plan(name: str, table: object) -> Plan:
    """One plan of the file."""
    if not isinstance(table, dict):
        raise InputError(f"plan {name!r} is not a table; write [{name}] and its keys below", field=name)
    kinds = {field.name: field.type for field in fields(Plan) if field.name != "name"}
    unknown, missing = set(table) - set(kinds), required() - set(table)
    if unknown or missing:
        fault = f"has unknown keys {', '.join(sorted(unknown))}" if unknown else f"lacks {', '.join(sorted(missing))}"
        raise InputError(f"plan {name!r} {fault}; the keys are {', '.join(kinds)}", field=name)
    for key, value in table.items():
        is_flag = kinds[key] == "bool"
        if isinstance(value, bool) is not is_flag or (not is_flag and not (isinstance(value, int | float) and value >= 0)):
            raise InputError(
                f"{name}.{key}={value!r} must be {'true or false' if is_flag else 'a number of at least 0'}", field=f"{name}.{key}"
            )
    return Plan(name=name, **table)


def required() -> set[str]:
    """Keys without a default."""
    return {"monthly_credits", "monthly_videos", "max_seconds", "max_resolution", "max_running", "max_waiting"}


def plan_of(plans: Plans, name: str) -> Plan:
    """The plan called ``name``; raises InputError when the file has none."""
    if name not in plans:
        raise InputError(f"plan={name!r} is not in the plans file; choose one of {', '.join(plans)}", field="plan")
    return plans[name]


def check_shape(plan: Plan, shape: VideoShape) -> None:
    """Raises InputError when a plan does not go that far."""
    if shape.seconds > plan.max_seconds + 1 / shape.fps:
        raise InputError(
            f"seconds={shape.seconds:g} is beyond plan {plan.name}, which goes to {plan.max_seconds:g}; nearest: {plan.max_seconds:g}",
            field="seconds",
        )
    if min(shape.height, shape.width) > plan.max_resolution:
        raise InputError(
            f"size={shape.width}x{shape.height} is beyond plan {plan.name}, which goes to {plan.max_resolution}p; "
            f"nearest: a short side of {plan.max_resolution}",
            field="size",
        )

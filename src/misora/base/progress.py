"""How long work reports itself: a callback that receives steps; raising ``Cancelled`` in it stops the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """``done`` of ``total`` units of ``stage`` ("denoise", "decode", "encode") are finished."""

    stage: str
    done: int
    total: int


Progress = Callable[[Step], None]


def silent(_: Step) -> None:
    """Reports nothing."""

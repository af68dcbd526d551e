"""What an adapter is for, and whether the one in a folder fits the transformer beside it; read from headers, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from misora.base.errors import InputError
from misora.models.weights_file import build_config, read_info, weights_digest, weights_path

PICTURE = 2
"""A clip's first picture, where it is sampled alone, takes so many times the steps: all else is made of it, and it costs a seventh."""


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """What an adapter is for.

    Args:
        base: SHA-256 of the transformer's file that it changes; another one is refused.
        rank: Columns of each factor.
        steps: Steps of the sampler that it was trained for, without guidance.
    """

    base: str
    rank: int = 16
    steps: int = 4

    def __post_init__(self) -> None:
        for name, value in (("rank", self.rank), ("steps", self.steps)):
            if value < 1:
                raise InputError(f"adapter.{name}={value} must be at least 1", field=name)


def why_no_turbo(folder: Path) -> str:
    """Why the Turbo of a weights folder cannot be used, as a sentence without its end; empty where it can.

    Raises:
        WeightsError: The adapter or the transformer is damaged, or there is no transformer.
    """
    path = weights_path(folder, "turbo")
    if not path.is_file():
        return f"there are no turbo weights in {folder}"
    if build_config(read_info(path, "turbo"), AdapterConfig).base != weights_digest(weights_path(folder, "transformer")):
        return f"{path.name} in {folder} was trained on another transformer than the one beside it"
    return ""

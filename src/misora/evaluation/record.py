"""What is kept of every clip: enough to make any table again without making a clip again."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from misora.base.canvas import Frames
from misora.evaluation.motion import drift, flicker, law_of, motion_size, permanence, residual, travel
from misora.evaluation.prompts import EvaluationPrompt
from misora.evaluation.shots import check_shots, read_shots
from misora.media.atomic import write_bytes
from misora.models.parser.model import Parser
from misora.models.parser.reading import ClipReading
from misora.pipelines.adherence import Check, match, score
from misora.world.captions import Story

POSTER = ".webp"
"""Ending of the picture that stands for a clip until it is played."""


@dataclass(frozen=True, slots=True)
class Record:
    """One clip, judged.

    Args:
        number: Of its prompt.
        checks: Every fact of the prompt.
        shuffled: The same clip against another prompt: what agrees by luck.
        measures: Figures of the clip by name; what cannot be measured is left out.
        features: Mean parser features; for distances between sets.
        took_seconds: Time to make it.
    """

    number: int
    seed: int
    language: str
    caption: str
    checks: tuple[Check, ...]
    shuffled: tuple[Check, ...]
    measures: dict[str, float]
    features: tuple[float, ...]
    took_seconds: float = 0.0
    outside: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """Mean likelihood of what was asked, 0 to 1."""
        return score(self.checks)

    def save(self, path: Path) -> None:
        """Writes it whole or not at all: a record on disk means that the clip is done."""
        write_bytes(path, json.dumps(dataclasses.asdict(self), ensure_ascii=False).encode())

    @staticmethod
    def load(path: Path) -> Record:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in ("checks", "shuffled"):
            data[name] = tuple(Check(**check) for check in data[name])
        data["features"] = tuple(data["features"])
        return Record(**data)


def judge_clip(
    judge: Parser, frames: Frames, fps: float, prompt: EvaluationPrompt, other: EvaluationPrompt, *, seed: int, took_seconds: float = 0.0
) -> Record:
    """Everything about one clip of ``prompt``; ``other`` is a prompt that it was not made for."""
    readings = read_shots(judge, frames, fps, len(prompt.film.shots))
    return Record(
        number=prompt.number,
        seed=seed,
        language=prompt.language,
        caption=prompt.caption,
        checks=tuple(check_shots(prompt, readings)),
        shuffled=tuple(check_shots(other, readings)),
        measures=measures_of(frames[: len(frames) // len(readings.shots)], fps, prompt.stories[0], readings.shots[0]),
        features=tuple(np.round(readings.whole.features.numpy(), 5).tolist()),
        took_seconds=took_seconds,
    )


def measures_of(frames: Frames, fps: float, story: Story, reading: ClipReading) -> dict[str, float]:
    """Motion and steadiness of a clip's first shot; residuals under the name of their law."""
    values = {"flicker": flicker(frames), "drift": drift(frames), "motion_size": motion_size(frames, fps)}
    players = match(story.actors, reading.players)
    tracks = [(actor.action, player.track) for actor, player in zip(story.actors, players, strict=True) if player is not None]
    for name, found in _by_law(tracks, reading).items():
        values[name] = float(np.mean(found))
    stays = [stay for _, track in tracks if math.isfinite(stay := permanence(track))]
    if stays:
        values["permanence"] = float(np.mean(stays))
    return {name: round(value, 6) for name, value in values.items() if math.isfinite(value)}


def _by_law(tracks: list[tuple[Any, Any]], reading: ClipReading) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for action, track in tracks:
        law, value = law_of(action), residual(action, track, travel(reading), reading.rate)
        if law is not None and math.isfinite(value):
            found.setdefault(law, []).append(value)
    return found

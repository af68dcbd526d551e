"""A clip of several shots against a prompt: every shot is read apart, the cuts in the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from misora.base.canvas import Frames
from misora.evaluation.prompts import EvaluationPrompt
from misora.models.parser.model import Parser
from misora.models.parser.reading import ClipReading
from misora.pipelines.adherence import Check, check_clip, check_cuts, in_order


@dataclass(frozen=True, slots=True)
class ShotReadings:
    """A clip as a whole and shot by shot; of one shot both are the same."""

    whole: ClipReading
    shots: tuple[ClipReading, ...]


def read_shots(judge: Parser, frames: Frames, fps: float, count: int) -> ShotReadings:
    """Reads a clip that was asked for as ``count`` shots of equal length."""
    whole = judge.read(frames, fps)
    if count == 1:
        return ShotReadings(whole, (whole,))
    edges = [round(len(frames) * shot / count) for shot in range(count + 1)]
    return ShotReadings(whole, tuple(judge.read(frames[start:end], fps) for start, end in pairwise(edges)))


def check_shots(prompt: EvaluationPrompt, readings: ShotReadings) -> list[Check]:
    """Every fact that ``prompt`` asks, of every shot; a shot too many is checked against the last one that there is."""
    return in_order(_checks(prompt, readings))


def _checks(prompt: EvaluationPrompt, readings: ShotReadings) -> Iterator[Check]:
    last = len(readings.shots) - 1
    for number, story in enumerate(prompt.stories):
        yield from check_clip(story, readings.shots[min(number, last)])
    if prompt.cuts is not None:
        yield check_cuts(prompt.cuts, readings.whole)

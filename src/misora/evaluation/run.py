"""An evaluation run: every prompt through every maker, each clip kept and judged once, so that a stopped run goes on where it was.

A run's folder holds ``plan.json``, one folder of clips and records for each row, ``report.json`` and ``index.html``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.base.progress import Progress, Step, silent
from misora.base.shapes import VideoShape
from misora.evaluation.films import held_out_films
from misora.evaluation.makers import Maker
from misora.evaluation.outside import ClipMeasure
from misora.evaluation.prompts import EvaluationPrompt, held_out_prompts
from misora.evaluation.record import POSTER, Record, judge_clip
from misora.media.atomic import write_bytes
from misora.media.encode import write_video
from misora.media.stills import write_image
from misora.models.parser.model import Parser
from misora.world.tier import SMALL

CLIP_CRF = 16
"""Nearly lossless: clips are judged before they are encoded, and kept to be looked at."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is evaluated; a folder belongs to one plan.

    Args:
        shape: Of every clip.
        characters: Who plays in the prompts.
        prompts: Number of held-out prompts.
        seeds: Clips of each of the first ``repeated`` prompts, to see how much a seed changes.
        makers: Name of every row and what identifies it (digests of weights).
        judge: Digest of the judge.
        sampling: Steps, guidance and quality, where they were chosen.
        tier: Whose prompts.
    """

    shape: VideoShape
    characters: tuple[str, ...]
    prompts: int
    seeds: int
    repeated: int
    makers: Mapping[str, Mapping[str, str]]
    judge: str
    sampling: Mapping[str, float | str | None]
    tier: str = SMALL.name

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "makers": {name: dict(what) for name, what in self.makers.items()}}, indent=1, sort_keys=True)

    def list_prompts(self) -> list[EvaluationPrompt]:
        """The prompts, the same whenever they are asked for."""
        listed = held_out_prompts if self.tier == SMALL.name else held_out_films
        return listed(self.prompts, self.shape, self.characters)


def open_run(out: Path, plan: Plan) -> None:
    """Makes ``out``, or goes on in it; raises InputError when it holds the run of another plan."""
    path = out / "plan.json"
    if path.exists() and path.read_text(encoding="utf-8") != plan.to_json():
        raise InputError(
            f"out={str(out)!r} holds an evaluation of other weights or with other settings; give another --out, or delete it", field="out"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_bytes(path, plan.to_json().encode())
    except OSError as error:
        raise InputError(f"cannot write {out}: {(error.strerror or str(error)).lower()}", field="out") from error


def clips_of(plan: Plan, *, repeats: bool) -> list[tuple[EvaluationPrompt, EvaluationPrompt, int]]:
    """Every clip of a row: its prompt, the prompt that it is compared with by luck, and its seed."""
    prompts = plan.list_prompts()
    return [
        (prompt, prompts[(index + len(prompts) // 2) % len(prompts)], seed_of(prompt, take))
        for index, prompt in enumerate(prompts)
        for take in range(plan.seeds if repeats and index < plan.repeated else 1)
    ]


def seed_of(prompt: EvaluationPrompt, take: int) -> int:
    """Seed of a prompt's first clip, and of further ones."""
    return prompt.number + 100_000 * take


def record_path(out: Path, maker: str, number: int, seed: int) -> Path:
    """Where a clip's record lies; the clip itself lies beside it."""
    take = (seed - number) // 100_000
    return out / maker / (f"{number:04d}.json" if take == 0 else f"{number:04d}-take{take + 1}.json")


def run_row(
    name: str,
    maker: Maker,
    judge: Parser,
    plan: Plan,
    out: Path,
    *,
    repeats: bool = False,
    measures: Mapping[str, ClipMeasure] | None = None,
    progress: Progress = silent,
) -> list[Record]:
    """Makes and judges what is missing of a row; returns all its records.

    Args:
        repeats: Whether the first prompts are made with several seeds.
        measures: Outside measures, by name.
    """
    (out / name).mkdir(parents=True, exist_ok=True)
    records, clips = [], clips_of(plan, repeats=repeats)
    for done, (prompt, other, seed) in enumerate(clips, start=1):
        path = record_path(out, name, prompt.number, seed)
        if not path.exists():
            started = time.monotonic()
            frames = maker.make(prompt, plan.shape, seed)
            took = time.monotonic() - started
            record = judge_clip(judge, frames, plan.shape.fps, prompt, other, seed=seed, took_seconds=round(took, 3))
            record.outside.update(
                {key: float(measure(frames, plan.shape.fps, prompt.caption)) for key, measure in (measures or {}).items()}
            )
            keep_clip(path.with_suffix(".mp4"), frames, plan.shape.fps, prompt.caption)
            record.save(path)
        records.append(Record.load(path))
        progress(Step(name, done, len(clips)))
    return records


def keep_clip(path: Path, frames: Frames, fps: float, caption: str) -> None:
    """Writes the clip for people to look at, and its middle frame to stand for it."""
    write_video(path, frames, fps, metadata={"title": caption}, crf=CLIP_CRF)
    write_image(path.with_suffix(POSTER), frames[len(frames) // 2])

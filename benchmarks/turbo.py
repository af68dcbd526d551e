"""Turbo against the many-step model: seconds of the same clip in one run, and what the critic finds in clips of few steps.

    python benchmarks/turbo.py [--clips 416x256/2,832x480/5] [--runs N] [--prompts N] [--steps 1,2,4,8] [--sheet FILE] [--quick]

"Denoise" is what the transformer alone takes, weights loaded; "whole command" is from the command to the file. Every clip is made as users
get it and, with `native`, sampled at its full size. Where the weights have no Turbo, a random one stands in for the times, and nothing is
judged.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from generate import SOURCE, measure
from machine import facts, markdown, spread

from misora.base.canvas import Canvas, Frames, Quality, Span
from misora.base.sampled_size import sampled_size
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, frames_for, parse_size
from misora.evaluation.makers import StageMaker
from misora.evaluation.prompts import EvaluationPrompt, held_out_prompts
from misora.evaluation.statistics import mean, share
from misora.media.contact_sheet import write_contact_sheet
from misora.models.registry import load_transformer, save_model
from misora.models.transformer.adapter import Adapter
from misora.models.transformer.adapter_file import AdapterConfig, why_no_turbo
from misora.models.transformer.model import VideoTransformer
from misora.models.weights_file import weights_digest, weights_path
from misora.pipelines.critic import Critic, load_critic
from misora.pipelines.native import NativePipeline, load_pipeline

TEACHER_STEPS = 40
PROMPT = "a dog runs along the beach"


def with_turbo(folder: Path, spare: Path) -> tuple[Path, bool]:
    """``folder`` and True where it has a Turbo that fits, else a copy in ``spare`` with a random one and False."""
    if not why_no_turbo(folder):
        return folder, True
    shutil.copytree(folder, spare)
    config = AdapterConfig(weights_digest(weights_path(spare, "transformer")))
    save_model(spare, "turbo", Adapter(config, load_transformer(spare, torch.float32)), dtype=torch.int8)
    return spare, False


class Stopwatch:
    """Processor seconds that networks spend in their forward passes."""

    def __init__(self, networks: Sequence[VideoTransformer]) -> None:
        self.seconds, self._since = 0.0, 0.0
        for network in networks:
            network.register_forward_pre_hook(self._start)
            network.register_forward_hook(self._stop)

    def _start(self, *_: object) -> None:
        self._since = time.process_time()

    def _stop(self, *_: object) -> None:
        self.seconds += time.process_time() - self._since

    def of(self, pipeline: NativePipeline, canvas: Canvas) -> float:
        """Of one clip."""
        self.seconds = 0.0
        for _ in pipeline.iter_frames(canvas):
            pass
        return self.seconds


def canvas_of(size: str, seconds: float, quality: Quality, *, native: bool, steps: int | None = None) -> Canvas:
    shape = VideoShape(frames_for(seconds, 24.0), *parse_size(size), 24.0)
    sampled = None if native else sampled_size(shape.height, shape.width)
    return Canvas(shape, (Span(PROMPT),), seed=1, steps=steps, quality=quality, sampled=sampled)


def time_rows(pipeline: NativePipeline, weights: Path, clips: Sequence[tuple[str, str]], runs: int, steps: int) -> Iterator[list[str]]:
    """One row a clip and way of sampling: both models, and how many times faster Turbo is."""
    assert pipeline.turbo is not None
    watch = Stopwatch([pipeline.transformer, pipeline.turbo.transformer])
    environ = os.environ | {"MISORA_WEIGHTS": str(weights), "PYTHONPATH": str(SOURCE)}
    for size, seconds in clips:
        upsampled = sampled_size(*parse_size(size)) is not None
        for native in (False, True) if upsampled else (True,):
            denoise, whole = {}, {}
            for quality, count in (("base", steps), ("turbo", None)):
                canvas = canvas_of(size, float(seconds), quality, native=native, steps=count)
                denoise[quality] = [watch.of(pipeline, canvas) for _ in range(runs)]
                with tempfile.TemporaryDirectory() as folder:
                    options = ["--quality", quality, *(["--steps", str(count)] if count else []), *(["--native"] if native else [])]
                    command = [
                        "generate",
                        PROMPT,
                        "--seed",
                        "1",
                        "--size",
                        size,
                        "--seconds",
                        seconds,
                        "--out",
                        f"{folder}/a.mp4",
                        *options,
                    ]
                    whole[quality] = [measure(command, environ)[1] for _ in range(runs)]
            yield [
                f"{seconds} s at {size}{', native' if native and upsampled else ''}",
                *(spread(denoise[quality]) for quality in ("base", "turbo")),
                f"{statistics.median(denoise['base']) / statistics.median(denoise['turbo']):.1f}",
                *(spread(whole[quality]) for quality in ("base", "turbo")),
                f"{statistics.median(whole['base']) / statistics.median(whole['turbo']):.1f}",
                str(runs),
            ]


def judged(
    pipeline: NativePipeline, critic: Critic, prompts: Sequence[EvaluationPrompt], canvas: Canvas, teacher: Sequence[Frames]
) -> tuple[list[str], list[Frames]]:
    """A row of figures of clips that are sampled as ``canvas`` says, and the clips."""
    clips, right, scores = [], [], []
    for prompt in prompts:
        frames = pipeline.sample(replace(canvas, spans=(Span(prompt.caption),), seed=prompt.number))
        verdict = critic.judge(frames, canvas.shape.fps, prompt.story)
        clips.append(frames)
        scores.append(verdict.score)
        right += [check.right for check in verdict.checks]
    away = [float(np.abs(clip.astype(np.int16) - other).mean()) for clip, other in zip(clips, teacher, strict=True)] if teacher else [0.0]
    facts_right, score = share(sum(right), len(right)), mean(scores)
    return [
        f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})",
        f"{facts_right.value:.0%} ({facts_right.low:.0%} to {facts_right.high:.0%})",
        f"{statistics.mean(away):.1f}",
        f"{len(prompts)}",
    ], clips


def agreement(pipeline: NativePipeline, count: int, choices: Sequence[int], sheet: Path | None) -> list[list[str]]:
    """What the critic finds, the many-step model first."""
    settings = load_settings()
    shape = VideoShape(49, 256, 256, 24.0)
    prompts = held_out_prompts(count, shape, StageMaker(settings.assets).characters)
    critic = load_critic(settings.weights, "cpu")
    ways: list[tuple[str, Quality, int, float | None]] = [(f"base, {TEACHER_STEPS} steps", "base", TEACHER_STEPS, None)]
    ways += [("base, 4 steps", "base", 4, None), ("base, 4 steps, no guidance", "base", 4, 1.0)]
    ways += [(f"turbo, {steps} step{'s' * (steps != 1)}", "turbo", steps, None) for steps in choices]
    rows, made = [["", "critic's score", "facts right", "grey levels from the first row", "N"]], []
    for name, quality, steps, guidance in ways:
        canvas = Canvas(shape, (Span(PROMPT),), steps=steps, quality=quality, guidance=guidance)
        figures, clips = judged(pipeline, critic, prompts, canvas, made[0] if made else ())
        rows.append([name, *figures])
        made.append(clips)
    if sheet is not None:
        labels = [f"{name}: {prompt.caption}" for prompt in prompts for name, *_ in ways]
        write_contact_sheet(sheet, [clips[index] for index in range(count) for clips in made], columns=6, cell_height=96, labels=labels)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", default="416x256/2,832x480/5", help="SIZE/SECONDS, separated by commas")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--prompts", type=int, default=24, help="held-out prompts that the critic reads; 0 is none")
    parser.add_argument("--steps", default="1,2,4,8", help="of Turbo, where the critic reads")
    parser.add_argument("--sheet", type=Path, help="draws the clips that were read")
    parser.add_argument("--quick", action="store_true", help="few steps, one clip: checks the script, measures little")
    options = parser.parse_args()
    runs, prompts, steps = (1, 2, 4) if options.quick else (options.runs, options.prompts, TEACHER_STEPS)
    clips = [tuple(clip.split("/")) for clip in ("128x128/1" if options.quick else options.clips).split(",")]
    settings = load_settings()
    with tempfile.TemporaryDirectory() as spare:
        weights, trained = with_turbo(settings.weights, Path(spare) / "weights")
        pipeline = load_pipeline(weights, "cpu", settings.threads)
        heading = ["processor s: median (least to most)", f"denoise, base {steps} steps", "denoise, turbo", "ratio"]
        table = [[*heading, f"whole command, base {steps} steps", "whole command, turbo", "ratio", "N"]]
        table += time_rows(pipeline, weights, clips, runs, steps)
        kind = "trained" if trained else "random"
        print(f"{facts()}; {kind} turbo weights; `{' '.join(['python', *sys.argv])}`\n\n{markdown(table)}")
        if trained and prompts:
            print(f"\n{markdown(agreement(pipeline, prompts, [int(one) for one in options.steps.split(',')], options.sheet))}")
        elif not trained:
            print(f"\nNothing was judged: {why_no_turbo(settings.weights)}.")


if __name__ == "__main__":
    main()

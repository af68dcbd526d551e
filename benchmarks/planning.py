"""What the planner and the painter each get right: held-out prompts painted freely, by plan, and by the stage's own layout.

    python benchmarks/planning.py [--prompts 24] [--size 256x256] [--by critic] [--rows free,plan,truth,rebuilt] [--given 1]

The last row is the stage's own clips through the autoencoder: a reader makes mistakes there too. What `truth` loses to it is the
painter's fault, what `plan` loses to `truth` the planner's. With `--given 1` each clip begins with the true first picture, with `--given 4`
with a second of the true clip, and the plan goes on from what is read of it. Clips are kept, so that a stopped run goes on.
Needs the sprite atlas: misora world build.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from machine import markdown

from misora.base.canvas import Canvas, Frames, Pin, Span
from misora.base.progress import Step
from misora.base.settings import load_settings
from misora.base.shapes import TIME_STRIDE, VideoShape, parse_size
from misora.evaluation.judge import load_judge
from misora.evaluation.makers import Maker, ReconstructionMaker, StageMaker
from misora.evaluation.prompts import EvaluationPrompt
from misora.evaluation.run import Plan, open_run, run_row
from misora.evaluation.tables import adherence
from misora.models.registry import load_parser
from misora.models.transformer.layouts import Layouts, stack_layouts
from misora.models.weights_file import weights_digest, weights_path
from misora.pipelines.grid import grid_of
from misora.pipelines.native import NativePipeline, load_pipeline
from misora.world.layout import film_layout


class Free:
    """Who is where is left to the painter."""

    planned = False

    def __init__(self, pipeline: NativePipeline, stage: StageMaker, given: int) -> None:
        self.pipeline, self.stage, self.given = pipeline, stage, given

    def make(self, prompt: EvaluationPrompt, shape: VideoShape, seed: int) -> Frames:
        begun = self.stage.make(prompt, shape, seed)[: TIME_STRIDE * (self.given - 1) + 1] if self.given else ()
        pins = (Pin(begun),) if len(begun) else ()
        return self.pipeline.sample(Canvas(shape, (Span(prompt.caption),), pins, seed=seed, planned=self.planned))


class Planned(Free):
    """As users meet it."""

    planned = True


class ToldTheTruth(Planned):
    """The layout is that of the prompt's own program."""

    def make(self, prompt: EvaluationPrompt, shape: VideoShape, seed: int) -> Frames:
        layouts = self.layouts(prompt, shape)
        self.pipeline.layout_of = lambda canvas, known: layouts  # type: ignore[method-assign]
        try:
            return super().make(prompt, shape, seed)
        finally:
            del self.pipeline.layout_of

    def layouts(self, prompt: EvaluationPrompt, shape: VideoShape) -> Layouts:
        height, width = grid_of(shape).latent.pixel_size[1:]
        whole = VideoShape(grid_of(shape).latent.pixel_size[0], height, width, shape.fps)
        assert self.pipeline.planner is not None, "these weights have no planner, so their painter may follow no layout"
        return stack_layouts([film_layout(prompt.film, whole, self.stage.characters, self.pipeline.planner.config.slots)], [True])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=24)
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--by", choices=("critic", "judge"), default="critic")
    parser.add_argument("--rows", default="free,plan,truth,rebuilt")
    parser.add_argument("--given", type=int, default=0, help="latent frames of the stage's own clip that each clip begins with")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path, default=Path("report/planning"))
    args = parser.parse_args()
    settings, (height, width) = load_settings(), parse_size(args.size)
    weights = args.weights or settings.weights
    reader = load_judge(settings) if args.by == "judge" else load_parser(weights, "critic")
    stage, pipeline = StageMaker(settings.assets), load_pipeline(weights, "cpu", settings.threads)
    makers: dict[str, Maker] = {
        "free": Free(pipeline, stage, args.given),
        "plan": Planned(pipeline, stage, args.given),
        "truth": ToldTheTruth(pipeline, stage, args.given),
        "rebuilt": ReconstructionMaker(pipeline.codec, stage),
    }
    kinds = ("transformer", "video_vae", "planner")
    digests = {kind: weights_digest(weights_path(weights, kind)) for kind in kinds}
    plan = Plan(
        shape=VideoShape(round(24 * args.seconds) + 1, height, width, 24.0),
        characters=tuple(name for name in stage.characters if name in reader.config.characters),
        prompts=args.prompts,
        seeds=1,
        repeated=0,
        makers={"model": digests},
        judge=args.by,
        sampling={"given": args.given},
    )
    open_run(args.out, plan)
    tables = {}
    for name in args.rows.split(","):
        records = run_row(name, makers[name], reader, plan, args.out, progress=say)
        tables[name] = adherence([record.checks for record in records])
    facts = [fact for fact in next(iter(tables.values())) if any(table[fact].count for table in tables.values())]
    rows = [[f"right by the {args.by}, {args.prompts} prompts", *tables]]
    for fact in facts:
        figures = [table[fact] for table in tables.values()]
        rows.append([fact, *(f"{figure.value:.0%} [{figure.low:.0%}, {figure.high:.0%}] {figure.count}" for figure in figures)])
    print(markdown(rows))


def say(step: Step) -> None:
    if step.done % 8 == 0:
        print(f"{step.stage}: {step.done} of {step.total}", flush=True)


if __name__ == "__main__":
    main()

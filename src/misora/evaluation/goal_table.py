"""The table of what the weights are meant to reach, measured as one command: everything is kept as it is made, so a stopped run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from misora import __version__
from misora.base.canvas import Frames, Quality
from misora.base.progress import Progress, Step, silent
from misora.base.settings import Settings
from misora.base.shapes import VideoShape
from misora.evaluation.distribution import psnr, ssim
from misora.evaluation.goal_figures import Figures, apart, behind, figures_of, megabytes
from misora.evaluation.goals import GOALS, markdown, table_rows
from misora.evaluation.judge import judge_folder, load_judge
from misora.evaluation.long_clips import LOOKS, change_at, followed, lasting, measure_long, measure_return, measure_stretches, staying
from misora.evaluation.makers import Maker, ModelMaker, ReconstructionMaker, StageMaker, reconstruct
from misora.evaluation.photographs import moved, photographs
from misora.evaluation.prompts import EvaluationPrompt, held_out_prompts
from misora.evaluation.record import Record
from misora.evaluation.run import Plan, open_run, run_row
from misora.evaluation.statistics import mean, share
from misora.evaluation.tables import to_list
from misora.media.atomic import write_bytes
from misora.models.parser.model import Parser
from misora.models.transformer.adapter_file import why_no_turbo
from misora.models.weights_file import ALL_KINDS, weights_digest, weights_path
from misora.pipelines.native import NativePipeline, load_pipeline
from misora.world.captions import Language, canonical_caption

SHAPE = VideoShape(49, 256, 256, 24.0)
FULL_SIZE = VideoShape(17, 480, 832, 24.0)
MOMENTS = (20.0, 60.0)
SEARCHED = 40
"""Prompts that are looked through for each one that stays in place."""


@dataclass(frozen=True, slots=True)
class TableRequest:
    """How much is measured.

    Args:
        prompts, seeds: Held-out programs and clips of each; every program is also told in the other language.
        long, returns: Clips of a minute (and as many under a camera that follows), and clips in which somebody leaves and comes back.
        rebuilt: Clips at 480p through the autoencoder.
        photos: Folder of photographs for the autoencoder; None leaves that row out.
        shape, full_size, moments: Of the clips, of those for the autoencoder, and where long clips are measured, in seconds.
    """

    prompts: int = 64
    seeds: int = 2
    long: int = 4
    returns: int = 16
    rebuilt: int = 24
    photos: Path | None = None
    shape: VideoShape = SHAPE
    full_size: VideoShape = FULL_SIZE
    moments: tuple[float, ...] = MOMENTS


QUICK = TableRequest(prompts=6, seeds=1, long=1, returns=3, rebuilt=4)
"""Minutes instead of hours; its intervals say how little it knows."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What measuring needs: who makes, who judges, what is asked, where it is kept and who is told."""

    request: TableRequest
    pipeline: NativePipeline
    stage: StageMaker
    judge: Parser
    plan: Plan
    out: Path
    progress: Progress


class OtherLanguage:
    """A maker that is told every program in the language in which the list does not tell it."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker

    def make(self, prompt: EvaluationPrompt, shape: VideoShape, seed: int) -> Frames:
        language: Language = "zh" if prompt.language == "en" else "en"
        told = replace(prompt, language=language, caption=canonical_caption(prompt.scene, language))
        return self._maker.make(told, shape, seed)


def measure_table(request: TableRequest, weights: Path, out: Path, settings: Settings, *, progress: Progress = silent) -> str:
    """Measures what is missing under ``out``, writes ``table.md`` and ``table.json`` there; returns the table.

    Raises:
        InputError: ``out`` holds another table's clips, or there are no photographs where some should be.
        WeightsError: Weights are missing or damaged.
        AssetsError: The stage's sprites are not built.
    """
    stage = StageMaker(settings.assets)
    plan = plan_of(request, weights, stage.characters, settings)
    open_run(out, plan)
    pipeline = load_pipeline(weights, settings.device, settings.threads)
    bench = Bench(request, pipeline, stage, load_judge(settings), plan, out, progress)
    qualities: tuple[Quality, ...] = ("base",) if why_no_turbo(weights) else ("turbo", "base")
    truth = run_row("ceiling", stage, bench.judge, plan, out, progress=progress)
    rebuilt = run_row("reconstruction", ReconstructionMaker(bench.pipeline.codec, stage), bench.judge, plan, out, progress=progress)
    rows = {quality: made(bench, quality) for quality in qualities}
    columns: dict[str, Figures] = {
        quality: {**figures_of(records, truth, rebuilt), **rolled(bench, quality)} for quality, records in rows.items()
    }
    for quality in qualities:
        columns[quality] |= languages(bench, quality, rows[quality])
    if "turbo" in columns:
        columns["turbo"]["behind_base"] = behind(rows["turbo"], rows["base"])
    columns[qualities[0]] |= {**truly_followed(bench), **fidelity(bench), **photographed(bench), "megabytes": megabytes(weights)}
    return write_table(out, plan, columns)


def plan_of(request: TableRequest, weights: Path, characters: tuple[str, ...], settings: Settings) -> Plan:
    """What identifies the table."""
    digests = {str(kind): weights_digest(path) for kind in ALL_KINDS if (path := weights_path(weights, kind)).is_file()}
    amounts = {name: value for name, value in asdict(request).items() if isinstance(value, int)}
    photos = "" if request.photos is None else str(request.photos)
    return Plan(
        shape=request.shape,
        characters=characters,
        prompts=request.prompts,
        seeds=request.seeds,
        repeated=request.prompts,
        makers={"model": digests},
        judge=weights_digest(weights_path(judge_folder(settings), "judge")),
        sampling={"table": "goals", **amounts, "photos": photos},
    )


def made(bench: Bench, quality: Quality) -> list[Record]:
    """Every prompt with every seed."""
    maker = ModelMaker(bench.pipeline, quality=quality)
    return run_row(quality, maker, bench.judge, bench.plan, bench.out, repeats=True, progress=bench.progress)


def languages(bench: Bench, quality: Quality, records: Sequence[Record]) -> Figures:
    """How far apart the two languages are on the same programs and noise."""
    maker = OtherLanguage(ModelMaker(bench.pipeline, quality=quality))
    others = run_row(f"{quality}-other-language", maker, bench.judge, bench.plan, bench.out, progress=bench.progress)
    return {"languages": apart(records, others)}


def rolled(bench: Bench, quality: Quality) -> Figures:
    """Clips of many windows."""
    request, plan, first = bench.request, bench.plan, bench.request.moments[0]
    prompts = held_out_prompts(SEARCHED * max(request.long, 1), request.shape, plan.characters)
    make_long = partial(measure_long, bench.pipeline, bench.judge, shape=request.shape, moments=request.moments, quality=quality)
    make_return = partial(measure_return, bench.pipeline, bench.judge, shape=request.shape, quality=quality)
    long = [kept(bench, f"{quality}-long/{prompt.number:04d}", partial(make_long, prompt)) for prompt in staying(prompts, request.long)]
    back = [kept(bench, f"{quality}-returns/{prompt.number:04d}", partial(make_return, prompt)) for prompt in prompts[: request.returns]]
    after = [
        kept(bench, f"{quality}-followed/{prompt.number:04d}", partial(make_long, followed(prompt, first), moments=(first,)))
        for prompt in prompts[: request.long]
    ]
    found = {"returns": share(sum(round(record["same"]) for record in back), len(back))}
    found["followed"] = mean([change_at(record, first, LOOKS) for record in after])
    for name, moment in zip(("20", "60"), request.moments, strict=True):
        found[f"drift_{name}"] = mean([change_at(record, moment) for record in long])
        found[f"colour_{name}"] = mean([record[f"colour@{moment:g}"] for record in long])
    return found


def truly_followed(bench: Bench) -> Figures:
    """How much the stage's own clips change under a camera that follows: other trees and hills come into the picture."""
    request, first = bench.request, bench.request.moments[0]

    def look(prompt: EvaluationPrompt) -> dict[str, float]:
        frames = bench.stage.make(prompt, lasting(request.shape, first), 0)
        return measure_stretches(iter([frames]), bench.judge, prompt, request.shape, (first,))

    prompts = [followed(prompt, first) for prompt in held_out_prompts(request.long, request.shape, bench.plan.characters)]
    records = [kept(bench, f"truly-followed/{prompt.number:04d}", partial(look, prompt)) for prompt in prompts]
    return {"truly_followed": mean([change_at(record, first, LOOKS) for record in records])}


def fidelity(bench: Bench) -> Figures:
    """The autoencoder on held-out clips at full size."""
    prompts = held_out_prompts(bench.request.rebuilt, bench.request.full_size, bench.plan.characters)
    records = [kept(bench, f"fidelity/{prompt.number:04d}", partial(rebuild, bench, prompt)) for prompt in prompts]
    return {name: mean([record[name] for record in records if name in record]) for name in ("psnr", "ssim", "psnr_inside")}


def rebuild(bench: Bench, prompt: EvaluationPrompt) -> dict[str, float]:
    rendering = bench.stage.render(prompt, bench.request.full_size)
    truth, inside = rendering.frames.numpy(), (rendering.instance > 0).numpy()
    frames = reconstruct(bench.pipeline.codec, truth, bench.request.full_size)
    values = {"psnr": psnr(frames, truth), "ssim": ssim(frames, truth), "psnr_inside": psnr(frames, truth, inside)}
    return {name: value for name, value in values.items() if np.isfinite(value)}


def photographed(bench: Bench) -> Figures:
    """The autoencoder on photographs under camera moves; nothing where no folder was given."""
    if bench.request.photos is None:
        return {}

    def look(path: Path) -> dict[str, float]:
        truth = moved(path, bench.request.full_size)
        return {"psnr": psnr(reconstruct(bench.pipeline.codec, truth, bench.request.full_size), truth)}

    paths = photographs(bench.request.photos)
    return {"psnr_photos": mean([kept(bench, f"photographs/{path.stem}", partial(look, path))["psnr"] for path in paths])}


def kept(bench: Bench, name: str, make: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The record ``name`` of the run's folder, made if it is not there."""
    path = bench.out / f"{name}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, json.dumps(make()).encode())
        bench.progress(Step(name.split("/")[0], 1, 1))
    record: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return record


def write_table(out: Path, plan: Plan, columns: Mapping[str, Figures]) -> str:
    """Writes the table as Markdown and JSON; returns the Markdown."""
    text = markdown(table_rows(columns))
    figures = {
        name: {key: [*to_list(figure), GOALS[key].verdict(figure)] for key, figure in column.items()} for name, column in columns.items()
    }
    data = {
        "misora": __version__,
        "plan": json.loads(plan.to_json()),
        "columns": figures,
        "figure": "[value, low, high, N, what it reaches]",
    }
    write_bytes(out / "table.json", json.dumps(data, indent=1, ensure_ascii=False).encode())
    write_bytes(out / "table.md", text.encode())
    return text

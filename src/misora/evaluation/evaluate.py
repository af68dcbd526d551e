"""The whole of an evaluation, as a recipe: models, the ceiling, the floor, reconstruction, tables, page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from misora import __version__
from misora.base.canvas import Quality
from misora.base.errors import InputError
from misora.base.progress import Progress, silent
from misora.base.settings import Settings
from misora.base.shapes import VideoShape
from misora.evaluation.distribution import psnr, ssim
from misora.evaluation.judge import judge_folder, load_judge
from misora.evaluation.makers import ReconstructionMaker, StageMaker, load_model
from misora.evaluation.outside import ClipMeasure
from misora.evaluation.page import write_page
from misora.evaluation.record import Record
from misora.evaluation.run import Plan, open_run, record_path, run_row
from misora.evaluation.statistics import Figure, mean
from misora.evaluation.tables import Column, asked_facts, column_of, floor_of, plain, ranked, to_list
from misora.media.atomic import write_bytes
from misora.media.decode import read_video
from misora.models.weights_file import ADAPTER_KINDS, KINDS, PLANNER_KINDS, Kind, weights_digest, weights_path
from misora.world.tier import SMALL, TIERS

CEILING, FLOOR, RECONSTRUCTION = "ceiling", "floor", "reconstruction"
MAX_PROMPTS = 4096


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to evaluate.

    Args:
        models: Weights folders by the name of their column.
        shape: Of every clip.
        prompts: Number of held-out prompts.
        repeated, seeds: The first ``repeated`` prompts are made with ``seeds`` seeds each, for diversity.
        steps, guidance, quality: None is the model's own default.
        measures: Outside measures by name.
        tier: "small", or "full" for its places, weathers, colours and cuts.
    """

    models: Mapping[str, Path]
    shape: VideoShape
    prompts: int = 64
    repeated: int = 4
    seeds: int = 3
    steps: int | None = None
    guidance: float | None = None
    quality: Quality | None = None
    measures: Mapping[str, ClipMeasure] = field(default_factory=dict)
    tier: str = SMALL.name

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise InputError(f"tier={self.tier!r} is not known; choose one of {', '.join(TIERS)}", field="tier")
        if not 2 <= self.prompts <= MAX_PROMPTS:
            nearest = min(max(self.prompts, 2), MAX_PROMPTS)
            raise InputError(f"prompts={self.prompts} is outside 2 to {MAX_PROMPTS}; nearest: {nearest}", field="prompts")


@dataclass(frozen=True, slots=True)
class Report:
    """Columns by name, in the order floor, models, reconstruction, ceiling, and where the page is."""

    columns: dict[str, Column]
    reconstruction: dict[str, Figure]
    page: Path


def evaluate(request: EvaluationRequest, out: Path, settings: Settings, *, progress: Progress = silent) -> Report:
    """Makes and judges every clip that is missing under ``out``, and writes ``index.html`` and ``report.json`` there.

    Raises:
        InputError: ``out`` holds another evaluation, or cannot be written.
        WeightsError: A model or the judge is missing or damaged.
        AssetsError: The stage's sprites are not built; the ceiling needs them.
    """
    stage, judge = StageMaker(settings.assets), load_judge(settings)
    plan = plan_of(request, tuple(name for name in stage.characters if name in judge.config.characters), settings)
    open_run(out, plan)
    truth = run_row(CEILING, stage, judge, plan, out, measures=request.measures, progress=progress)
    rows: dict[str, list[Record]] = {}
    codec = None
    for name, folder in request.models.items():
        maker = load_model(folder, settings.device, settings.threads, request.steps, request.guidance, request.quality)
        codec = codec or maker.pipeline.codec
        rows[name] = run_row(name, maker, judge, plan, out, repeats=True, measures=request.measures, progress=progress)
    assert codec is not None
    rebuilt = run_row(RECONSTRUCTION, ReconstructionMaker(codec, stage), judge, plan, out, progress=progress)
    columns = {
        FLOOR: floor_of(truth),
        **{name: column_of(records, truth) for name, records in rows.items()},
        RECONSTRUCTION: column_of(rebuilt, truth),
        CEILING: column_of(truth, truth),
    }
    fidelity = fidelity_of(plan, out, stage, rebuilt)
    return write_report(out, plan, columns, fidelity, rows)


def plan_of(request: EvaluationRequest, characters: tuple[str, ...], settings: Settings) -> Plan:
    """What identifies this evaluation: prompts, shape, and digests of all weights that decide the figures."""
    makers: dict[str, Mapping[str, str]] = {
        name: {str(kind): weights_digest(weights_path(folder, kind)) for kind in kinds_in(folder)}
        for name, folder in request.models.items()
    }
    return Plan(
        shape=request.shape,
        characters=characters,
        prompts=request.prompts,
        seeds=request.seeds,
        repeated=request.repeated,
        makers=makers,
        judge=weights_digest(weights_path(judge_folder(settings), "judge")),
        sampling={"steps": request.steps, "guidance": request.guidance, "quality": request.quality},
        tier=request.tier,
    )


def kinds_in(folder: Path) -> tuple[Kind, ...]:
    """The weights of ``folder`` that decide frames: what it must hold, and planner and Turbo where it has them."""
    return (*KINDS, *(kind for kind in (*PLANNER_KINDS, *ADAPTER_KINDS) if weights_path(folder, kind).is_file()))


def fidelity_of(plan: Plan, out: Path, stage: StageMaker, records: list[Record]) -> dict[str, Figure]:
    """PSNR and SSIM of the kept reconstructions, whole and inside players."""
    found: dict[str, list[float]] = {}
    for record, prompt in zip(records, plan.list_prompts(), strict=True):
        rendering = stage.render(prompt, plan.shape)
        truth, inside = rendering.frames.numpy(), (rendering.instance > 0).numpy()
        frames = read_video(record_path(out, RECONSTRUCTION, record.number, record.seed).with_suffix(".mp4")).frames
        for name, value in (
            ("PSNR, dB", psnr(frames, truth)),
            ("PSNR inside players, dB", psnr(frames, truth, inside)),
            ("SSIM", ssim(frames, truth)),
            ("SSIM inside players", ssim(frames, truth, inside)),
        ):
            found.setdefault(name, []).append(value)
    return {name: mean(values) for name, values in found.items()}


def write_report(
    out: Path, plan: Plan, columns: dict[str, Column], reconstruction: dict[str, Figure], rows: Mapping[str, list[Record]]
) -> Report:
    """Writes ``report.json`` and ``index.html``."""
    data = {
        "misora": __version__,
        "plan": json.loads(plan.to_json()),
        "columns": {name: plain(column) for name, column in columns.items()},
        "reconstruction": {name: to_list(figure) for name, figure in reconstruction.items()},
        "figure": "each figure is [value, low, high, N], low and high its 95 % interval",
    }
    write_bytes(out / "report.json", json.dumps(data, indent=1, ensure_ascii=False).encode())
    page = write_page(
        facts_of(plan),
        columns,
        reconstruction,
        {name: ranked(records) for name, records in rows.items()},
        lambda name, record: f"{name}/{record_path(out, name, record.number, record.number).with_suffix('.mp4').name}",
        CEILING,
    )
    write_bytes(out / "index.html", page.encode())
    return Report(columns, reconstruction, out / "index.html")


def facts_of(plan: Plan) -> dict[str, str]:
    """What was evaluated, in words."""
    shape = plan.shape
    facts = {
        "prompts": f"{plan.prompts} of the {plan.tier} tier, held out by combination, half of them Chinese",
        "clips": f"{shape.width}x{shape.height}, {shape.seconds:.3g} s at {shape.fps:g} frames a second",
        "judge": f"sha256 {plan.judge[:12]}, never used in training, ranking or rewards",
    }
    for name, digests in plan.makers.items():
        facts[name] = ", ".join(f"{kind} {digest[:12]}" for kind, digest in digests.items())
    return facts


def summary(report: Report) -> list[list[str]]:
    """The adherence table as text: facts down, columns across."""
    names = list(report.columns)
    rows = [["fact", *names]]
    for fact in asked_facts(report.columns.values()):
        rows.append([fact, *(_text(report.columns[name].adherence["all"][fact]) for name in names)])
    return rows


def _text(figure: Figure) -> str:
    if math.isnan(figure.value):
        return "-"
    return f"{figure.value:.0%} [{figure.low:.0%}, {figure.high:.0%}] {figure.count}"

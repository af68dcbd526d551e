"""Runs one stage by name: what ``misora train`` and ``python -m misora.training`` both call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from misora.base.errors import InputError
from misora.base.settings import load_settings
from misora.models.registry import load_video_vae
from misora.training.autoencoder import AutoencoderStage
from misora.training.distillation import TurboStage
from misora.training.head_stage import HeadStage
from misora.training.interpolator import InterpolatorStage
from misora.training.latents import build_latents
from misora.training.loop import RunConfig, Stage, train
from misora.training.parser import ParserStage
from misora.training.planner import PlannerStage
from misora.training.recipes import AUTOENCODER, HEADS, INTERPOLATOR, LATENTS, PARSER, PLANNER, TEXT, TRACKS, TRANSFORMER, TURBO, UPSAMPLER
from misora.training.text import TextStage
from misora.training.track_stage import TrackStage
from misora.training.transformer import TransformerStage
from misora.training.upsampler import UpsamplerStage


@dataclass(frozen=True, slots=True)
class Job:
    """What a stage needs from its caller."""

    recipe: str
    out: Path
    minutes: float | None
    device: torch.device
    save_minutes: float
    assets: Path
    say: Callable[[str], None]


def _trained(stage: Stage, config: RunConfig, job: Job) -> Path:
    return train(stage, config, job.out, minutes=job.minutes, device=job.device, save_every=60 * job.save_minutes, say=job.say)


def _autoencoder(job: Job) -> Path:
    config, run_config = AUTOENCODER[job.recipe]()
    return _trained(AutoencoderStage(config, job.assets), run_config, job)


def _latents(job: Job) -> Path:
    config = LATENTS[job.recipe]()
    end = None if job.minutes is None else time.monotonic() + 60 * job.minutes
    vae = load_video_vae(Path(config.vae), device=job.device)
    build_latents(vae, job.assets, config, job.out, expired=lambda: end is not None and time.monotonic() > end, say=job.say)
    return job.out


def _text(job: Job) -> Path:
    config, run_config = TEXT[job.recipe]()
    return _trained(TextStage(config), run_config, job)


def _transformer(job: Job) -> Path:
    config, run_config = TRANSFORMER[job.recipe]()
    return _trained(TransformerStage(config), run_config, job)


def _planner(job: Job) -> Path:
    config, run_config = PLANNER[job.recipe]()
    return _trained(PlannerStage(config), run_config, job)


def _turbo(job: Job) -> Path:
    config, run_config = TURBO[job.recipe]()
    return _trained(TurboStage(config), run_config, job)


def _upsampler(job: Job) -> Path:
    config, run_config = UPSAMPLER[job.recipe]()
    return _trained(UpsamplerStage(config, job.assets), run_config, job)


def _interpolator(job: Job) -> Path:
    config, run_config = INTERPOLATOR[job.recipe]()
    return _trained(InterpolatorStage(config, job.assets), run_config, job)


def _parser(job: Job) -> Path:
    config, run_config = PARSER[job.recipe]()
    return _trained(ParserStage(config, job.assets), run_config, job)


def _tracks(job: Job) -> Path:
    config, run_config = TRACKS[job.recipe]()
    return _trained(TrackStage(config, job.assets), run_config, job)


def _heads(job: Job) -> Path:
    config, run_config = HEADS[job.recipe]()
    return _trained(HeadStage(config, job.assets), run_config, job)


STAGES: dict[str, tuple[Mapping[str, object], Callable[[Job], Path]]] = {
    "autoencoder": (AUTOENCODER, _autoencoder),
    "latents": (LATENTS, _latents),
    "text": (TEXT, _text),
    "transformer": (TRANSFORMER, _transformer),
    "planner": (PLANNER, _planner),
    "turbo": (TURBO, _turbo),
    "upsampler": (UPSAMPLER, _upsampler),
    "interpolator": (INTERPOLATOR, _interpolator),
    "parser": (PARSER, _parser),
    "tracks": (TRACKS, _tracks),
    "heads": (HEADS, _heads),
}
"""In the order in which they are run: each reads what the ones before it wrote. The upsampler needs the autoencoder, interpolator and
parser nothing, tracks and heads a parser."""


def recipe_names() -> dict[str, tuple[str, ...]]:
    """Recipes of each stage."""
    return {stage: tuple(recipes) for stage, (recipes, _) in STAGES.items()}


def run(
    stage: str,
    recipe: str,
    *,
    minutes: float | None = None,
    out: Path,
    device: str = "auto",
    save_minutes: float = 3.0,
    say: Callable[[str], None] = print,
) -> Path:
    """Runs ``stage`` with ``recipe`` until its end or for ``minutes``; continues what lies in ``out``.

    Returns:
        The folder that holds the weights, or the latents.
    Raises:
        InputError: No such stage or recipe.
        AssetsError: The sprite atlas is not built.
        TrainingError: A stage before this one has not been run, or ``out`` holds another recipe's run.
    """
    if stage not in STAGES:
        raise InputError(f"stage={stage!r} is not known; choose one of {', '.join(STAGES)}", field="stage")
    recipes, work = STAGES[stage]
    if recipe not in recipes:
        raise InputError(f"recipe={recipe!r} is not known for {stage}; choose one of {', '.join(recipes)}", field="recipe")
    settings = load_settings()
    torch.set_num_threads(settings.threads)
    chosen = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    return work(Job(recipe, out, minutes, torch.device(chosen), save_minutes, settings.assets, say))

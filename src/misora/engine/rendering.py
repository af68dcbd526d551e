"""The renderer of a real install: a job's request to frames with the shipped networks. The one module here that reaches torch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from misora.api.edit import prepare_edit, start_edit
from misora.api.generate import Generation, start
from misora.api.replay import differences, start_again
from misora.api.request import prepare, sampled_size_in_use
from misora.api.residency import RESIDENTS
from misora.api.storyboard import prepare_shoot
from misora.base.canvas import Frames
from misora.base.errors import InputError, WeightsError
from misora.base.parts import Parts
from misora.base.progress import Progress
from misora.base.recipe import Recipe
from misora.base.settings import Settings, load_settings
from misora.base.shapes import VideoShape
from misora.editing.storyboard.shoot import Shoot
from misora.engine.batching import shape_from
from misora.engine.judging import tool_texts
from misora.engine.kinds import read_clips, read_edit, read_request
from misora.engine.unfinished import Unfinished
from misora.engine.work import Rendering
from misora.pipelines.memory import check_memory
from misora.pipelines.windows import MAX_WINDOW
from misora.store.records import Job

log = logging.getLogger(__name__)

ROWS_TOGETHER = {"cpu": 1024, "cuda": 16384}
"""Tokens that one call of the network should have: on a CPU core more lose to the cache what fewer calls gain; a GPU wants many."""


def rows_of(shape: VideoShape, *, native: bool) -> int:
    """Tokens of one call for a video: its window's latent cells, once with the caption and once without."""
    height, width = (None if native else sampled_size_in_use(shape)) or (shape.height, shape.width)
    latent = replace(shape, height=height, width=width).latent
    return 2 * min(latent.num_frames, MAX_WINDOW) * latent.height * latent.width


class NativeRenderer:
    """Our own networks, loaded by the first job and kept for the next.

    Args:
        settings: Weights, device, threads; None is the environment's.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    def room_for(self, job: Job) -> int:
        from misora.pipelines.runtime import choose_device

        try:
            most = ROWS_TOGETHER.get(choose_device(self.settings.device).type, 0)
        except InputError:
            # Said when the job is begun, so that it ends with that sentence.
            return 1
        return max(1, min(self.settings.batch, most // rows_of(shape_from(job.shape_key), native=bool(job.request.get("native")))))

    def seats(self, count: int) -> Sequence[AbstractContextManager[None]]:
        from misora.pipelines.together import Table

        table = Table(count)
        return [table.seat() for _ in range(count)]

    def begin(
        self, job: Job, inputs: Mapping[str, Path], progress: Progress, preview: Callable[[Frames], None], unfinished: Unfinished
    ) -> Rendering:
        options = Options(progress=progress, preview=preview, settings=self.settings, parts=unfinished)
        generation = go_on(unfinished.recipe, inputs, options) or begin_anew(job, inputs, options)
        check_memory(generation.recipe.shape, generation.recipe.sampled, RESIDENTS.num_bytes, self.settings.memory)
        unfinished.belong_to(generation.recipe)
        return to_rendering(generation)


class Options(TypedDict):
    """What a generation is started with, whatever it is of."""

    progress: Progress
    preview: Callable[[Frames], None]
    settings: Settings
    parts: Parts


def begin_anew(job: Job, inputs: Mapping[str, Path], options: Options) -> Generation:
    """What a request asks for, from its beginning."""
    if job.kind != "edit":
        return start(prepare(read_request(job.kind, job.request, inputs)), **options)
    tool, choices = read_edit(job.request)
    clips = read_clips(job.request, inputs)
    edit = prepare_shoot(tool.board, clips, choices) if isinstance(tool, Shoot) else prepare_edit(tool, clips, choices)
    return start_edit(edit, **options)


def go_on(recipe: Recipe | None, inputs: Mapping[str, Path], options: Options) -> Generation | None:
    """The video that was begun: the same seed, the same words after rewriting. None where there is none, or this process makes another."""
    if recipe is None:
        return None
    try:
        generation = start_again(recipe, list(inputs.values()), **options)
    except (InputError, WeightsError) as error:
        log.warning("a job begins anew: %s", error)
        return None
    if generation.recipe.to_json() != recipe.to_json():
        log.warning("a job begins anew: %s", "; ".join(differences(recipe, generation.recipe)) or "its recipe reads otherwise now")
        return None
    return generation


def to_rendering(generation: Generation) -> Rendering:
    """With every text that was read: as written, as rewritten, and what is not to be seen."""
    recipe = generation.recipe
    return Rendering(recipe, texts_of(recipe), generation.frames)


def texts_of(recipe: Recipe) -> dict[str, str]:
    """The words of a recipe, by field: as written, as the model reads them moment by moment, and those of an edit's gaps and cards."""
    texts = {"prompt": recipe.prompt, "caption": recipe.caption, "negative_prompt": recipe.negative_prompt}
    texts |= {f"spans.{number}": span.caption for number, span in enumerate(recipe.spans)}
    return {name: text for name, text in texts.items() if text} | tool_texts(recipe.edit or {}, "edit")

"""The renderer of a real install: a job's request to frames with the shipped networks. The one module here that reaches torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from misora.api.edit import prepare_edit, start_edit
from misora.api.generate import Generation, start
from misora.api.request import prepare
from misora.api.storyboard import prepare_shoot
from misora.base.canvas import Frames
from misora.base.progress import Progress
from misora.base.recipe import Recipe
from misora.base.settings import Settings, load_settings
from misora.editing.storyboard.shoot import Shoot
from misora.engine.judging import tool_texts
from misora.engine.kinds import read_clips, read_edit, read_request
from misora.engine.work import Rendering
from misora.store.records import Job


class NativeRenderer:
    """Our own networks, loaded by the first job and kept for the next.

    Args:
        settings: Weights, device, threads; None is the environment's.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    def begin(self, job: Job, inputs: Mapping[str, Path], progress: Progress, preview: Callable[[Frames], None]) -> Rendering:
        if job.kind == "edit":
            tool, choices = read_edit(job.request)
            clips = read_clips(job.request, inputs)
            edit = prepare_shoot(tool.board, clips, choices) if isinstance(tool, Shoot) else prepare_edit(tool, clips, choices)
            return to_rendering(start_edit(edit, progress=progress, preview=preview, settings=self.settings))
        prepared = prepare(read_request(job.kind, job.request, inputs))
        return to_rendering(start(prepared, progress=progress, preview=preview, settings=self.settings))


def to_rendering(generation: Generation) -> Rendering:
    """With every text that was read: as written, as rewritten, and what is not to be seen."""
    recipe = generation.recipe
    return Rendering(recipe, texts_of(recipe), generation.frames)


def texts_of(recipe: Recipe) -> dict[str, str]:
    """The words of a recipe, by field: as written, as the model reads them moment by moment, and those of an edit's gaps and cards."""
    texts = {"prompt": recipe.prompt, "caption": recipe.caption, "negative_prompt": recipe.negative_prompt}
    texts |= {f"spans.{number}": span.caption for number, span in enumerate(recipe.spans)}
    return {name: text for name, text in texts.items() if text} | tool_texts(recipe.edit or {}, "edit")

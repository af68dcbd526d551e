"""Draft, then full: a small fast clip to look at, and the same clip at full size with the draft's composition."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from misora.api.generate import Generation, Preview, start
from misora.api.replay import Given, check_weights, prepare_replay, read_recipe
from misora.api.request import Prepared, sampled_size_in_use
from misora.api.underlay import STRENGTH, check_strength
from misora.api.video import Video
from misora.base.errors import InputError
from misora.base.progress import Progress, silent
from misora.base.recipe import Draft, Recipe
from misora.base.settings import load_settings


def finish(
    source: str | os.PathLike[str] | Recipe,
    *,
    images: Sequence[Given] = (),
    steps: int | None = None,
    strength: float = STRENGTH,
    progress: Progress | None = None,
) -> Video:
    """Makes a draft at full size.

    Args:
        source: A file that was made with ``draft=True``, or its recipe.
        images: The pictures that were pinned, in any order; each is known by its digest.
        steps: None is the model's own default.
        strength: How much of the draft stays, 0 to 1.
    Raises:
        InputError: The file is no draft, or a pinned picture is not given.
        WeightsError: The weights are not those that made the draft.
    """
    recipe = source if isinstance(source, Recipe) else read_recipe(Path(source))
    return start_finish(recipe, images, steps=steps, strength=strength, progress=progress or silent).collect()


def start_finish(
    recipe: Recipe,
    images: Sequence[Given] = (),
    *,
    steps: int | None = None,
    strength: float = STRENGTH,
    progress: Progress = silent,
    preview: Preview | None = None,
) -> Generation:
    """As ``finish``, with frames to be drawn as they come. The draft is made again first, so its file is not needed."""
    prepared = prepare_finish(recipe, images, steps, strength)
    settings = load_settings()
    check_weights(recipe, settings)
    return start(prepared, progress=progress, preview=preview, settings=settings)


def prepare_finish(recipe: Recipe, images: Sequence[Given], steps: int | None, strength: float) -> Prepared:
    """The full canvas of a draft's recipe, with the draft under it."""
    check_strength(strength)
    if recipe.draft_of is None:
        raise InputError("the video is no draft, so there is nothing to finish; drafts are made with --draft", field="file")
    height, width = recipe.draft_of
    under = Draft(recipe.shape.height, recipe.shape.width, recipe.steps, strength, recipe.sampled)
    shape = replace(recipe.shape, height=height, width=width)
    full = replace(recipe, shape=shape, draft=under, draft_of=None, sampled=sampled_size_in_use(shape))
    prepared = prepare_replay(full, images)
    return replace(prepared, canvas=replace(prepared.canvas, steps=steps))

"""A recipe to the same frames again, bit for bit on the same machine with the same library versions."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from misora import __version__
from misora.api.edit import PreparedEdit, materials, start_edit
from misora.api.generate import Generation, Preview, start, weights_digests
from misora.api.pins import PinRequest, PinSource, build_pin, digest_of
from misora.api.request import Prepared
from misora.api.sources import ClipSource, read_source
from misora.api.underlay import Underlay
from misora.api.upscale import NAME as UPSCALE
from misora.api.upscale import prepare_upscale, start_upscale
from misora.api.video import Video
from misora.base.canvas import Canvas, Span
from misora.base.errors import InputError, WeightsError
from misora.base.parts import NO_PARTS, Parts
from misora.base.progress import Progress, silent
from misora.base.recipe import Recipe, RecipeInput
from misora.base.settings import Settings, load_settings
from misora.editing.footage import Footage
from misora.editing.scene import Scene
from misora.editing.tool import from_data
from misora.editing.tools import TOOLS
from misora.media.grade import Grade
from misora.models.weights_file import ALL_KINDS, KINDS
from misora.prompting.rewriter import Rewrite


class ReplayWarning(UserWarning):
    """The frames may differ slightly: another version, device or precision made the first ones."""


Given = PinSource | Video


def replay(source: str | os.PathLike[str] | Recipe, *, images: Sequence[Given] = (), progress: Progress | None = None) -> Video:
    """Makes the frames of a recipe again.

    Args:
        source: A file that Misora wrote, a JSON file with its recipe, or the recipe itself.
        images: The pictures and clips that were pinned or edited, in any order; each is known by its digest.
    Raises:
        InputError: There is no recipe, or a pinned picture is not given.
        WeightsError: The weights are not those that were used.
    Warns:
        ReplayWarning: Something else differs, so the frames may, slightly.
    """
    recipe = source if isinstance(source, Recipe) else read_recipe(Path(source))
    return start_replay(recipe, images, progress=progress or silent).collect()


def start_replay(
    recipe: Recipe, images: Sequence[Given] = (), *, progress: Progress = silent, preview: Preview | None = None
) -> Generation:
    """As ``replay``, with frames to be drawn as they come."""
    settings = load_settings()
    generation = start_again(recipe, images, progress=progress, preview=preview, settings=settings)
    for difference in differences(recipe, generation.recipe):
        warnings.warn(difference, ReplayWarning, stacklevel=3)
    return generation


def start_again(
    recipe: Recipe,
    images: Sequence[Given],
    *,
    settings: Settings,
    progress: Progress = silent,
    preview: Preview | None = None,
    parts: Parts = NO_PARTS,
) -> Generation:
    """What ``start_replay`` begins, with ``parts`` that were finished before; the caller compares the recipes."""
    check_weights(recipe, settings)
    if is_upscale(recipe):
        (parent,) = (found(one, by_digest(images)) for one in recipe.inputs)
        said = recipe.edit or {}
        prepared = prepare_upscale(to_clip(parent), said.get("size"), said.get("fps"))
        return start_upscale(prepared, progress=progress, settings=settings)
    if recipe.edit is None:
        return start(prepare_replay(recipe, images), progress=progress, preview=preview, settings=settings, parts=parts)
    return start_edit(prepare_edit_replay(recipe, images), progress=progress, preview=preview, settings=settings, parts=parts)


def is_upscale(recipe: Recipe) -> bool:
    """Whether nothing was made but larger."""
    return recipe.edit is not None and recipe.edit.get("tool") == UPSCALE


def read_recipe(path: Path) -> Recipe:
    """The recipe inside a video or picture, or in a JSON file, bare or as ``--json`` printed it."""
    import json

    from misora.media.probe import read_metadata

    if path.suffix.lower() == ".json" and path.is_file():
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{path} is not JSON", field="file") from error
        data = data.get("recipe", data) if isinstance(data, dict) else {}
        return Recipe.from_dict(data)
    comment = read_metadata(path).get("comment", "")
    try:
        return Recipe.from_json(comment)
    except InputError as error:
        raise InputError(
            f"{path} carries no recipe that this version can read; only files that Misora wrote have one", field="file"
        ) from error


def prepare_replay(recipe: Recipe, images: Sequence[Given]) -> Prepared:
    """The canvas of a recipe, with its pins found among ``images``."""
    given = by_digest(images)
    pins = tuple(build_pin(request_for(needed, given, recipe), recipe.shape)[0] for needed in recipe.inputs)
    spans = recipe.spans or (Span(recipe.caption),)
    canvas = Canvas(
        recipe.shape, spans, pins, recipe.seed, recipe.steps, recipe.guidance, recipe.negative_prompt, sampled=recipe.sampled,
        quality=recipe.quality, planned="planner" in recipe.weights,
    )  # fmt: skip
    return Prepared(
        recipe.prompt,
        canvas,
        Rewrite(recipe.caption, "en"),
        recipe.inputs,
        recipe.preset,
        Grade.from_dict(recipe.grade),
        underlay_of(recipe, images),
        recipe.draft_of,
    )


def underlay_of(recipe: Recipe, images: Sequence[Given]) -> Underlay | None:
    """The draft that a finished video was made from, pinned pictures fitted to its size; None when it was made at once."""
    if recipe.draft is None:
        return None
    shape = replace(recipe.shape, height=recipe.draft.height, width=recipe.draft.width)
    small = replace(recipe, shape=shape, steps=recipe.draft.steps, draft=None, sampled=recipe.draft.sampled)
    return Underlay(prepare_replay(small, images).canvas, recipe.draft.strength)


def prepare_edit_replay(recipe: Recipe, images: Sequence[Given]) -> PreparedEdit:
    """The plan of a recipe's edit, with its parents found among ``images``."""
    given = by_digest(images)
    tool = from_data(recipe.edit or {}, TOOLS)
    clips = [with_tail_of(recipe, read_source(to_clip(found(one, given))).footage) for one in recipe.inputs if one.role != "latents"]
    beats = tuple(span.caption for span in recipe.spans)
    scene = Scene(
        recipe.caption, recipe.seed, recipe.steps, recipe.guidance, recipe.negative_prompt, beats,
        quality=recipe.quality, planned="planner" in recipe.weights,
    )  # fmt: skip
    plan, said = tool.compile(materials(tool, clips), scene), Rewrite(recipe.caption, "en")
    return PreparedEdit(recipe.prompt, tool, scene, plan, said, recipe.inputs, recipe.preset, Grade.from_dict(recipe.grade), recipe.sampled)


def with_tail_of(recipe: Recipe, clip: Footage) -> Footage:
    """``clip`` with its latents where the recipe went on from them, without where it did not.

    Raises:
        InputError: They are needed and not there.
    """
    needed = {one.sha256 for one in recipe.inputs if one.role == "latents"}
    if not needed:
        return replace(clip, tail=None)
    if clip.tail is None or clip.tail.sha256 not in needed:
        raise InputError(
            "the latents that the clip was gone on from are needed: keep the parent's .latents.safetensors beside it,"
            " or give the misora.Video itself",
            field="image",
        )
    return clip


def by_digest(images: Sequence[Given]) -> dict[str, Given]:
    return {digest_of(image.frames if isinstance(image, Video) else image): image for image in images}


def to_clip(given: Given) -> ClipSource:
    """What can be edited; raises InputError for an array, whose rate nobody knows."""
    if isinstance(given, np.ndarray):
        raise InputError("a clip that was edited is given as a file or a misora.Video; an array has no rate", field="image")
    return given


def request_for(needed: RecipeInput, given: dict[str, Given], recipe: Recipe) -> PinRequest:
    """The given picture with the digest that the recipe names; raises InputError when none has it."""
    source = found(needed, given)
    pinned = source.frames if isinstance(source, Video) else source
    return PinRequest(pinned, needed.frame_index / recipe.shape.fps, needed.strength)


def found(needed: RecipeInput, given: dict[str, Given]) -> Given:
    """What has the digest that the recipe names; raises InputError when nothing has."""
    if needed.sha256 not in given:
        got = f"none of the {len(given)} given has that digest" if given else "none was given"
        what = f"the picture pinned at frame {needed.frame_index}" if needed.role == "pin" else f"the {needed.role}"
        raise InputError(f"{what} (sha256 {needed.sha256[:12]}…) is needed and {got}; add it with --image", field="image")
    return given[needed.sha256]


def check_weights(recipe: Recipe, settings: Settings) -> None:
    """Raises WeightsError unless the installed weights are the recipe's."""
    needed = () if is_upscale(recipe) else KINDS
    kinds = [kind for kind in ALL_KINDS if kind in needed or kind in recipe.weights]
    for kind, digest in weights_digests(settings.weights, kinds).items():
        wanted = recipe.weights.get(kind, "")
        if digest != wanted:
            raise WeightsError(
                f"the video was made with {kind} weights {wanted[:12] or 'unknown'}…, installed are {digest[:12]}…; "
                "set MISORA_WEIGHTS to the folder that has them"
            )


def differences(old: Recipe, new: Recipe) -> list[str]:
    """What may make frames differ, one sentence each."""
    checked = {"misora": __version__, "torch": new.torch, "device": new.device, "dtype": new.dtype, "sampler": new.sampler}
    return [
        f"made with {name} {getattr(old, name) or 'unknown'}, replayed with {now}: pixels may differ slightly"
        for name, now in checked.items()
        if getattr(old, name) != now
    ]

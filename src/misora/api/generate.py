"""A sentence becomes a video, in this process: check, rewrite, load, sample, return."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from misora import __version__
from misora.api.pins import ImageArgument, to_requests
from misora.api.request import Prepared, Request, prepare
from misora.api.residency import RESIDENTS, resident
from misora.api.underlay import iter_underlaid
from misora.api.video import Video, metadata_of
from misora.base.canvas import Canvas, Frames
from misora.base.parts import NO_PARTS, Parts
from misora.base.progress import Progress, silent
from misora.base.recipe import Draft, Recipe, RecipeInput
from misora.base.settings import Settings, load_settings
from misora.base.shapes import TIME_STRIDE
from misora.base.tail import Tail
from misora.media.grade import NEUTRAL, Grade, grade_frames
from misora.models.weights_file import ADAPTER_KINDS, KINDS, OPTIONAL_KINDS, PLANNER_KINDS, READER_KINDS, Kind, weights_digest, weights_path
from misora.prompting.preset_shelf import PresetShelf
from misora.prompting.presets import Preset

if TYPE_CHECKING:
    from misora.api.edit import PreparedEdit
    from misora.api.upscale import PreparedUpscale
    from misora.pipelines.native import NativePipeline
    from misora.pipelines.tail import TailKeeper

Preview = Callable[[Frames], None]


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """A video that is being made: ``frames`` yields (n, H, W, 3) pieces as they come."""

    prepared: Prepared | PreparedEdit | PreparedUpscale
    recipe: Recipe
    frames: Iterator[Frames]
    keeper: TailKeeper | None = None

    def collect(self) -> Video:
        """Waits for all frames."""
        frames = np.concatenate(list(self.frames))
        return Video(frames, self.recipe.shape.fps, self.recipe, self.prepared.rewrite.unknown_words, self.tail)

    @property
    def tail(self) -> Tail | None:
        """The clip's last latents, once all frames were drawn; None where they are not its own end."""
        latents = None if self.keeper is None else self.keeper.latents
        if latents is None:
            return None
        overhang = -(self.prepared.last_canvas_frames - 1) % TIME_STRIDE
        return Tail(latents, overhang, self.recipe.weights["video_vae"], self.prepared.last_sampled)

    def save(self, path: Path) -> None:
        """Makes and writes the video; an MP4 frame by frame, so that memory does not grow with its length."""
        if path.suffix.lower() != ".mp4":
            self.collect().save(path)
            return
        from misora.media.encode import write_video

        pictures = (picture for piece in self.frames for picture in piece)
        write_video(path, pictures, self.recipe.shape.fps, metadata=metadata_of(self.recipe))


def generate(
    prompt: str,
    *,
    seconds: float = 5.0,
    size: str | tuple[int, int] | None = None,
    resolution: str = "480p",
    aspect: str = "16:9",
    fps: float = 24.0,
    seed: int | None = None,
    image: ImageArgument | list[ImageArgument] | None = None,
    steps: int | None = None,
    guidance: float | None = None,
    negative_prompt: str = "",
    rewrite: bool | str = True,
    preset: str | Preset | None = None,
    draft: bool = False,
    native: bool = False,
    quality: str | None = None,
    plan: bool = True,
    progress: Progress | None = None,
) -> Video:
    """Makes a video of ``prompt``.

    Args:
        prompt: What is seen, in English or Chinese.
        seconds: Length, above 0 to 60.
        size: "832x480" or (832, 480), width first; None is ``resolution`` at ``aspect``.
        seed: The same seed gives the same frames; None draws one, which ``Video.recipe`` records.
        image: A file or picture to begin with, ``(file, seconds)`` to pin it elsewhere, or a list of these.
        steps, guidance: None is the model's own default.
        rewrite: Whether a short prompt is expanded, or by whom: "offline", "chat"; the result is ``Video.recipe.caption``.
        draft: A clip of half the size in few steps, to look at; ``finish`` makes it in full.
        preset: A style: the name of one of ``presets()``, or one made by hand.
        native: Samples at the full size instead of at a smaller one and upsampling.
        quality: "turbo" for the distilled model, "base" for the many-step one; None is Turbo where the weights have it and neither steps,
            guidance nor a negative prompt is given.
        plan: Whether who is where is planned before it is painted, where the weights have a planner.
        progress: Receives every step; may raise ``Cancelled``.
    Raises:
        InputError: Something in the request cannot be used.
        WeightsError: Weights are missing or damaged.
    """
    request = Request(
        prompt,
        seconds,
        size,
        resolution,
        aspect,
        fps,
        seed,
        to_requests(image),
        steps,
        guidance,
        negative_prompt,
        rewrite_prompt=rewrite,
        preset=preset,
        draft=draft,
        native=native,
        quality=quality,
        planned=plan,
    )
    return start(prepare(request), progress=progress or silent).collect()


def image(
    prompt: str,
    *,
    size: str | tuple[int, int] | None = None,
    resolution: str = "480p",
    aspect: str = "16:9",
    seed: int | None = None,
    steps: int | None = None,
    guidance: float | None = None,
    negative_prompt: str = "",
    rewrite: bool | str = True,
    preset: str | Preset | None = None,
    native: bool = False,
    quality: str | None = None,
    plan: bool = True,
    progress: Progress | None = None,
) -> Video:
    """Makes a still: a ``Video`` of one frame; arguments as in ``generate``."""
    request = Request(
        prompt,
        size=size,
        resolution=resolution,
        aspect=aspect,
        seed=seed,
        steps=steps,
        guidance=guidance,
        negative_prompt=negative_prompt,
        rewrite_prompt=rewrite,
        still=True,
        preset=preset,
        native=native,
        quality=quality,
        planned=plan,
    )
    return start(prepare(request), progress=progress or silent).collect()


def start(
    prepared: Prepared,
    *,
    progress: Progress = silent,
    preview: Preview | None = None,
    settings: Settings | None = None,
    parts: Parts = NO_PARTS,
) -> Generation:
    """Loads the networks and begins; frames are computed as they are drawn from the result, but for the ``parts`` that were kept."""
    settings = settings or load_settings()
    pipeline = resident_pipeline(settings)
    recipe = recipe_of(prepared, pipeline, settings)
    keeper = new_keeper() if prepared.grade == NEUTRAL else None
    frames = frames_of(prepared, pipeline, progress, preview, keeper, parts)
    graded = grade_frames(frames, prepared.grade, fps=recipe.shape.fps, seed=recipe.seed)
    return Generation(prepared, recipe, graded, keeper)


def new_keeper() -> TailKeeper:
    from misora.pipelines.tail import TailKeeper

    return TailKeeper()


def frames_of(
    prepared: Prepared, pipeline: NativePipeline, progress: Progress, preview: Preview | None, keeper: TailKeeper | None, parts: Parts
) -> Iterator[Frames]:
    """The frames before grading; a draft under the canvas is made first."""
    if prepared.underlay is None:
        return pipeline.iter_frames(prepared.canvas, progress, preview, keeper, parts)
    return iter_underlaid(pipeline, prepared.canvas, prepared.underlay, progress, preview, parts)


def presets() -> PresetShelf:
    """The style presets that came with Misora and the user's own."""
    return PresetShelf(load_settings().presets)


def resident_pipeline(settings: Settings) -> NativePipeline:
    """The networks of ``settings``, kept for the next call until the files or the device change, or others need their memory."""
    from misora.pipelines.native import load_pipeline

    kinds = (*KINDS, *PLANNER_KINDS, *READER_KINDS, *OPTIONAL_KINDS, *ADAPTER_KINDS)
    return resident("pipeline", settings, kinds, lambda: load_pipeline(settings.weights, settings.device, settings.threads))


def release() -> None:
    """Frees the networks that are kept for the next call."""
    RESIDENTS.clear()


def recipe_of(prepared: Prepared, pipeline: NativePipeline, settings: Settings) -> Recipe:
    """Everything that decides the frames."""
    return recipe_for(
        prepared.canvas,
        pipeline,
        settings,
        prompt=prepared.prompt,
        inputs=prepared.inputs,
        preset=prepared.preset,
        grade=prepared.grade,
        draft=prepared.underlay.record if prepared.underlay else None,
        draft_of=prepared.draft_of,
        made_of=(prepared.canvas, *([prepared.underlay.canvas] if prepared.underlay else [])),
    )


def recipe_for(
    canvas: Canvas,
    pipeline: NativePipeline,
    settings: Settings,
    *,
    prompt: str,
    inputs: tuple[RecipeInput, ...],
    preset: str = "",
    grade: Grade = NEUTRAL,
    edit: Mapping[str, Any] | None = None,
    draft: Draft | None = None,
    draft_of: tuple[int, int] | None = None,
    made_of: Sequence[Canvas] = (),
) -> Recipe:
    """The recipe of a video like ``canvas``: its shape, caption and sampling, whatever canvases it is made of.

    ``made_of`` are those: some may be planned or upsampled though ``canvas`` itself is not.
    """
    import torch

    sampling = pipeline.sampling_of(canvas)
    kinds = (
        *KINDS,
        *(PLANNER_KINDS if any(map(pipeline.plans, made_of)) else ()),
        *(READER_KINDS if any(pipeline.plans(each) and pipeline.reads(each) for each in made_of) else ()),
        *(OPTIONAL_KINDS if any(each.sampled for each in (canvas, *made_of)) else ()),
        *(ADAPTER_KINDS if sampling.quality == "turbo" else ()),
    )
    return Recipe(
        prompt=prompt,
        caption=canvas.spans[0].caption,
        shape=canvas.shape,
        seed=canvas.seed,
        steps=sampling.steps,
        guidance=sampling.guidance,
        sampler=sampling.sampler,
        negative_prompt=canvas.negative_prompt,
        device=pipeline.device_name,
        dtype=pipeline.dtype_name,
        threads=torch.get_num_threads(),
        misora=__version__,
        torch=torch.__version__,
        weights=weights_digests(settings.weights, kinds),
        inputs=inputs,
        preset=preset,
        grade=grade.to_dict(),
        spans=canvas.spans if len(canvas.spans) > 1 else (),
        edit=edit,
        draft=draft,
        draft_of=draft_of,
        sampled=canvas.sampled,
        quality=sampling.quality,
    )


def weights_digests(folder: Path | os.PathLike[str], kinds: Sequence[Kind] = KINDS) -> dict[str, str]:
    """SHA-256 of weights files of a folder, by kind."""
    return {kind: weights_digest(weights_path(Path(folder), kind)) for kind in kinds}

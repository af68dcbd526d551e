"""What a person asked for, checked and turned into a canvas; no network is loaded for it, so a mistake costs nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from misora.api.pins import PinRequest, build_pin
from misora.api.underlay import STEPS as DRAFT_STEPS
from misora.api.underlay import Underlay, draft_shape
from misora.base.canvas import Canvas, Quality, Span, check_quality, share_time
from misora.base.errors import InputError, WeightsError
from misora.base.recipe import RecipeInput
from misora.base.sampled_size import sampled_size
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, frames_for, parse_size, size_for
from misora.media.grade import NEUTRAL, Grade
from misora.models.transformer.adapter_file import why_no_turbo
from misora.models.weights_file import weights_path
from misora.pipelines.sampling import quality_for
from misora.prompting.preset_shelf import PresetShelf
from misora.prompting.presets import Preset
from misora.prompting.rewriter import Rewrite
from misora.prompting.rewriting import rewrite_prompt

SEED_BITS = 32


@dataclass(frozen=True, slots=True)
class Request:
    """A video as people ask for one; ``still`` is one frame whatever ``seconds`` says.

    Args:
        size: "WIDTHxHEIGHT" or (width, height), as people say it; None is ``resolution`` at ``aspect``.
        seed: None is a random one, which the recipe records.
        steps, guidance: None is the model's own default.
        rewrite_prompt: Whether a short prompt is expanded into the wording of the training captions; "offline" or "chat" says by whom.
        preset: Name of a style preset, or one made by hand; None is none.
        draft: Half the size and few steps, to be finished later; ``size`` is that of the full clip.
        native: Sample at the full size even where there is an upsampler.
        quality: "turbo", "base", or None: Turbo where the weights have one and nothing is asked for that only the other has.
        planned: Whether who is where is planned before it is painted, where the weights have a planner.
    """

    prompt: str
    seconds: float = 5.0
    size: str | tuple[int, int] | None = None
    resolution: str = "480p"
    aspect: str = "16:9"
    fps: float = 24.0
    seed: int | None = None
    images: tuple[PinRequest, ...] = ()
    steps: int | None = None
    guidance: float | None = None
    negative_prompt: str = ""
    rewrite_prompt: bool | str = True
    still: bool = False
    preset: str | Preset | None = None
    draft: bool = False
    native: bool = False
    quality: str | None = None
    planned: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to be made.

    Args:
        rewrite: What became of the prompt and which words were not understood; ``text`` is the prompt itself when rewriting was off.
        inputs: What the recipe remembers of the canvas's pins.
        preset: Name of the style preset, empty for none; its ``grade`` is laid over the finished frames.
        underlay: A draft that is made first and kept under the canvas.
        draft_of: (height, width) of the full clip that this is a draft of.
    """

    prompt: str
    canvas: Canvas
    rewrite: Rewrite
    inputs: tuple[RecipeInput, ...]
    preset: str = ""
    grade: Grade = NEUTRAL
    underlay: Underlay | None = None
    draft_of: tuple[int, int] | None = None

    @property
    def last_canvas_frames(self) -> int:
        """Frames of the canvas that the result ends with."""
        return self.canvas.shape.num_frames

    @property
    def last_sampled(self) -> tuple[int, int] | None:
        """(height, width) at which that canvas is sampled; None is its own size."""
        return self.canvas.sampled


def prepare(request: Request) -> Prepared:
    """Checks every field and builds the canvas; raises InputError for the first that cannot be used."""
    if not request.prompt.strip():
        raise InputError("prompt is empty; describe the scene, for example 'a dog runs along the beach'", field="prompt")
    full = shape_of(request)
    shape = draft_shape(full) if request.draft else full
    pins = [build_pin(image, shape) for image in request.images]
    preset = preset_of(request)
    quality = quality_in_use(request.quality, request.steps, request.guidance, request.negative_prompt)
    read = rewrite_as(request.rewrite_prompt, request.prompt, preset, shape.seconds)
    canvas = Canvas(
        shape=shape,
        spans=spans_of(read, shape),
        pins=tuple(pin for pin, _ in pins),
        seed=secrets.randbits(SEED_BITS) if request.seed is None else request.seed,
        steps=DRAFT_STEPS if request.draft and request.steps is None and quality == "base" else request.steps,
        guidance=request.guidance,
        negative_prompt=request.negative_prompt,
        sampled=None if request.native else sampled_size_in_use(shape),
        quality=quality,
        planned=request.planned,
    )
    inputs = tuple(remembered for _, remembered in pins)
    return Prepared(
        request.prompt,
        canvas,
        read,
        inputs,
        preset.name if preset else "",
        preset.grade if preset else NEUTRAL,
        draft_of=(full.height, full.width) if request.draft else None,
    )


def sampled_size_in_use(shape: VideoShape) -> tuple[int, int] | None:
    """(height, width) at which a video of ``shape`` is sampled with the weights in use; None where that is its own size."""
    has_upsampler = weights_path(load_settings().weights, "upsampler").is_file()
    return sampled_size(shape.height, shape.width) if has_upsampler else None


def quality_in_use(quality: str | None, steps: int | None, guidance: float | None, negative_prompt: str) -> Quality:
    """The model that a request is made with: the one it names, else Turbo where the weights in use have one.

    Raises:
        InputError: There is no such quality, or it has not what is asked of it.
        WeightsError: It is Turbo, and the weights in use have none that fits.
    """
    asked = check_quality(quality, guidance, negative_prompt)
    if asked == "base":
        return asked
    trouble = why_no_turbo(load_settings().weights)
    if asked == "turbo" and trouble:
        raise WeightsError(f"quality=turbo cannot be used: {trouble}; use quality=base, or train it with `misora train turbo`")
    return asked or quality_for(steps, guidance, negative_prompt, has_turbo=not trouble)


def rewrite_as(asked: bool | str, prompt: str, preset: Preset | None = None, seconds: float | None = None) -> Rewrite:
    """What becomes of ``prompt`` in a video of ``seconds``, by whom ``Request.rewrite_prompt`` or else the settings say."""
    rewriter = asked if isinstance(asked, str) else None if asked else "off"
    return rewrite_prompt(prompt, load_settings(), preset, rewriter, seconds)


def spans_of(read: Rewrite, shape: VideoShape) -> tuple[Span, ...]:
    """The rewritten prompt over the video's time: its moments share it evenly; a still shows the first."""
    if not read.beats or shape.num_frames == 1:
        return (Span(read.beats[0] if read.beats else read.text),)
    return share_time(read.beats, 0.0, shape.seconds)


def preset_of(request: Request) -> Preset | None:
    """The preset that was asked for, found by name among the built-in ones and the user's own."""
    if request.preset is None or isinstance(request.preset, Preset):
        return request.preset
    return PresetShelf(load_settings().presets).get(request.preset)


def shape_of(request: Request) -> VideoShape:
    """Frames, height, width and rate of a request."""
    num_frames = 1 if request.still else frames_for(request.seconds, request.fps)
    height, width = size_of(request)
    return VideoShape(num_frames, height, width, request.fps)


def size_of(request: Request) -> tuple[int, int]:
    """(height, width)."""
    if request.size is None:
        return size_for(request.resolution, request.aspect)
    if isinstance(request.size, str):
        return parse_size(request.size)
    width, height = request.size
    return height, width

"""Any clip to a larger one, or one of more frames a second: read a few frames at a time, so that its length costs no memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from misora import __version__
from misora.api.generate import Generation, weights_digests
from misora.api.pins import digest_of
from misora.api.sources import STILL_FPS, ClipSource, recipe_in
from misora.api.video import Video
from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.base.progress import Progress, Step, silent
from misora.base.rates import raised_count, raised_cut
from misora.base.recipe import Recipe, RecipeInput
from misora.base.sampled_size import even
from misora.base.settings import Settings, load_settings
from misora.base.shapes import RESOLUTIONS, VideoShape, check_fps, parse_size
from misora.editing.shot_detection import find_cuts
from misora.media.decode import iter_frames
from misora.media.pictures import Picture
from misora.media.probe import probe
from misora.models.weights_file import INTERPOLATOR_KINDS, OPTIONAL_KINDS, Kind
from misora.prompting.rewriter import Rewrite

NAME = "upscale"
PIECE = 8
"""Frames that are read, and handed on, at once."""

Size = str | tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedUpscale:
    """A clip that is to be enlarged, or shown at more frames a second, or both.

    Args:
        shape: Of the result.
        num_frames, fps: Of the clip.
        enlarged: Whether its size changes.
        source: The recipe that the clip carries, if any: what it shows stays known.
    """

    clip: ClipSource
    shape: VideoShape
    num_frames: int
    fps: float
    enlarged: bool
    sha256: str
    source: Recipe | None

    @property
    def rewrite(self) -> Rewrite:
        """Nothing was read anew: what the clip's own recipe says."""
        return Rewrite(self.source.caption if self.source else "", "en")

    @property
    def raised(self) -> bool:
        """Whether its frame rate changes."""
        return self.shape.fps != self.fps

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The weights that it takes."""
        return OPTIONAL_KINDS * self.enlarged + INTERPOLATOR_KINDS * self.raised

    @property
    def edit(self) -> dict[str, Any]:
        """What a recipe says of it."""
        size = {"size": f"{self.shape.width}x{self.shape.height}"} if self.enlarged else {}
        return {"tool": NAME, **size, **({"fps": self.shape.fps} if self.raised else {})}

    last_canvas_frames = 0
    last_sampled = None


def upscale(clip: ClipSource, size: Size | None = None, *, fps: float | None = None, progress: Progress | None = None) -> Video:
    """A clip or picture, larger, or a clip at more frames a second.

    Args:
        clip: A file, or a ``Video``.
        size: "1080p" and the like for the short side at the clip's own aspect, or "1920x1080" or (1920, 1080), cropped in the middle to it.
            None is "1080p", or as it is where ``fps`` is given.
        fps: Frames a second of the result, above the clip's: the clip's own frames stay, and others are made between them.
    Raises:
        InputError: The clip cannot be read, or neither its size nor its rate would grow.
        WeightsError: There are no upsampler or interpolator weights.
    """
    return start_upscale(prepare_upscale(clip, size, fps), progress=progress or silent).collect()


def prepare_upscale(clip: ClipSource, size: Size | None = None, wanted_fps: float | None = None) -> PreparedUpscale:
    """Reads what the clip is, none of its frames; raises InputError for what cannot be used."""
    recipe: Recipe | None
    if isinstance(clip, Video):
        (count, height, width), fps, recipe = clip.frames.shape[:3], clip.fps, clip.recipe
        sha256 = digest_of(clip.frames)
    else:
        info = probe(clip)
        count, height, width, fps, recipe = info.num_frames, info.height, info.width, info.fps, recipe_in(info.metadata)
        sha256 = digest_of(clip)
    fps = fps or STILL_FPS
    enlarged = size is not None or wanted_fps is None
    height, width = target(size or "1080p", height, width) if enlarged else (height, width)
    shape = VideoShape(count, height, width, fps)
    if wanted_fps is not None:
        shape = replace(shape, num_frames=raised_length(count, fps, wanted_fps), fps=wanted_fps)
    return PreparedUpscale(clip, shape, count, fps, enlarged, sha256, recipe)


def raised_length(count: int, fps: float, wanted: float) -> int:
    """Frames of a clip of ``count`` at ``fps`` when it is shown at ``wanted``, for as long."""
    check_fps(wanted)
    if count == 1:
        raise InputError("fps: a single picture has no frame rate to raise; give a clip", field="fps")
    if wanted <= fps:
        raise InputError(f"fps={wanted:g} is not above the clip's {fps:g}; upscale only raises", field="fps")
    return raised_count(count, fps, wanted)


def target(size: Size, height: int, width: int) -> tuple[int, int]:
    """(height, width) of the result for a clip of this size."""
    if isinstance(size, tuple):
        wanted = size[1], size[0]
    elif size in RESOLUTIONS:
        scale = RESOLUTIONS[size] / min(height, width)
        wanted = even(height * scale), even(width * scale)
    else:
        wanted = parse_size(size)
    if wanted[0] < height or wanted[1] < width or wanted == (height, width):
        raise InputError(f"size={wanted[1]}x{wanted[0]} is not larger than the clip, {width}x{height}; upscale only enlarges", field="size")
    return wanted


def start_upscale(prepared: PreparedUpscale, *, progress: Progress = silent, settings: Settings | None = None) -> Generation:
    """Loads what is needed and begins; frames are computed as they are drawn from the result."""
    import torch

    from misora.pipelines.raising import load_raiser
    from misora.pipelines.runtime import choose_device, choose_dtype, name_of
    from misora.pipelines.upsampling import load_enlarger

    settings = settings or load_settings()
    torch.set_num_threads(settings.threads)
    device = choose_device(settings.device)
    source, shape, fps = prepared.source, prepared.shape, prepared.fps
    pieces = watched(pieces_of(prepared.clip), progress, prepared.num_frames)
    cuts = find_cuts(pictures_of(prepared.clip)) if prepared.num_frames > 1 else ()
    if prepared.raised:  # first, while pictures are small
        pieces = load_raiser(settings.weights, settings.device).raised(pieces, fps, shape.fps, cuts)
        cuts = tuple(raised_cut(cut, fps, shape.fps) for cut in cuts)
    if prepared.enlarged:
        pieces = load_enlarger(settings.weights, settings.device).enlarge(pieces, shape.height, shape.width, cuts)
    recipe = Recipe(
        prompt=source.prompt if source else "",
        caption=source.caption if source else "",
        shape=shape,
        seed=source.seed if source else 0,
        steps=0,
        guidance=0.0,
        sampler="",
        device=name_of(device),
        dtype=str(choose_dtype(device)).removeprefix("torch."),
        threads=torch.get_num_threads(),
        misora=__version__,
        torch=torch.__version__,
        weights=weights_digests(settings.weights, prepared.kinds),
        inputs=(RecipeInput(prepared.sha256, role="parent"),),
        edit=prepared.edit,
    )
    return Generation(prepared, recipe, pieces)


def pictures_of(clip: ClipSource) -> Iterator[Picture]:
    """The clip's frames; read anew each time, so that looking for cuts costs no memory."""
    return iter(clip.frames) if isinstance(clip, Video) else iter_frames(Path(clip))


def pieces_of(clip: ClipSource) -> Iterator[Frames]:
    """The clip's frames, a few at a time."""
    following = pictures_of(clip)
    while piece := list(islice(following, PIECE)):
        yield np.stack(piece)


def watched(pieces: Iterator[Frames], progress: Progress, total: int) -> Iterator[Frames]:
    """``pieces``; those before the one that is drawn next are done."""
    done = 0
    for piece in pieces:
        yield piece
        done += len(piece)
        progress(Step(NAME, done, max(done, total)))

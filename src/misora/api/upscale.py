"""Any clip or picture to a larger one: read a few frames at a time, doubled, and handed on, so that its length costs no memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from misora import __version__
from misora.api.generate import Generation, weights_digests
from misora.api.pins import digest_of
from misora.api.sources import STILL_FPS, ClipSource, recipe_in
from misora.api.video import Video
from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.base.progress import Progress, Step, silent
from misora.base.recipe import Recipe, RecipeInput
from misora.base.sampled_size import even
from misora.base.settings import Settings, load_settings
from misora.base.shapes import RESOLUTIONS, VideoShape, parse_size
from misora.editing.shot_detection import find_cuts
from misora.media.decode import iter_frames
from misora.media.pictures import Picture
from misora.media.probe import probe
from misora.models.weights_file import OPTIONAL_KINDS
from misora.prompting.rewriter import Rewrite

NAME = "upscale"
PIECE = 8
"""Frames that are read, and handed on, at once."""

Size = str | tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedUpscale:
    """A clip that is to be enlarged.

    Args:
        shape: Of the result.
        source: The recipe that the clip carries, if any: what it shows stays known.
    """

    clip: ClipSource
    shape: VideoShape
    sha256: str
    source: Recipe | None

    @property
    def rewrite(self) -> Rewrite:
        """Nothing was read anew: what the clip's own recipe says."""
        return Rewrite(self.source.caption if self.source else "", "en")

    last_canvas_frames = 0
    last_sampled = None


def upscale(clip: ClipSource, size: Size = "1080p", *, progress: Progress | None = None) -> Video:
    """A clip or picture, larger.

    Args:
        clip: A file, or a ``Video``.
        size: "1080p" and the like for the short side at the clip's own aspect, or "1920x1080" or (1920, 1080), cropped in the middle to it.
    Raises:
        InputError: The clip cannot be read, or the size is not larger than it is.
        WeightsError: There are no upsampler weights.
    """
    return start_upscale(prepare_upscale(clip, size), progress=progress or silent).collect()


def prepare_upscale(clip: ClipSource, size: Size) -> PreparedUpscale:
    """Reads what the clip is, none of its frames; raises InputError for what cannot be used."""
    recipe: Recipe | None
    if isinstance(clip, Video):
        (count, height, width), fps, recipe = clip.frames.shape[:3], clip.fps, clip.recipe
        sha256 = digest_of(clip.frames)
    else:
        info = probe(clip)
        count, height, width, fps, recipe = info.num_frames, info.height, info.width, info.fps, recipe_in(info.metadata)
        sha256 = digest_of(clip)
    return PreparedUpscale(clip, VideoShape(count, *target(size, height, width), fps or STILL_FPS), sha256, recipe)


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
    """Loads the upsampler and begins; frames are computed as they are drawn from the result."""
    import torch

    from misora.pipelines.upsampling import load_enlarger

    settings = settings or load_settings()
    torch.set_num_threads(settings.threads)
    enlarger = load_enlarger(settings.weights, settings.device)
    source, shape = prepared.source, prepared.shape
    recipe = Recipe(
        prompt=source.prompt if source else "",
        caption=source.caption if source else "",
        shape=shape,
        seed=source.seed if source else 0,
        steps=0,
        guidance=0.0,
        sampler="",
        device=enlarger.device_name,
        dtype=enlarger.dtype_name,
        threads=torch.get_num_threads(),
        misora=__version__,
        torch=torch.__version__,
        weights=weights_digests(settings.weights, OPTIONAL_KINDS),
        inputs=(RecipeInput(prepared.sha256, role="parent"),),
        edit={"tool": NAME, "size": f"{shape.width}x{shape.height}"},
    )
    pieces = watched(pieces_of(prepared.clip), progress, shape.num_frames)
    cuts = find_cuts(pictures_of(prepared.clip)) if shape.num_frames > 1 else ()
    return Generation(prepared, recipe, enlarger.enlarge(pieces, shape.height, shape.width, cuts))


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

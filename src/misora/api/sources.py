"""Clips that are to be edited: a file, or a video made in this process; with the recipe and digest by which lineage knows them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from misora.api.pins import digest_of
from misora.api.tail_file import load_tail, usable
from misora.api.video import Video
from misora.base.errors import InputError
from misora.base.recipe import Recipe
from misora.editing.footage import Footage
from misora.media.decode import read_video
from misora.media.probe import probe
from misora.media.stills import read_image

ClipSource = str | os.PathLike[str] | Video
STILL_FPS = 24.0
"""Rate of a clip that begins as a single picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Sourced:
    """A clip and where it comes from.

    Args:
        name: What to call it in a message.
        sha256: Of the file, or of the frames of a video that is in no file.
        recipe: How it was made; None when Misora did not make it or cannot read how.
        notes: What the person should know of how it was read.
    """

    name: str
    footage: Footage
    sha256: str
    recipe: Recipe | None = None
    notes: tuple[str, ...] = ()


def read_source(source: ClipSource) -> Sourced:
    """Raises InputError when there is no clip that can be read; a picture is a clip of one frame."""
    if isinstance(source, Video):
        footage = Footage(source.frames, source.fps, usable(source.tail))
        return Sourced("the video", footage, digest_of(source.frames), source.recipe)
    if not isinstance(source, (str, os.PathLike)):
        raise InputError(f"a clip is a file or a misora.Video, not a {type(source).__name__}", field="clip")
    info = probe(source)
    if info.kind == "image":
        footage = Footage(read_image(source)[None], STILL_FPS)
        return Sourced(Path(source).name, footage, digest_of(source), recipe_in(info.metadata))
    clip, sha256 = read_video(source), digest_of(source)
    footage = Footage(clip.frames, clip.fps, load_tail(Path(source), sha256))
    held = f"{Path(source).name} has pictures of unequal length; they are held at {clip.fps:.4g} frames a second"
    return Sourced(Path(source).name, footage, sha256, recipe_in(clip.metadata), (held,) if info.variable_rate else ())


def recipe_in(metadata: dict[str, str]) -> Recipe | None:
    """The recipe that a file carries, if any."""
    try:
        return Recipe.from_json(metadata.get("comment", ""))
    except InputError:
        return None

"""A finished video: frames, rate, recipe; saved with the recipe inside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from misora.api.output import check_output
from misora.base.canvas import Frames
from misora.base.recipe import Recipe
from misora.base.tail import Tail


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """What ``misora.generate`` returns.

    Args:
        frames: (T, H, W, 3) uint8 sRGB; a still has one.
        fps: Frames a second.
        recipe: How it was made.
        unknown_words: Words of the prompt that the model does not know.
        tail: The end of the clip before decoding, from which ``extend`` goes on; None where nothing of the kind is known.
    """

    frames: Frames
    fps: float
    recipe: Recipe
    unknown_words: tuple[str, ...] = ()
    tail: Tail | None = None

    @property
    def seconds(self) -> float:
        return len(self.frames) / self.fps

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes MP4, GIF or WebP, or PNG, WebP or JPEG for a still, by suffix, whole or not at all.

        Raises:
            InputError: The suffix is not one of these, the size does not fit the format, or the place cannot be written.
        """
        target = Path(path)
        check_output(target, self.recipe.shape)
        write_frames(target, self)
        return target


def write_frames(path: Path, video: Video) -> None:
    """Writes ``video`` in the format of ``path``'s suffix."""
    from misora.media.animation import write_animation
    from misora.media.encode import write_video
    from misora.media.stills import write_image

    metadata = metadata_of(video.recipe)
    if path.suffix.lower() == ".mp4":
        write_video(path, video.frames, video.fps, metadata=metadata)
    elif len(video.frames) > 1:
        write_animation(path, video.frames, video.fps, metadata=metadata)
    else:
        write_image(path, video.frames[0], metadata=metadata)


def metadata_of(recipe: Recipe) -> dict[str, str]:
    """What travels inside a file: the prompt as its title, the recipe as its comment."""
    return {"title": recipe.prompt.replace("\0", " "), "comment": recipe.to_json()}

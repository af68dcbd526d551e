"""Where a result goes: names, suffixes and permissions, all checked before anything is computed."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from misora.base.errors import InputError
from misora.base.shapes import VideoShape

VIDEO_SUFFIXES = (".mp4", ".gif", ".webp")
STILL_SUFFIXES = (".png", ".webp", ".jpg", ".jpeg")
MAX_SLUG = 48


def check_output(path: Path, shape: VideoShape) -> None:
    """Raises InputError unless a result of ``shape`` can be written to ``path``: suffix, size, folder, permission."""
    suffixes = VIDEO_SUFFIXES if shape.num_frames > 1 else (*STILL_SUFFIXES, ".mp4")
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder; give a file name", field="out")
    if path.suffix.lower() not in suffixes:
        what = "a video" if shape.num_frames > 1 else "a still"
        raise InputError(f"out={str(path)!r} does not end as {what} does; choose one of {', '.join(suffixes)}", field="out")
    if path.suffix.lower() == ".mp4":
        check_even(shape)
    check_folder(path)


def check_even(shape: VideoShape) -> None:
    """Raises InputError for sides that H.264 cannot hold."""
    if shape.height % 2 or shape.width % 2:
        nearest = f"{shape.width + shape.width % 2}x{shape.height + shape.height % 2}"
        raise InputError(f"size={shape.width}x{shape.height} has an odd side and MP4 needs even ones; nearest: {nearest}", field="size")


def check_folder(path: Path) -> None:
    """Raises InputError unless a file can be made beside ``path``; leaves none behind."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".misora-"):
            pass
    except FileNotFoundError as error:
        raise InputError(f"cannot write {path}: the folder {path.parent} does not exist", field="out") from error
    except OSError as error:
        raise InputError(f"cannot write {path}: {(error.strerror or str(error)).lower()}", field="out") from error


def name_for(prompt: str, suffix: str, folder: Path = Path()) -> Path:
    """A new file name made of the prompt's words; a number is added where the name is taken."""
    words = re.sub(r"[\W_]+", "-", prompt.lower()).strip("-")[:MAX_SLUG].rstrip("-") or "video"
    path, number = folder / f"{words}{suffix}", 2
    while path.exists():
        path, number = folder / f"{words}-{number}{suffix}", number + 1
    return path

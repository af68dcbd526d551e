"""Looks at a stranger's picture or clip in a process of its own, with little time, memory and nothing in its environment.

    python -m misora.media.inspection FILE [PICTURE]

The child prints what the file holds as JSON. With PICTURE it also writes the first picture anew as PNG, so that nothing but pixels of the
original goes on: no place where it was taken, no thumbnail, no second file behind the first. A decoder that crashes takes the child along
and nobody else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from misora.base.errors import MediaError, MisoraError

MAX_BYTES = 200 << 20
MAX_PIXELS, MAX_SIDE = 25_000_000, 8192
MAX_COMMENT = 1 << 16
MAX_FRAMES, MAX_CLIP_SECONDS = 3600, 60.0
WALL_SECONDS, CPU_SECONDS, MEMORY_BYTES = 30.0, 20, 2 << 30
KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"\x1aE\xdf\xa3": "video/webm",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds; ``fps`` is 0 for a still, ``comment`` is where recipes travel."""

    kind: str
    width: int
    height: int
    num_frames: int
    fps: float
    comment: str = ""


def media_type_of(head: bytes) -> str | None:
    """The media type that a file's first bytes promise; None for everything that is not read, such as SVG, HTML and playlists."""
    for magic, name in KINDS.items():
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "video/mp4" if head[4:8] == b"ftyp" else None


def inspect(path: Path, name: str, *, picture: Path | None = None) -> Found:
    """What ``path`` holds, found out by a child process; ``picture`` is where its first picture is written anew, as PNG.

    Args:
        name: What the user calls the file, for messages.
    Raises:
        MediaError: It cannot be read, is beyond the limits, or took too long.
    """
    command = [sys.executable, "-m", "misora.media.inspection", str(path), *([] if picture is None else [str(picture)])]
    environ = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ} | {"LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=WALL_SECONDS, check=False, cwd=path.parent
        )
    except subprocess.TimeoutExpired as error:
        raise MediaError(f"{name} took longer than {WALL_SECONDS:g} s to look at; send a shorter or smaller one", field="file") from error
    if done.returncode == 0:
        return Found(**json.loads(done.stdout))
    if done.returncode == REFUSED:
        said = done.stdout.decode("utf-8", "replace").replace(path.name, name).strip()
        raise MediaError(said or f"{name} cannot be read", field="file")
    raise MediaError(f"{name} is damaged, or too large to look at; convert it again and send that", field="file")


REFUSED = 3


def main(arguments: list[str]) -> int:
    """The child: limits first, decoders after."""
    limit()
    path, *rest = map(Path, arguments)
    try:
        found = look(path)
        if rest:
            write_first_picture(path, found, rest[0])
    except MisoraError as error:
        print(error)
        return REFUSED
    print(json.dumps(asdict(found)))
    return 0


def limit() -> None:
    """Bounds what this process may use; on systems without such limits the parent's clock is the only one."""
    try:
        import resource
    except ImportError:
        return
    bounds = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: MAX_BYTES,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in bounds.items():
        resource.setrlimit(what, (most, most))


def look(path: Path) -> Found:
    """Reads headers; raises MediaError beyond the limits."""
    from misora.media.probe import probe

    info = probe(path, max_pixels=MAX_PIXELS)
    if max(info.width, info.height) > MAX_SIDE:
        raise MediaError(f"{path.name} is {info.width}x{info.height}; the longest side may be {MAX_SIDE} pixels")
    if info.num_frames > MAX_FRAMES or info.seconds > MAX_CLIP_SECONDS + 0.5:
        raise MediaError(
            f"{path.name} has {info.num_frames} frames in {info.seconds:.4g} s; at most {MAX_FRAMES} and {MAX_CLIP_SECONDS:g} s are taken"
        )
    return Found(info.kind, info.width, info.height, info.num_frames, info.fps, info.metadata.get("comment", "")[:MAX_COMMENT])


def write_first_picture(path: Path, found: Found, target: Path) -> None:
    """The first picture of ``path`` as a PNG of its own."""
    from misora.media.decode import iter_frames
    from misora.media.stills import read_image, write_image

    picture = read_image(path, max_side=MAX_SIDE, max_pixels=MAX_PIXELS) if found.kind == "image" else next(iter_frames(path), None)
    if picture is None:
        raise MediaError(f"{path.name} holds no picture")
    write_image(target, picture)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

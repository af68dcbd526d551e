"""Clips to frames: upright, sRGB, at a constant rate, within limits.

FFmpeg neither turns frames nor keeps to limits nor makes a rate constant by itself; all three are settled here.
HDR is not tone-mapped and anamorphic pixels are not squared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from misora.base.canvas import Frames
from misora.base.errors import MediaError
from misora.media.animation import iter_animation
from misora.media.atomic import StrPath
from misora.media.colour import to_rgb
from misora.media.container import open_clip
from misora.media.pictures import Picture
from misora.media.probe import MediaInfo, is_picture_file, probe
from misora.media.spool import room_for
from misora.media.stills import open_image, read_image, source_name
from misora.media.timing import TimedFrame, hold

MAX_FRAMES = 3600
MAX_FRAME_PIXELS = 4096 * 2304
MAX_CLIP_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Frames (T, H, W, 3) uint8 sRGB, their constant rate, and the words that came with them."""

    frames: Frames
    fps: float
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return len(self.frames) / self.fps


def read_video(
    path: StrPath, *, max_frames: int = MAX_FRAMES, max_pixels: float = MAX_FRAME_PIXELS, max_bytes: int = MAX_CLIP_BYTES
) -> Clip:
    """A whole clip or animation as one array, which a long one has in a file instead of in memory.

    Args:
        max_frames: Longest clip accepted, after its rate was made constant.
        max_pixels: Largest frame accepted.
        max_bytes: Most that the frames may take.
    Raises:
        MediaError: The file is missing, a still, damaged, or beyond a limit; checked before decoding.
    """
    info = probe(path, max_pixels=max_pixels)
    _check_is_clip(path, info, max_frames)
    size_bytes = info.num_frames * info.height * info.width * 3
    if size_bytes > max_bytes:
        gib = size_bytes / 2**30
        raise MediaError(f"{source_name(path)} takes {gib:.1f} GiB as frames; the limit is {max_bytes / 2**30:g}: cut or shrink it")
    frames = room_for((info.num_frames, info.height, info.width, 3))
    done = 0
    for picture in _pictures(path, info):
        if done == len(frames):
            break
        frames[done] = picture
        done += 1
    if not done:
        raise MediaError(f"{source_name(path)} holds no frame that can be decoded")
    return Clip(frames[:done], info.fps, info.metadata)


def iter_frames(path: StrPath, *, max_frames: int = MAX_FRAMES, max_pixels: float = MAX_FRAME_PIXELS) -> Iterator[Picture]:
    """Pictures (H, W, 3) of a clip one by one at ``probe(path).fps``, in constant memory; a still yields itself once.

    Frames before a damaged place are yielded before MediaError is raised.
    """
    info = probe(path, max_pixels=max_pixels)
    if info.kind == "image":
        yield read_image(path, max_pixels=max_pixels)
        return
    _check_is_clip(path, info, max_frames)
    for done, picture in enumerate(_pictures(path, info), start=1):
        yield picture
        if done == max_frames:
            return


def _check_is_clip(path: StrPath, info: MediaInfo, max_frames: int) -> None:
    if info.kind == "image":
        raise MediaError(f"{source_name(path)} is a still, not a clip; read it with read_image")
    if info.num_frames > max_frames:
        raise MediaError(
            f"{source_name(path)} has {info.num_frames} frames ({info.seconds:.1f} s); the limit is {max_frames}: cut it first"
        )


def _pictures(path: StrPath, info: MediaInfo) -> Iterator[Picture]:
    timed = _animation_frames(path, info) if is_picture_file(path) else _clip_frames(path, info)
    return hold(timed, info.fps, info.num_frames) if info.variable_rate else (frame.picture for frame in timed)


def _animation_frames(path: StrPath, info: MediaInfo) -> Iterator[TimedFrame]:
    with open_image(path, max_pixels=info.width * info.height) as image:
        yield from (frame for frame, _ in iter_animation(image, source_name(path)))


def _clip_frames(path: StrPath, info: MediaInfo) -> Iterator[TimedFrame]:
    size = (info.width, info.height) if info.rotation in (0, 180) else (info.height, info.width)
    start = 0.0
    with open_clip(path) as (container, stream):
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            # a stream may change size midway, which would also slip past the limit that was checked on its header
            if (frame.width, frame.height) != size:
                raise MediaError(f"{source_name(path)} changes size midway, to {frame.width}x{frame.height}; split it first")
            start = frame.time if frame.pts is not None else start + 1 / info.fps
            yield TimedFrame(np.rot90(to_rgb(frame), info.rotation // 90), start)

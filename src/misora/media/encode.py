"""Frames to H.264 in MP4: BT.709, limited range, 4:2:0, ready to stream, in constant memory.

The same frames give the same bytes: no clock is written, and the number of encoder threads, on which x264's output depends, is fixed.
Sound is not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.media.atomic import StrPath, refusal_explained, replacing
from misora.media.colour import to_yuv
from misora.media.metadata import check_metadata
from misora.media.pictures import Picture, check_picture
from misora.media.timing import to_rational

DEFAULT_CRF = 17
MAX_VIDEO_SIDE = 8192
ENCODER_THREADS = 4
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")


def write_video(
    path: StrPath,
    frames: Iterable[Picture] | Frames,
    fps: float | Fraction,
    *,
    metadata: Mapping[str, str] | None = None,
    crf: int = DEFAULT_CRF,
    preset: str = "medium",
) -> None:
    """Encodes frames as they come; ``path`` appears when the last one is in, or never.

    Args:
        path: Where the MP4 goes; an existing file is replaced at the end.
        frames: (H, W, 3) uint8 sRGB pictures of one even size, or an array (T, H, W, 3).
        fps: Frames per second; 23.976 becomes 24000/1001.
        metadata: Keys of ``metadata.KEYS``; the recipe goes under "comment".
        crf: x264's quality, 1 (best) to 51; 12 is nearly lossless, 23 small.
        preset: x264's effort, one of ``PRESETS``.
    Raises:
        InputError: No frames, an odd size, sizes that differ, or a path that cannot be written (field "out").
    """
    rate, kept = to_rational(fps), check_metadata(metadata)
    _check_effort(crf, preset)
    with replacing(path) as partial:
        pictures = iter(frames)
        first = next(pictures, None)
        if first is None:
            raise InputError("frames is empty; a video needs at least one frame", field="frames")
        check_picture(first, field="frames")
        _check_even(*first.shape[:2])
        checked = _same_size(chain([first], pictures), first.shape)
        _encode(partial, path, checked, (first.shape[0], first.shape[1]), rate, kept, {"crf": str(crf), "preset": preset})


def _encode(
    partial: Path,
    target: StrPath,
    pictures: Iterator[Picture],
    size: tuple[int, int],
    rate: Fraction,
    metadata: Mapping[str, str],
    options: dict[str, str],
) -> None:
    flags = {"movflags": "+faststart", "fflags": "+bitexact"}
    with refusal_explained(target):
        container = av.open(str(partial), "w", format="mp4", options=flags)
    try:
        container.metadata.update(metadata)
        stream = _add_stream(container, size, rate, options)
        for frame in to_yuv(pictures, *size, rate):  # outside refusal_explained: an error of the source is not the target's
            with refusal_explained(target):
                container.mux(stream.encode(frame))
        with refusal_explained(target):
            container.mux(stream.encode())
    finally:
        with refusal_explained(target):
            container.close()


def _add_stream(container: OutputContainer, size: tuple[int, int], rate: Fraction, options: dict[str, str]) -> VideoStream:
    # a key frame every two seconds: players seek and scrub well
    options = {**options, "g": str(max(1, round(2 * rate))), **_repeatable()}
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
    context = stream.codec_context
    context.thread_type, context.thread_count = "FRAME", ENCODER_THREADS  # slices, PyAV's default, cost 5 % more bytes
    context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream


def _repeatable() -> dict[str, str]:
    """Keeps x264 off AVX-512, where its macroblock tree varies from run to run (19 of 30 files; none with AVX2, as fast)."""
    simd = cast(dict[str, dict[str, list[str]]], np.show_config(mode="dicts"))["SIMD Extensions"]
    present = (*simd.get("baseline", ()), *simd.get("found", ()))
    has_avx512 = any("AVX512" in name or name == "X86_V4" for name in present)
    return {"x264-params": "asm=avx2,fma3,bmi2,lzcnt"} if has_avx512 else {}


def _same_size(pictures: Iterator[Picture], shape: tuple[int, ...]) -> Iterator[Picture]:
    for index, picture in enumerate(pictures):
        if picture.shape != shape or picture.dtype != np.uint8:
            raise InputError(f"frames[{index}] is {picture.dtype} {picture.shape}, but frames[0] is uint8 {shape}", field="frames")
        yield picture


def _check_effort(crf: int, preset: str) -> None:
    if not 1 <= crf <= 51:
        raise InputError(f"crf={crf} is outside 1 to 51; nearest: {min(max(crf, 1), 51)}", field="crf")
    if preset not in PRESETS:
        raise InputError(f"preset={preset!r} is not known; choose one of {', '.join(PRESETS)}", field="preset")


def _check_even(height: int, width: int) -> None:
    if height % 2 or width % 2:
        nearest = f"{width + width % 2}x{height + height % 2}"
        raise InputError(f"size {width}x{height} has an odd side and H.264 needs even ones; nearest: {nearest}", field="size")
    if max(height, width) > MAX_VIDEO_SIDE:
        raise InputError(f"size {width}x{height} is beyond {MAX_VIDEO_SIDE} pixels a side", field="size")

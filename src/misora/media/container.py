"""Opens a clip behind allow-lists: local files only, two container families, five codecs.

FFmpeg reads hundreds of formats, some of which fetch other files or have had holes; what is not listed here is never parsed.
Every way in which FFmpeg fails becomes one MediaError.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from misora.base.errors import MediaError, MisoraError
from misora.media.atomic import StrPath
from misora.media.stills import check_is_file

CODECS = ("h264", "hevc", "vp8", "vp9", "av1")
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm",
    "codec_whitelist": ",".join((*CODECS, "libdav1d", "libvpx", "libvpx-vp9")),
}


@contextmanager
def open_clip(path: StrPath) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A clip's container and its picture track; whatever FFmpeg raises inside the block becomes a MediaError."""
    check_is_file(path)
    name = Path(path).name
    try:
        # "file:" keeps a name such as "concat:a.mp4" from being read as a protocol
        with av.open(f"file:{os.fspath(path)}", options=dict(_OPTIONS), metadata_errors="replace") as container:
            track = _picture_track(container, name)
            _check_whole(track, path)
            yield container, track
    except MisoraError:
        raise
    except (av.FFmpegError, ValueError, LookupError, OSError, EOFError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise MediaError(f"{name} is damaged, or not a clip that Misora reads: MP4, MOV, WebM or MKV ({reason})") from error


def _picture_track(container: InputContainer, name: str) -> VideoStream:
    tracks = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not tracks:
        raise MediaError(f"{name} has no picture track, only sound or data")
    context = getattr(tracks[0], "codec_context", None)  # None when FFmpeg knows no decoder, whatever PyAV's types say
    codec = context.codec.canonical_name if context is not None else "something unknown"
    if codec not in CODECS:
        raise MediaError(f"{name} is coded as {codec}; Misora reads {', '.join(CODECS)}: convert it to H.264 first")
    return tracks[0]


def _check_whole(track: VideoStream, path: StrPath) -> None:
    """Raises MediaError when the index points beyond the end of the file, which FFmpeg itself may pass over in silence."""
    promised_bytes = max((entry.pos + entry.size for entry in track.index_entries), default=0)
    size_bytes = Path(path).stat().st_size
    if promised_bytes > size_bytes:
        raise MediaError(
            f"{Path(path).name} is cut short: its index needs {promised_bytes} bytes, the file has {size_bytes}; upload it again"
        )

"""What a file holds, told without keeping its frames: size, rate, length, turn, words."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import ExifTags, Image

from misora.base.errors import MediaError
from misora.media.animation import is_animated, iter_animation
from misora.media.atomic import StrPath
from misora.media.container import open_clip
from misora.media.metadata import image_metadata, known_metadata
from misora.media.pictures import MAX_PIXELS, check_size
from misora.media.stills import check_is_file, open_image, source_name, still_metadata
from misora.media.timing import measure_rate

_PICTURE_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
_SIDEWAYS = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file holds, as ``decode`` will deliver it.

    Args:
        height, width: Upright, after ``rotation``.
        fps: Constant rate of delivery; 0 for a still.
        num_frames: Frames that ``iter_frames`` yields; counted from the container, so a damaged file may yield fewer.
        variable_rate: The file's own rate varies; ``fps`` is its usual rate and frames are held to it.
        rotation: Degrees counter-clockwise by which stored frames are turned: 0, 90, 180 or 270.
    """

    kind: Literal["image", "video"]
    width: int
    height: int
    fps: float
    num_frames: int
    seconds: float
    codec: str
    variable_rate: bool = False
    rotation: int = 0
    metadata: dict[str, str] = field(default_factory=dict)


def probe(path: StrPath, *, max_pixels: float = MAX_PIXELS) -> MediaInfo:
    """What ``path`` holds; a picture, an animation or a clip.

    Raises:
        MediaError: The file is missing, of an unknown kind, damaged, or beyond ``max_pixels`` a frame.
    """
    if not is_picture_file(path):
        return _probe_clip(path, max_pixels)
    with open_image(path, max_pixels=max_pixels) as image:
        return _probe_animation(path, image) if is_animated(image) else _probe_still(image)


def read_metadata(path: StrPath) -> dict[str, str]:
    """Title, comment (the recipe) and friends of any picture or clip that Misora reads."""
    if is_picture_file(path):
        return still_metadata(path)
    with open_clip(path) as (container, _):
        return known_metadata(container.metadata)


def is_picture_file(path: StrPath) -> bool:
    """Whether the first bytes are those of PNG, JPEG, GIF or WebP (and so not a clip's)."""
    check_is_file(path)
    with open(path, "rb") as file:
        head = file.read(12)
    return head.startswith(_PICTURE_HEADS) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


def _probe_still(image: Image.Image) -> MediaInfo:
    width, height = image.size
    if image.getexif().get(ExifTags.Base.Orientation) in _SIDEWAYS:
        width, height = height, width
    return MediaInfo("image", width, height, 0.0, 1, 0.0, (image.format or "").lower(), metadata=image_metadata(image))


def _probe_animation(path: StrPath, image: Image.Image) -> MediaInfo:
    codec, metadata = (image.format or "").lower(), image_metadata(image)
    spans = [(frame.start, stop) for frame, stop in iter_animation(image, source_name(path))]
    rate = measure_rate([start for start, _ in spans], spans[-1][1])
    seconds = rate.num_frames / rate.fps
    return MediaInfo("video", image.width, image.height, rate.fps, rate.num_frames, seconds, codec, rate.variable, 0, metadata)


def _probe_clip(path: StrPath, max_pixels: float) -> MediaInfo:
    with open_clip(path) as (container, stream):
        width, height = stream.codec_context.width, stream.codec_context.height
        check_size(source_name(path), height, width, max_pixels=max_pixels)
        metadata, codec = known_metadata(container.metadata), stream.codec_context.codec.canonical_name
        starts, end = _packet_times(container, stream)
        if not starts:
            raise MediaError(f"{source_name(path)} holds no frames")
        nominal = stream.average_rate or stream.guessed_rate
        rate = measure_rate(starts, end, float(nominal) if nominal else None)
        turn = _rotation(container, stream)
    if turn in (90, 270):
        width, height = height, width
    return MediaInfo("video", width, height, rate.fps, rate.num_frames, rate.num_frames / rate.fps, codec, rate.variable, turn, metadata)


def _packet_times(container: InputContainer, stream: VideoStream) -> tuple[list[float], float]:
    """Start of every shown packet and the end of the last one, in seconds; demuxes without decoding."""
    base = stream.time_base or Fraction(1)
    shown = [(packet.pts, packet.duration or 0) for packet in container.demux(stream) if packet.pts is not None and not packet.is_discard]
    return [float(pts * base) for pts, _ in shown], float(sum(max(shown, default=(0, 0))) * base)


def _rotation(container: InputContainer, stream: VideoStream) -> int:
    """Degrees counter-clockwise, to the nearest quarter turn; only a decoded frame carries it."""
    container.seek(0)
    frame = next(container.decode(stream), None)
    return round(frame.rotation / 90) * 90 % 360 if frame is not None else 0

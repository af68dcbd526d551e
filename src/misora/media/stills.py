"""Still pictures: PNG, WebP and JPEG out; PNG, JPEG, WebP and GIF in, upright and in sRGB.

The size in a file's header is checked before a pixel is decoded. Other formats are refused on purpose: fewer decoders, fewer holes.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from misora.base.errors import InputError, MediaError, MisoraError
from misora.media.atomic import StrPath, write_bytes
from misora.media.metadata import check_metadata, image_metadata, to_png_text, to_xmp
from misora.media.pictures import MAX_PIXELS, MAX_SIDE, Picture, check_picture, check_size, to_picture, to_pillow

STILL_FORMATS = {".png": "PNG", ".webp": "WEBP", ".jpg": "JPEG", ".jpeg": "JPEG"}
READ_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_WEBP_SIDE = 16_383
MAX_JPEG_METADATA_BYTES = 65_000


def write_image(path: StrPath, picture: Picture, *, metadata: Mapping[str, str] | None = None, quality: int = 90) -> None:
    """Writes one picture, format by suffix (.png, .webp, .jpg), whole or not at all.

    Args:
        picture: (H, W, 3) uint8 sRGB.
        metadata: Keys of ``metadata.KEYS``; the recipe goes under "comment".
        quality: 1 to 100 for WebP and JPEG; PNG is lossless.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in STILL_FORMATS:
        raise InputError(f"{path} does not end in a still's suffix; choose one of {', '.join(STILL_FORMATS)}", field="out")
    write_bytes(path, encode_image(picture, STILL_FORMATS[suffix], metadata=metadata, quality=quality))


def encode_image(picture: Picture, image_format: str = "PNG", *, metadata: Mapping[str, str] | None = None, quality: int = 90) -> bytes:
    """One picture (H, W, 3) as the bytes of a "PNG", "WEBP" or "JPEG" file."""
    check_picture(picture, field="picture")
    kept = check_metadata(metadata)
    buffer = io.BytesIO()
    if image_format == "PNG":
        to_pillow(picture).save(buffer, "PNG", pnginfo=to_png_text(kept))
    elif image_format in STILL_FORMATS.values():
        xmp = to_xmp(kept) if kept else b""
        _check_room(image_format, max(picture.shape), len(xmp))
        to_pillow(picture).save(buffer, image_format, quality=quality, **({"xmp": xmp} if xmp else {}))
    else:
        raise InputError(f"image_format={image_format!r} is not known; choose PNG, WEBP or JPEG", field="image_format")
    return buffer.getvalue()


def read_image(source: StrPath | bytes, *, max_side: int = MAX_SIDE, max_pixels: float = MAX_PIXELS) -> Picture:
    """A picture from a file or from the bytes of one; the first frame of an animation.

    Args:
        source: Path, or the file's content.
        max_side, max_pixels: Limits on the size that the header states.
    Returns:
        (H, W, 3) uint8 sRGB: EXIF orientation and colour profile applied, alpha over white.
    Raises:
        MediaError: The file is missing, is not a picture, is cut short, or is beyond the limits.
    """
    with open_image(source, max_side=max_side, max_pixels=max_pixels) as image:
        return to_picture(ImageOps.exif_transpose(image))


@contextmanager
def open_image(source: StrPath | bytes, *, max_side: int = MAX_SIDE, max_pixels: float = MAX_PIXELS) -> Iterator[Image.Image]:
    """An undecoded Pillow image within limits; whatever decoding raises inside the block becomes a MediaError."""
    name = source_name(source)
    if not isinstance(source, bytes):
        check_is_file(source)
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=READ_FORMATS) as image:
            check_size(name, image.height, image.width, max_side=max_side, max_pixels=max_pixels)
            yield image
    except MisoraError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaError(f"{name} is too large: {error}") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"{name} is not a picture that Misora reads; use PNG, JPEG, WebP or GIF") from error
    except (OSError, ValueError, LookupError, SyntaxError, EOFError, OverflowError, TypeError, struct.error, zlib.error) as error:
        raise MediaError(f"{name} is damaged or cut short and cannot be decoded ({error})") from error


def source_name(source: StrPath | bytes) -> str:
    """What to call ``source`` in a message; the file's name only, since folders may be private."""
    return "the picture" if isinstance(source, bytes) else Path(source).name


def check_is_file(path: StrPath) -> None:
    """Raises MediaError unless ``path`` is a file that can be opened."""
    try:
        if Path(path).is_file():
            Path(path).open("rb").close()
            return
        reason = "is a folder or a device, not a file" if Path(path).exists() else "does not exist"
    except (OSError, ValueError) as error:
        reason = f"cannot be opened ({getattr(error, 'strerror', None) or error})"
    raise MediaError(f"{path} {reason}")


def still_metadata(source: StrPath | bytes) -> dict[str, str]:
    """Title, comment and friends of a picture file."""
    with open_image(source) as image:
        return image_metadata(image)


def _check_room(image_format: str, longest_side: int, xmp_bytes: int) -> None:
    if image_format == "WEBP" and longest_side > MAX_WEBP_SIDE:
        raise InputError(f"WebP sides end at {MAX_WEBP_SIDE} pixels, got {longest_side}; use PNG", field="picture")
    if image_format == "JPEG" and xmp_bytes > MAX_JPEG_METADATA_BYTES:
        raise InputError(f"JPEG holds {MAX_JPEG_METADATA_BYTES} bytes of metadata, got {xmp_bytes}; use PNG or WebP", field="metadata")

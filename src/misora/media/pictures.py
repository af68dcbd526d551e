"""What a picture is here: uint8 sRGB (H, W, 3), upright, opaque."""

from __future__ import annotations

import io
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from misora.base.errors import InputError, MediaError

Picture = npt.NDArray[np.uint8]
"""uint8 sRGB, (H, W, 3)."""

MAX_SIDE = 16_384
MAX_PIXELS = 100_000_000


def check_picture(picture: npt.NDArray[Any], *, field: str) -> None:
    """Raises InputError unless ``picture`` is uint8 (H, W, 3) with at least one pixel."""
    if picture.ndim != 3 or picture.shape[-1] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise InputError(f"{field} must be uint8 (H, W, 3), got {picture.dtype} {picture.shape}", field=field)


def check_size(name: str, height: int, width: int, *, max_side: int = MAX_SIDE, max_pixels: float = MAX_PIXELS) -> None:
    """Raises MediaError when a file's header promises a picture beyond the limits; call it before decoding."""
    if width < 1 or height < 1:
        raise MediaError(f"{name} is {width}x{height}; a picture needs at least one pixel")
    if max(height, width) > max_side:
        raise MediaError(f"{name} is {width}x{height}; the longest side may be {max_side} pixels")
    if height * width > max_pixels:
        raise MediaError(f"{name} is {width}x{height}, {height * width / 1e6:.1f} megapixels; the limit is {max_pixels / 1e6:g}")


def to_picture(image: Image.Image) -> Picture:
    """Any Pillow image as (H, W, 3) sRGB: alpha over white, colour profile applied, 16-bit greys scaled down."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).clip(0, 65_535) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = _over_white(image)
    return np.asarray(_to_srgb(image), dtype=np.uint8)


def to_pillow(picture: Picture) -> Image.Image:
    """(H, W, 3) uint8 as a Pillow image."""
    return Image.fromarray(np.ascontiguousarray(picture))


def _over_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    flat = Image.new("RGBA", rgba.size, "white")
    flat.alpha_composite(rgba)
    opaque = flat.convert("RGB")
    opaque.info = image.info
    return opaque


def _to_srgb(image: Image.Image) -> Image.Image:
    """Applies an embedded colour profile (phones write Display P3); a profile that does not fit is ignored."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "L", "CMYK"):
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return cast(Image.Image, ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert("RGB")

"""The colour half of a grade: exposure, contrast, saturation, tones, levels. Pictures are float32 (H, W, 3), 0 to 1, sRGB-coded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from misora.media.pictures import Picture

Values = npt.NDArray[np.float32]
"""(H, W, 3) or (H, W), about 0 to 1."""

LUMA = (0.2126, 0.7152, 0.0722)
"""BT.709 weights, applied to coded values as video does."""
PIVOT = 0.45
"""What contrast turns about: a little below the middle, where faces and ground lie."""
STEPS = 1024


@dataclass(frozen=True, slots=True)
class Palette:
    """See ``Grade`` for the ranges."""

    exposure: float
    contrast: float
    saturation: float
    tones: tuple[str, ...]
    toning: float
    levels: int


class Toner:
    """Applies a palette; what can be a table is computed once."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._tones = tone_table(palette.tones) if palette.tones and palette.toning > 0 else None

    def __call__(self, values: Values) -> Values:
        """Changes ``values`` (H, W, 3) in place and returns it, within 0 to 1."""
        palette = self._palette
        if palette.exposure:
            values *= np.float32(2.0 ** (palette.exposure / 2.2))
        if palette.contrast != 1:
            values -= np.float32(PIVOT)
            values *= np.float32(palette.contrast)
            values += np.float32(PIVOT)
        np.clip(values, 0, 1, out=values)
        if palette.saturation != 1:
            grey = luma(values)[..., None]
            values -= grey
            values *= np.float32(palette.saturation)
            values += grey
            np.clip(values, 0, 1, out=values)
        if self._tones is not None:
            toned = self._tones[(luma(values) * (STEPS - 1) + 0.5).astype(np.int32)]
            values += np.float32(palette.toning) * (toned - values)
        return posterised(values, palette.levels) if palette.levels else values


def luma(values: Values) -> Values:
    """Brightness (H, W) of (H, W, 3)."""
    red, green, blue = (np.float32(weight) for weight in LUMA)
    brightness: Values = values[..., 0] * red + values[..., 1] * green + values[..., 2] * blue
    return brightness


def tone_table(tones: Sequence[str]) -> Values:
    """(STEPS, 3): the colour for each brightness, evenly between ``tones`` from dark to bright."""
    stops = np.array([[int(tone[at : at + 2], 16) / 255 for at in (1, 3, 5)] for tone in tones])
    places = np.linspace(0, 1, len(tones))
    ramp = np.linspace(0, 1, STEPS)
    return np.stack([np.interp(ramp, places, stops[:, channel]) for channel in range(3)], axis=1).astype(np.float32)


def posterised(values: Values, levels: int) -> Values:
    """``values`` rounded to ``levels`` even steps in each channel."""
    steps = np.float32(levels - 1)
    rounded: Values = np.rint(values * steps) / steps
    return rounded


def tones_of(pictures: Sequence[Picture], count: int = 5) -> tuple[str, ...]:
    """Colours of ``pictures`` from dark to bright: the mean colour of each of ``count`` equal shares by brightness.

    Darkest and brightest are kept apart by their own means only, so a flat picture gives nearly equal colours.
    """
    picked = [picture.reshape(-1, 3)[:: max(1, picture.size // 60_000)] for picture in pictures]
    pixels: Values = np.concatenate(picked).astype(np.float32) / np.float32(255)
    order = np.argsort(luma(pixels[None])[0], kind="stable")
    means = [pixels[part].mean(axis=0) for part in np.array_split(order, count) if len(part)]
    return tuple("#" + "".join(f"{round(float(value) * 255):02x}" for value in mean) for mean in means)

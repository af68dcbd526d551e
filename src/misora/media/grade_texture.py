"""The texture half of a grade: blur, relief, glow, paper, grain, dust, vignette, flicker, weave.

Every random draw is a function of (seed, picture number), so pictures can be graded in any order. Pictures are float32 (H, W, 3), 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from misora.media.grade_colour import Values, luma
from misora.media.pictures import Picture, to_pillow

PAPER_DRAW = 2**63
"""Number of the draw that belongs to the clip, not to a picture."""
GLOW_ABOVE = 0.6
"""Brightness from which a part shines."""
SHRINK = 8
"""The glow is blurred on a picture this many times smaller."""


@dataclass(frozen=True, slots=True)
class TextureSettings:
    """See ``Grade``; lengths are already in pixels of the picture at hand."""

    smooth: float
    relief: float
    glow: float
    paper: float
    grain: float
    grain_size: float
    dust: float
    vignette: float
    flicker: float
    weave: float


class Texture:
    """Applies textures to pictures of one size."""

    def __init__(self, settings: TextureSettings, height: int, width: int, seed: int) -> None:
        self._settings = settings
        self._size = height, width
        self._seed = seed
        self._still = self._shade()

    def before(self, picture: Picture, number: int) -> Values:
        """``picture`` as values, moved, blurred and lit, before its colours are changed."""
        settings = self._settings
        if settings.weave:
            picture = self._moved(picture, number)
        if settings.smooth:
            picture = np.asarray(to_pillow(picture).filter(ImageFilter.GaussianBlur(settings.smooth)), dtype=np.uint8)
        values: Values = picture.astype(np.float32) / np.float32(255)
        return lit(values, settings.relief, self._size[0]) if settings.relief else values

    def after(self, values: Values, number: int) -> Values:
        """``values`` with light and film laid over the finished colours; changed in place."""
        settings = self._settings
        draw = self._draw(number)
        if settings.glow:
            values += np.float32(settings.glow) * shine(values)
        if self._still is not None:
            values *= self._still[..., None]
        if settings.flicker:
            values *= np.float32(2.0 ** (settings.flicker * draw.standard_normal()))
        if settings.grain:
            values += np.float32(settings.grain) * self._grain(draw)[..., None] * grain_room(values)[..., None]
        if settings.dust:
            self._lay_dust(values, draw)
        return values

    def _draw(self, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=np.array([self._seed, number], dtype=np.uint64)))

    def _shade(self) -> Values | None:
        """(H, W): what vignette and paper let through, the same for every picture; None when both are off."""
        settings = self._settings
        if not settings.vignette and not settings.paper:
            return None
        shade = np.ones(self._size, np.float32)
        if settings.vignette:
            shade *= 1 - np.float32(settings.vignette) * corner_distance(*self._size) ** 2
        if settings.paper:
            shade *= 1 - np.float32(settings.paper) * fibres(self._size, self._draw(PAPER_DRAW))
        return shade

    def _moved(self, picture: Picture, number: int) -> Picture:
        """``picture`` shifted by whole pixels; the edge repeats where nothing is left to see."""
        down, right = (round(shift) for shift in self._draw(PAPER_DRAW + 1 + number).standard_normal(2) * self._settings.weave)
        height, width = self._size
        rows, columns = (np.arange(height) - down).clip(0, height - 1), (np.arange(width) - right).clip(0, width - 1)
        moved: Picture = picture[rows[:, None], columns]
        return moved

    def _grain(self, draw: np.random.Generator) -> Values:
        """(H, W), mean 0, standard deviation about 1."""
        height, width = self._size
        size = self._settings.grain_size
        if size <= 1:
            return draw.standard_normal((height, width), dtype=np.float32)
        coarse = draw.standard_normal((round(height / size) + 1, round(width / size) + 1), dtype=np.float32)
        return resized(coarse, height, width) * np.float32(1.5)  # interpolation averages about a third of the spread away

    def _lay_dust(self, values: Values, draw: np.random.Generator) -> None:
        """Specks, and now and then a scratch from top to bottom, dark or bright."""
        height, width = self._size
        for _ in range(draw.poisson(6 * self._settings.dust)):
            y, x = int(draw.integers(height)), int(draw.integers(width))
            tall, wide = (1 + int(draw.integers(max(2, height // 120))) for _ in range(2))
            values[y : y + tall, x : x + wide] = np.float32(draw.choice((0.05, 0.9)))
        if draw.random() < 0.3 * self._settings.dust:
            x = int(draw.integers(width))
            values[:, x : x + max(1, height // 480)] *= np.float32(0.5)


def corner_distance(height: int, width: int) -> Values:
    """(H, W): 0 in the middle, 1 in the corners."""
    down, across = (np.linspace(-1, 1, side, dtype=np.float32) ** 2 for side in (height, width))
    distance: Values = np.sqrt((down[:, None] + across) / 2)
    return distance


def fibres(size: tuple[int, int], draw: np.random.Generator) -> Values:
    """(H, W) between 0 and about 0.6: noise of three sizes, the coarse one drawn out sideways as paper is."""
    height, width = size
    total = np.zeros(size, np.float32)
    for weight, tall, wide in ((0.5, 1, 1), (0.3, 3, 9), (0.2, 40, 40)):
        noise = draw.random((max(2, height // tall), max(2, width // wide)), dtype=np.float32)
        total += np.float32(weight) * resized(noise, height, width)
    return total * np.float32(0.6)


def lit(values: Values, amount: float, height: int) -> Values:
    """``values`` with light from the upper left: edges that face it brighten, those that turn away darken."""
    reach = max(1, round(height / 160))
    shape = luma(values)
    padded = np.pad(shape, reach, mode="edge")
    slope = shape - padded[: -2 * reach, : -2 * reach]
    values += np.float32(amount) * slope.clip(-0.35, 0.35)[..., None]
    return values


def shine(values: Values) -> Values:
    """(H, W, 3): the light that bright parts cast around them, near and far."""
    height, width = values.shape[:2]
    bright: Values = ((values - GLOW_ABOVE) / (1 - GLOW_ABOVE)).clip(0, 1).astype(np.float32, copy=False)
    near = (max(1, height // SHRINK), max(1, width // SHRINK))
    far = (max(1, near[0] // 3), max(1, near[1] // 3))
    channels = [resized(bright[..., channel], *near) for channel in range(3)]
    blurred: list[Values] = [(channel + resized(resized(channel, *far), *near)) / np.float32(2) for channel in channels]
    return np.stack([resized(channel, height, width) for channel in blurred], axis=-1)


def grain_room(values: Values) -> Values:
    """(H, W): film shows its grain in the middle tones, hardly in black and white."""
    brightness = luma(values).clip(0, 1)
    room: Values = np.float32(0.3) + np.float32(2.8) * brightness * (1 - brightness)
    return room


def resized(values: Values, height: int, width: int) -> Values:
    """(h, w) to (height, width), bilinear; box-averaged when it gets smaller."""
    image = Image.fromarray(np.ascontiguousarray(values))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)

"""Training curves as a picture: faint raw points under a bold smoothed line, linear or log scale; nothing but Pillow."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from misora.base.errors import InputError
from misora.media.fonts import draw_text, fit_text, text_width
from misora.media.pictures import Picture

Points = Sequence[tuple[float, float]]

_SUPERSAMPLING = 2
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a5cc2", "#a67c00", "#4d4d4d", "#3ba7d9")
_INK, _FAINT_INK, _GRID = "#222222", "#666666", "#e4e4e4"
_TEXT, _TITLE = 13, 17
_SMOOTHED_FROM = 30
_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_TOP, _MARGIN_BOTTOM = 84, 24, 44, 58


@dataclass(frozen=True, slots=True)
class _Axis:
    """Maps values in [low, high] to pixels in [start, end], by their logarithm when ``log``."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        low, high, value = (math.log10(number) for number in (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        return _log_ticks(self.low, self.high) if self.log else _linear_ticks(self.low, self.high)


def line_plot(
    series: Mapping[str, Points], title: str, x_label: str, y_label: str, log_y: bool = False, *, height: int = 480, width: int = 800
) -> Picture:
    """Draws named curves with axes, ticks and a legend.

    Args:
        series: Name to (x, y) points; points that are not finite, or not positive when ``log_y``, are left out.
        log_y: Logarithmic y axis.
        height, width: Pixels, at least 240 x 320.
    Returns:
        (height, width, 3) uint8.
    """
    if height < 240 or width < 320:
        raise InputError(f"plot of {width}x{height} is too small to read; nearest: {max(width, 320)}x{max(height, 240)}", field="size")
    curves = {name: _drawable(points, log_y) for name, points in series.items()}
    x_axis, y_axis = _axes(list(curves.values()), log_y, height, width)
    sheet = _draw_lines(curves, x_axis, y_axis, height, width)
    draw = ImageDraw.Draw(sheet)
    _draw_axis_text(draw, x_axis, y_axis, height)
    _draw_titles(sheet, title, x_label, y_label)
    _draw_legend(draw, curves, x_axis)
    if not any(map(len, curves.values())):
        draw_text(draw, (width / 2, height / 2), "no points to show", _TITLE, fill=_FAINT_INK, anchor="mm")
    return np.asarray(sheet, dtype=np.uint8)


def smooth(values: Sequence[float]) -> list[float]:
    """Exponential mean over about a thirtieth of the points, without bias toward zero at the start."""
    decay = math.exp(-_SMOOTHED_FROM / max(len(values), 1))
    mean, weight, smoothed = 0.0, 0.0, []
    for value in values:
        mean, weight = decay * mean + (1 - decay) * value, decay * weight + (1 - decay)
        smoothed.append(mean / weight)
    return smoothed


def _drawable(points: Points, log_y: bool) -> list[tuple[float, float]]:
    finite = [(float(x), float(y)) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    return sorted(point for point in finite if not log_y or point[1] > 0)


def _axes(curves: list[list[tuple[float, float]]], log_y: bool, height: int, width: int) -> tuple[_Axis, _Axis]:
    xs = [x for curve in curves for x, _ in curve] or [0.0, 1.0]
    ys = [y for curve in curves for _, y in curve] or [1.0, 10.0]
    y_low, y_high = _widened(min(ys), max(ys), log_y)
    x_low, x_high = (min(xs), max(xs)) if max(xs) > min(xs) else (min(xs) - 0.5, max(xs) + 0.5)
    x_axis = _Axis(x_low, x_high, _MARGIN_LEFT, width - _MARGIN_RIGHT)
    return x_axis, _Axis(y_low, y_high, height - _MARGIN_BOTTOM, _MARGIN_TOP, log_y)


def _widened(low: float, high: float, log: bool) -> tuple[float, float]:
    """A little room above and below, and never an empty range."""
    if log:
        factor = max(10 ** ((math.log10(high) - math.log10(low)) * 0.05), 1.1)
        return max(low / factor, sys.float_info.min), min(high * factor, sys.float_info.max)
    room = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def _draw_lines(curves: Mapping[str, list[tuple[float, float]]], x_axis: _Axis, y_axis: _Axis, height: int, width: int) -> Image.Image:
    """Grid and curves, drawn large and reduced: Pillow's lines have no smooth edges of their own."""
    big = Image.new("RGB", (width * _SUPERSAMPLING, height * _SUPERSAMPLING), "white")
    draw = ImageDraw.Draw(big)
    _draw_grid(draw, x_axis, y_axis)
    pixels = [[(x_axis.at(x) * _SUPERSAMPLING, y_axis.at(y) * _SUPERSAMPLING) for x, y in curve] for curve in curves.values()]
    smoothed = [[(x_axis.at(x) * _SUPERSAMPLING, y_axis.at(y) * _SUPERSAMPLING) for x, y in _smoothed(curve)] for curve in curves.values()]
    for index, points in enumerate(pixels):
        _draw_points(draw, points, _colour(index))
    for index, points in enumerate(smoothed):
        draw.line(points, fill=_colour(index), width=2 * _SUPERSAMPLING, joint="curve")
    return big.resize((width, height), Image.Resampling.LANCZOS)


def _draw_grid(draw: ImageDraw.ImageDraw, x_axis: _Axis, y_axis: _Axis) -> None:
    left, right, bottom, top = (edge * _SUPERSAMPLING for edge in (x_axis.start, x_axis.end, y_axis.start, y_axis.end))
    for x in x_axis.ticks():
        draw.line([(x_axis.at(x) * _SUPERSAMPLING, top), (x_axis.at(x) * _SUPERSAMPLING, bottom)], fill=_GRID, width=_SUPERSAMPLING)
    for y in y_axis.ticks():
        draw.line([(left, y_axis.at(y) * _SUPERSAMPLING), (right, y_axis.at(y) * _SUPERSAMPLING)], fill=_GRID, width=_SUPERSAMPLING)
    draw.line([(left, top), (left, bottom), (right, bottom)], fill=_INK, width=_SUPERSAMPLING)


def _smoothed(curve: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The line to draw: the curve itself while its points can be told apart, its running mean beyond."""
    if len(curve) < _SMOOTHED_FROM:
        return curve
    return list(zip([x for x, _ in curve], smooth([y for _, y in curve]), strict=True))


def _draw_points(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: str) -> None:
    """A lone point boldly, many faintly, a few not at all: there the line goes through each."""
    if 1 < len(points) < _SMOOTHED_FROM:
        return
    radius, fill = (3 * _SUPERSAMPLING, colour) if len(points) == 1 else (_SUPERSAMPLING, _faint(colour))
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _draw_axis_text(draw: ImageDraw.ImageDraw, x_axis: _Axis, y_axis: _Axis, height: int) -> None:
    for x in x_axis.ticks():
        draw_text(draw, (x_axis.at(x), height - _MARGIN_BOTTOM + 6), _number(x), _TEXT, fill=_FAINT_INK, anchor="ma")
    for y in y_axis.ticks():
        draw_text(draw, (_MARGIN_LEFT - 7, y_axis.at(y)), _number(y), _TEXT, fill=_FAINT_INK, anchor="rm")


def _draw_titles(sheet: Image.Image, title: str, x_label: str, y_label: str) -> None:
    draw = ImageDraw.Draw(sheet)
    line, font = fit_text(title, _TITLE, sheet.width - 2 * _MARGIN_RIGHT)
    draw.text((sheet.width / 2, _MARGIN_TOP / 2), line, fill=_INK, font=font, anchor="mm")
    draw_text(draw, ((_MARGIN_LEFT + sheet.width - _MARGIN_RIGHT) / 2, sheet.height - 16), x_label, _TEXT, fill=_INK, anchor="mm")
    upright = Image.new("RGB", (sheet.height - _MARGIN_TOP - _MARGIN_BOTTOM, 20), "white")
    draw_text(ImageDraw.Draw(upright), (upright.width / 2, 10), y_label, _TEXT, fill=_INK, anchor="mm")
    sheet.paste(upright.rotate(90, expand=True), (6, _MARGIN_TOP))


def _draw_legend(draw: ImageDraw.ImageDraw, curves: Mapping[str, list[tuple[float, float]]], x_axis: _Axis) -> None:
    """Names on the side where the curves are low: left when they rise, right when they fall."""
    if not curves:
        return
    names, top = list(curves), _MARGIN_TOP + 8
    rising = sum(curve[-1][1] > curve[0][1] for curve in curves.values() if curve) * 2 > len(curves)
    inner = max(text_width(name, _TEXT) for name in names)
    left = x_axis.start + 10 if rising else x_axis.end - inner - 50
    right = left + inner + 40
    draw.rounded_rectangle((left, top, right, top + 19 * len(names) + 7), 4, fill="white", outline=_GRID)
    for index, name in enumerate(names):
        y = top + 13 + 19 * index
        draw.line([(left + 8, y), (left + 26, y)], fill=_colour(index), width=3)
        draw_text(draw, (left + 32, y), name, _TEXT, fill=_INK, anchor="lm")


def _linear_ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within [low, high]."""
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten, with 2 and 5 between when there are few; linear ticks when even those are few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    stride = max(1, len(decades) // 8)
    for digits in ((1,), (1, 2, 5)):
        ticks = [digit * 10.0**decade for decade in decades[::stride] for digit in digits if low <= digit * 10.0**decade <= high]
        if len(ticks) >= 4:
            return ticks
    return _linear_ticks(low, high)


def _number(value: float) -> str:
    """Short text of a tick: 0.0005, 250, 40k, 1.5M, 1e-07."""
    for unit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if unit <= abs(value) < 1e12:
            return f"{value / (1e3 if suffix == 'k' else unit):.4g}{suffix}"
    return f"{value:.4g}" if abs(value) > 1e-12 else "0"


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]


def _faint(colour: str) -> str:
    """The colour mixed with three parts of white."""
    channels = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{(channel + 3 * 255) // 4:02x}" for channel in channels)

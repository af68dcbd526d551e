"""Text for pictures: a font that has every letter, or else the letters spelled as escapes; never an error, never empty boxes."""

from __future__ import annotations

import os
from bisect import bisect
from functools import cache, lru_cache
from math import ceil
from pathlib import Path

from PIL import ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
_WIDE_FONTS = ("notosanscjk", "notosanssc", "sourcehansans", "wqy", "droidsansfallback", "pingfang", "msyh", "simhei", "dejavusans.")
_SUFFIXES = (".ttf", ".ttc", ".otf")
_UNASSIGNED = "\uffff"


@lru_cache(maxsize=1024)
def fit_text(text: str, size: int, max_width: int | None = None) -> tuple[str, Font]:
    """``text`` as it can be drawn, on one line within ``max_width`` pixels, and the font to draw it with."""
    line = " ".join(text.split())
    font = next((font for font in _fonts(size) if _has_letters(font, line)), None)
    if font is None:
        line, font = line.encode("ascii", "backslashreplace").decode(), _fonts(size)[0]
    return (line if max_width is None else _shorten(line, font, max_width)), font


def draw_text(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, *, fill: str = "black", anchor: str = "la") -> None:
    """Draws one line of any script."""
    line, font = fit_text(text, size)
    draw.text(at, line, fill=fill, font=font, anchor=anchor)


def text_width(text: str, size: int) -> float:
    """Pixels across one line of ``text``."""
    line, font = fit_text(text, size)
    return font.getlength(line)


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    """Pillow's own font first, then whatever wide-coverage fonts this machine has."""
    found: list[Font] = [ImageFont.load_default(size)]
    for path in _font_files():
        try:
            found.append(ImageFont.truetype(path, size))
        except (OSError, ValueError):
            continue
    return tuple(found)


@cache
def _font_files() -> tuple[str, ...]:
    files = (
        os.path.join(folder, name)
        for root in _FOLDERS
        for folder, _, names in os.walk(Path(root).expanduser())
        for name in names
        if name.lower().endswith(_SUFFIXES)
    )
    return tuple(sorted((file for file in files if _rank(file) < len(_WIDE_FONTS)), key=lambda file: (_rank(file), file))[:8])


def _rank(file: str) -> int:
    """Place of a font file in the list of fonts with many letters; its length for any other."""
    name = os.path.basename(file).lower().replace("-", "")
    return next((rank for rank, word in enumerate(_WIDE_FONTS) if word in name), len(_WIDE_FONTS))


def _has_letters(font: Font, text: str) -> bool:
    """Whether every letter draws as something other than the box for letters that a font lacks."""
    if text.isascii():
        return True
    box = bytes(font.getmask(_UNASSIGNED))
    return all(bytes(font.getmask(letter)) != box for letter in set(text) if not letter.isascii())


def _shorten(line: str, font: Font, max_width: int) -> str:
    if font.getlength(line) <= max_width:
        return line
    fitting = bisect(range(len(line)), max_width, key=lambda kept: ceil(font.getlength(line[:kept] + "...")))
    return line[: max(0, fitting - 1)] + "..."

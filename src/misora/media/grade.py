"""A grade: a look laid over finished frames, picture by picture, in constant memory.

A grade never invents what is seen; it changes colour, grain, edges and the rhythm of pictures. The same frames, grade and seed give
the same bytes, however the frames are cut into pieces. Lengths are for a picture 480 pixels high and grow with it. Knows no preset.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.media.grade_colour import Palette, Toner
from misora.media.grade_texture import Texture, TextureSettings
from misora.media.pictures import Picture

#: (lowest, highest) of every number of a grade.
RANGES: dict[str, tuple[float, float]] = {
    "exposure": (-3, 3), "contrast": (0, 4), "saturation": (0, 4), "toning": (0, 1), "levels": (0, 64), "smooth": (0, 12), "relief": (0, 2),
    "glow": (0, 2), "paper": (0, 1), "grain": (0, 0.5), "grain_size": (1, 8), "dust": (0, 1), "vignette": (0, 1), "flicker": (0, 0.5),
    "weave": (0, 8), "rate": (0, 60),
}  # fmt: skip
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
MAX_TONES = 8


@dataclass(frozen=True, slots=True)
class Grade:
    """Every field's default changes nothing.

    Args:
        exposure: Stops, -3 to 3.
        contrast, saturation: Factors, 0 to 4; 1 is as it was.
        tones: "#rrggbb" from dark to bright: the colours that brightness is mapped to.
        toning: How much ``tones`` replaces the picture's own colour, 0 to 1.
        levels: Steps of each colour channel, 2 to 64; 0 is all of them.
        smooth: Radius of a blur before everything else, pixels, 0 to 12: flat areas for paper and rubber.
        relief: Light from the upper left along contours, 0 to 2.
        glow: How much bright parts shine over their surroundings, 0 to 2.
        paper: Strength of a fibre texture that stands still, 0 to 1.
        grain: Standard deviation of film grain, 0 to 0.5 of the full range; ``grain_size`` is its side, pixels.
        dust: Specks and scratches, 0 to 1.
        vignette: How much corners darken, 0 to 1.
        flicker: Standard deviation of exposure from picture to picture, stops.
        weave: Standard deviation of the picture's position, pixels.
        rate: Pictures a second, each held until the next; 0 is every frame its own.
    """

    exposure: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0
    tones: tuple[str, ...] = ()
    toning: float = 0.0
    levels: int = 0
    smooth: float = 0.0
    relief: float = 0.0
    glow: float = 0.0
    paper: float = 0.0
    grain: float = 0.0
    grain_size: float = 1.0
    dust: float = 0.0
    vignette: float = 0.0
    flicker: float = 0.0
    weave: float = 0.0
    rate: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                nearest = f"; nearest: {min(max(value, low), high):g}" if isinstance(value, (int, float)) and value == value else ""
                raise InputError(f"grade.{name}={value!r} is not a number from {low:g} to {high:g}{nearest}", field=f"grade.{name}")
        if self.levels == 1 or self.levels != int(self.levels):
            raise InputError(f"grade.levels={self.levels:g} is not 0 or a whole number from 2 to 64; nearest: 2", field="grade.levels")
        if len(self.tones) > MAX_TONES or len(self.tones) == 1 or not all(COLOUR.fullmatch(tone) for tone in self.tones):
            raise InputError(
                f"grade.tones={','.join(map(str, self.tones))!r}: give 2 to {MAX_TONES} colours such as #1a2b3c, dark to bright, or none",
                field="grade.tones",
            )

    @property
    def is_neutral(self) -> bool:
        """Whether it leaves every frame as it is."""
        return not self.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """Plain data: only what differs from the default."""
        fields = {field.name: (getattr(self, field.name), field.default) for field in dataclasses.fields(self)}
        return {name: list(value) if name == "tones" else value for name, (value, default) in fields.items() if value != default}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Grade:
        """Raises InputError naming the first field that is unknown or out of range."""
        known = {field.name for field in dataclasses.fields(Grade)}
        for name in data:
            if name not in known:
                raise InputError(f"grade.{name} is not known; choose from {', '.join(sorted(known))}", field=f"grade.{name}")
        tones = data.get("tones", ())
        if not isinstance(tones, (list, tuple)) or not all(isinstance(tone, str) for tone in tones):
            raise InputError(f"grade.tones={tones!r} is not a list of colours such as #1a2b3c", field="grade.tones")
        return Grade(**{**data, "tones": tuple(tones)})


NEUTRAL = Grade()


def grade_frames(pieces: Iterable[Frames], grade: Grade, *, fps: float, seed: int) -> Iterator[Frames]:
    """Frames (n, H, W, 3) with ``grade`` laid over them; the pieces keep their sizes.

    Args:
        pieces: uint8 sRGB, all of one height and width.
        fps: Rate of the frames; only ``grade.rate`` looks at it.
        seed: Of grain, dust, paper, flicker and weave, 0 to 2**63 - 1.
    """
    grader: Grader | None = None
    for piece in pieces:
        if grade.is_neutral or not len(piece):
            yield piece
            continue
        grader = grader or Grader(grade, piece.shape[1], piece.shape[2], fps, seed)
        yield np.stack([grader.next(picture) for picture in piece])


class Grader:
    """A grade made ready for one size; takes pictures in order."""

    def __init__(self, grade: Grade, height: int, width: int, fps: float, seed: int) -> None:
        scale = height / 480
        palette = Palette(grade.exposure, grade.contrast, grade.saturation, grade.tones, grade.toning, grade.levels)
        settings = TextureSettings(
            smooth=grade.smooth * scale, relief=grade.relief, glow=grade.glow, paper=grade.paper, grain=grade.grain,
            grain_size=max(1.0, grade.grain_size * scale), dust=grade.dust, vignette=grade.vignette, flicker=grade.flicker,
            weave=grade.weave * scale,
        )  # fmt: skip
        self._toner = Toner(palette)
        self._texture = Texture(settings, height, width, seed)
        self._pictures_per_frame = grade.rate / fps if 0 < grade.rate < fps else 1.0
        self._index = 0
        self._held: tuple[int, Picture] | None = None

    def next(self, picture: Picture) -> Picture:
        """The graded form of the next frame (H, W, 3)."""
        number = int(self._index * self._pictures_per_frame + 1e-9)
        self._index += 1
        if self._held is None or self._held[0] != number:
            values = self._texture.before(picture, number)
            values = self._texture.after(self._toner(values), number)
            self._held = number, (values * 255 + 0.5).clip(0, 255).astype(np.uint8)
        return self._held[1]

"""A plan in the making: which latent frames are known, and windows of the others filled by the planner.

A window goes on from the end of the one before. Whoever has left the picture when a new caption begins has nothing to go on from: they are
planned as if the clip began there, and come back as tall as they went.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from misora.base.layout import BOX, GROUND, HEIGHT, MOMENTS, Layout, X, Y, moments_of
from misora.base.shapes import TIME_STRIDE, LatentShape
from misora.diffusion.flow import add_noise
from misora.diffusion.samplers import sample_euler
from misora.diffusion.schedules import for_frames, shifted
from misora.models.planner import NUMBERS, SCALES, Planner, frame_numbers, from_values, to_values, who_values
from misora.models.text_encoder.model import EncodedText
from misora.models.transformer.carry import STAYS
from misora.models.transformer.layouts import Layouts, stack_layouts
from misora.pipelines.pace import Pace
from misora.pipelines.told import HIDDEN
from misora.pipelines.windows import Window
from misora.world.captions import MIN_RATIO

STEPS = 16
MAX_WINDOW = 31
"""Latent frames that are planned at once: ten seconds at 24 frames a second."""
OVERLAP = 8
LEAST_SECONDS = 1.0
ATTEMPTS = 12
"""Plans from which one is chosen that shows what is told; of two ways that are equally likely, one in 4,000 times none is right."""
CLEAR = 0.2
"""Of a player's height, how far above the ground they still fly when they are brought into the picture."""
SHIFT = 0.25
"""Cells by which everybody is tried further left or right."""
APART = 0x9E3779B1
"""Between the seeds of two attempts, so that those of seeds that follow each other are not the same. A generator takes 32 bits."""
SALT = 0x706C616E
"""Keeps the plan's noise apart from that of the picture."""


class PlanDenoiser:
    """The planner as the samplers want it, for one window: (x, sigma) to velocity.

    Without guidance: a plan does as it is told anyway, and guided runners went a quarter further than the stage's.
    """

    def __init__(self, planner: Planner, text: EncodedText, latent: LatentShape, fps: float, numbers: range) -> None:
        """``text`` is one caption; ``numbers`` are those of the latent frames."""
        self.planner = planner
        self.text = text
        self.latent = latent
        self.fps = fps
        self.numbers = numbers

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The caption's velocity, (B, C, t, 1, P + 1)."""
        batch, count = len(x), len(self.numbers)
        seconds = max((TIME_STRIDE * (count - 1) + 1) / self.fps, LEAST_SECONDS)
        frame = torch.tensor(frame_numbers(self.latent.height, self.latent.width, seconds), device=x.device)
        numbers = torch.tensor(self.numbers, device=x.device)
        velocity: Tensor = self.planner(
            x,
            sigma.expand(batch, -1),
            EncodedText(*(values.expand(batch, *values.shape[1:]) for values in self.text)),
            frame.expand(batch, -1),
            torch.full((batch,), self.fps, device=x.device),
            numbers.expand(batch, -1),
        )
        return velocity


class Draft:
    """A clip's plan as far as it is made.

    Args:
        goes_on, seed: As of ``plan``.
    Attributes:
        values: (B, C, t, 1, P + 1), one plan but while several are compared; noise where nothing is planned yet.
        known: How firmly each latent frame is, (t,).
    """

    def __init__(self, planner: Planner, latent: LatentShape, fps: float, goes_on: bool, seed: int) -> None:
        self.planner, self.latent, self.fps, self.goes_on, self.seed = planner, latent, fps, goes_on, seed
        self.values = self.noise(0)
        self.known = torch.zeros(latent.num_frames, device=self.values.device)

    def noise(self, attempt: int) -> Tensor:
        """What attempt number ``attempt`` begins with, (1, C, t, 1, P + 1); a longer clip begins with the same."""
        generator = torch.Generator("cpu").manual_seed(((self.seed ^ SALT) + APART * attempt) % 2**32)
        size = (1, self.planner.config.channels, 1, self.planner.config.slots + 1)
        frames = [torch.randn(size, generator=generator) for _ in range(self.latent.num_frames)]
        return torch.stack(frames, dim=2).to(self.planner.frame.weight.device)

    def cast(self, here: Window, who: Tensor) -> None:
        """Puts ``who`` (P,) into the slots of the latent frames of ``here``."""
        self.values[:, NUMBERS:, here.start : here.stop] = 0
        self.values[:, NUMBERS:, here.start : here.stop, 0, :-1] = who_values(who, self.planner.config.classes).T[:, None]

    def know(self, first: int, layout: Layout, firm: Tensor) -> None:
        """Takes what is read of the latent frames from ``first`` on, as ``firm`` (n,) as it is known."""
        here = slice(first, first + len(layout))
        seen = to_values(stack_layouts([layout], [True]), self.planner.config.classes).to(self.values)
        self.values[:, :NUMBERS, here] = add_noise(seen[:, :NUMBERS], self.values[:, :NUMBERS, here], 1 - firm.unsqueeze(0))
        self.known[here] = firm

    def fill_clearly(self, fill: Callable[[], None], here: Window, clear: Callable[[Tensor], float]) -> None:
        """``fill`` with several noises at once; the first plan stays of which ``clear`` says 1, or that of which it says most.

        Args:
            clear: Of the boxes (t, P, 3, 5) of ``here``.
        """
        part = slice(here.start, here.stop)
        self.values = self.values.repeat(ATTEMPTS, 1, 1, 1, 1)
        self.values[:, :NUMBERS, part] = torch.cat([self.noise(attempt) for attempt in range(ATTEMPTS)])[:, :NUMBERS, part]
        fill()
        found = [min(clear(boxes), 1.0) for boxes in from_values(self.values[:, :, part]).boxes]
        best = found.index(max(found))
        self.values = self.values[best : best + 1]

    def fill(self, text: EncodedText, here: Window, begun: int, away: Sequence[int] = ()) -> None:
        """Plans the latent frames of ``here`` by ``text``, going on from those since ``begun``.

        Whoever is ``away`` has no place to go on from: theirs is planned as of a clip that begins here, and they come back as tall as they
        went, on the ground that they left.
        """
        if not away:
            self._sample(text, here, begun)
            return
        free, known = self.values.clone(), self.known.clone()
        self._sample(text, here, begun)
        going_on, self.values, self.known = self.values, free, known
        self._sample(text, here, here.start, first_number=0)
        part = slice(here.start, here.stop)
        for slot in away:
            last = going_on[:, :NUMBERS, here.start - 1, :, slot]
            going_on[:, :NUMBERS, part, :, slot] = as_tall(self.values[:, :NUMBERS, part, :, slot], last)
        self.values = going_on

    def enlarge(self, here: Window, first: int, second: int) -> None:
        """Has the player in slot ``first`` be ``MIN_RATIO`` times as tall as that in ``second``: one grows as much as the other shrinks."""
        part = slice(here.start, here.stop)
        heights = from_values(self.values[:, :, part]).boxes[..., HEIGHT].median(dim=3).values.median(dim=1).values[0]
        missing = math.log2(MIN_RATIO * float(heights[second] / heights[first]))
        if missing > 0:
            for slot, share in ((first, missing / 2), (second, -missing / 2)):
                self.values[:, :NUMBERS, part, :, slot] = resized(self.values[:, :NUMBERS, part, :, slot], share * SCALES[HEIGHT])

    def part(self, here: Window, first: int, second: int, *, throughout: bool) -> None:
        """Has the player in slot ``first`` be so far left of that in ``second``, at first or ``throughout``, that neither hides the other.

        One moves as far as the other, and both no further than a quarter of the picture: somebody who passes by is not pushed out of it.
        """
        part = slice(here.start, here.stop)
        boxes = from_values(self.values[:, :, part]).boxes[0]
        one, other = boxes[:, first], boxes[:, second]
        missing = HIDDEN * (one[..., HEIGHT] + other[..., HEIGHT]) / 2 - (other[..., X] - one[..., X])
        way = float(missing.amax() if throughout else missing[0, 0])
        if 0 < way <= self.latent.width / 2:
            for slot, side in ((first, -way / 2), (second, way / 2)):
                self.values[:, X:NUMBERS:BOX, part, :, slot] += side * SCALES[X]

    def pace(self, here: Window, slot: int, pace: Pace) -> None:
        """Has the player in ``slot`` go from where they begin to where they end as ``pace`` says; nothing happens if the camera moves."""
        part = slice(here.start, here.stop)
        camera = from_values(self.values[:, :, part]).camera[0].float().abs()
        if bool((camera > camera.new_tensor(STAYS)).any()):
            return
        numbers = range(here.first_number, here.first_number + len(here))
        pictures = torch.tensor([moments_of(number) for number in numbers], device=camera.device).T
        time = (pictures - pictures[0, 0]) / max(int(pictures[-1, -1] - pictures[0, 0]), 1)
        across = self.values[:, X:NUMBERS:BOX, part, :, slot]
        begin, end = across[:, :1, :1], across[:, -1:, -1:]
        self.values[:, X:NUMBERS:BOX, part, :, slot] = begin + (end - begin) * pace(time).to(across)[:, :, None]

    def lower(self, here: Window) -> None:
        """Has whoever flies with the head out of the picture fly lower, until it is seen or ``CLEAR`` of the height is beneath them."""
        part = slice(here.start, here.stop)
        boxes = from_values(self.values[:, :, part]).boxes[0]
        for slot, box in enumerate(boxes.transpose(0, 1).flatten(1, 2)):
            half = box[:, HEIGHT] / 2
            cut = half - box[:, Y] - self.latent.height / 2
            beneath = box[:, GROUND] - box[:, Y] - half
            way = float(torch.minimum(cut, beneath - CLEAR * box[:, HEIGHT]).amin())
            if way > 0:
                self.values[:, Y:NUMBERS:BOX, part, :, slot] += way * SCALES[Y]

    def shift(self, here: Window, in_view: Callable[[Tensor], float]) -> None:
        """Moves everybody across the picture, one as far as the other and no further than it takes until ``in_view`` says most.

        Args:
            in_view: Of boxes (t, P, 3, 5). Those of the first window, so that a longer clip begins alike.
        """
        boxes = from_values(self.values[:, :, here.start : min(here.stop, here.start + MAX_WINDOW)]).boxes[0]
        furthest = int(self.latent.width / 2 / SHIFT)
        ways = sorted((SHIFT * step for step in range(-furthest, furthest + 1)), key=abs)
        across = torch.eye(BOX, device=boxes.device, dtype=boxes.dtype)[X]
        way = max(ways, key=lambda way: in_view(boxes + way * across))
        there = (boxes[0, :, 0, HEIGHT] > 0).to(self.values)
        self.values[:, X:NUMBERS:BOX, here.start : here.stop, :, :-1] += way * SCALES[X] * there

    def follow(self, here: Window, begun: int, known: int) -> None:
        """Has whoever goes least far stay where they are across the picture, once ``known`` frames are over: the camera follows them.

        Planned window by window, they would be left behind in the end.
        """
        anchor = max(here.start + known - 1, begun)
        boxes = from_values(self.values[:, :, anchor : here.stop]).boxes[0]
        travel = boxes[..., X].amax((0, 2)) - boxes[..., X].amin((0, 2))
        slot = int(travel.masked_fill(boxes[..., HEIGHT].amax((0, 2)) == 0, torch.inf).argmin())
        rest = slice(here.start + known, here.stop)
        self.values[:, X:NUMBERS:BOX, rest, :, slot] = self.values[:, NUMBERS - BOX + X, anchor, :, slot][:, None, None]

    def camera_told(self, text: EncodedText, here: Window) -> npt.NDArray[np.float32]:
        """How fast the camera would go in the first latent frame of ``here`` if nothing was known but ``text``, (1, 2)."""
        values, known = self.values.clone(), self.known.clone()
        self._sample(text, here, here.start)
        told: npt.NDArray[np.float32] = from_values(self.values[:, :, here.start : here.start + 1]).camera[0].float().cpu().numpy()
        self.values, self.known = values, known
        return told

    def away(self, start: int) -> list[int]:
        """The slots of those who are out of the picture when latent frame ``start`` begins."""
        boxes = from_values(self.values[:, :, start - 1 : start]).boxes[0, 0, :, -1]
        reach = boxes[:, HEIGHT] / 2
        beside, above = boxes[:, X].abs() - reach > self.latent.width / 2, boxes[:, Y].abs() - reach > self.latent.height / 2
        return torch.nonzero(beside | above).flatten().tolist()

    def layouts(self, stretches: Sequence[int]) -> Layouts:
        """What is planned; in each of ``stretches``, so many latent frames long, a slot is one character's."""
        parts = [from_values(values) for values in self.values.split(list(stretches), dim=2)]
        return Layouts(*(torch.cat(several, dim=1) for several in zip(*parts, strict=True)))

    def _sample(self, text: EncodedText, here: Window, begun: int, first_number: int | None = None) -> None:
        """Windows over ``here``; ``first_number`` is that of latent frame ``begun``, None what its window says."""
        done = here.start
        while done < here.stop:
            first = max(begun, done - OVERLAP)
            stop = min(first + MAX_WINDOW, here.stop)
            window = Window(first, stop, done, stop, self.goes_on)
            number = window.first_number if first_number is None or first > begun else first_number
            network = PlanDenoiser(self.planner, text, self.latent, self.fps, range(number, number + len(window)))
            sigmas = for_frames(shifted(STEPS).to(self.values), self.known[first:stop].unsqueeze(0))
            self.values[:, :, first:stop] = sample_euler(network, self.values[:, :, first:stop], sigmas)
            self.known[first:stop] = 1
            done = stop


def as_tall(values: Tensor, last: Tensor) -> Tensor:
    """One player's ``values`` (1, NUMBERS, t, 1), begun as tall and on the same ground as in its ``last`` ones (1, NUMBERS, 1)."""
    moved: Tensor = values.unflatten(1, (MOMENTS, BOX)).clone()
    first, before = moved[:, 0, :, 0], last.unflatten(1, (MOMENTS, BOX))[:, -1]
    lower = before[:, GROUND] - first[:, GROUND]
    moved[:, :, GROUND] += lower
    moved[:, :, Y] += lower
    return resized(moved.flatten(1, 2), before[:, HEIGHT] - first[:, HEIGHT])


def resized(values: Tensor, taller: Tensor | float) -> Tensor:
    """One player's ``values`` (1, NUMBERS, t, 1), ``taller`` in the planner's measure of height; feet, and jumps for its size, stay."""
    moved: Tensor = values.unflatten(1, (MOMENTS, BOX)).clone()
    lift = moved[:, :, Y] - moved[:, :, GROUND]
    moved[:, :, HEIGHT] += taller
    moved[:, :, Y] = moved[:, :, GROUND] + lift * torch.as_tensor(taller / SCALES[HEIGHT]).exp2()
    return moved.flatten(1, 2)

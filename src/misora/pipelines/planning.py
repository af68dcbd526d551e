"""The layout of a canvas, planned before anything is painted.

Where latent frames are known, what they show is read first (``seen``) and the plan goes on from it, or towards it; where they are known a
little, as in a remix, so is the plan: it is changed as much as the picture is. A canvas with a mask is painted freely. Clips longer than
the planner has seen are planned in windows, each going on from the end of the one before; so is a new caption about the same characters,
while one about others begins anew, and one about somebody who has left the picture lets them come back into it. A single picture that a
clip begins with shows who is where and not how the camera goes: that is as the caption has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from misora.base.canvas import Canvas
from misora.base.layout import Layout
from misora.base.shapes import LatentShape
from misora.models.planner import Planner
from misora.models.text_encoder.model import EncodedText
from misora.models.transformer.layouts import Layouts
from misora.pipelines.draft import MAX_WINDOW, SALT, Draft
from misora.pipelines.in_view import acts_told, in_view
from misora.pipelines.pace import PACES
from misora.pipelines.told import bigger, clearness, is_followed, relations_told, sides
from misora.pipelines.windows import Window

TEMPERATURE = 0.5
"""Of who is chosen where a caption leaves it open; where it does not, that changes nothing."""


def can_be_planned(canvas: Canvas) -> bool:
    """Whether no picture of ``canvas`` is known in some parts more than in others."""
    return canvas.planned and all(pin.mask is None for pin in canvas.pins)


def is_known_in_part(canvas: Canvas) -> bool:
    """Whether there is anything on ``canvas`` to read."""
    return canvas.past is not None or any(any(pin.strengths) for pin in canvas.pins)


Reader = Callable[[Sequence[int], range], Mapping[int, Layout]]
"""(class of each slot, latent frames) to what is known of those latent frames, by the first of each run."""


class Stretch(NamedTuple):
    """Latent frames that one caption holds for."""

    caption: str
    frames: int


def stretches_of(captions: Sequence[str]) -> list[Stretch]:
    """Runs of one caption among those of all latent frames."""
    return [Stretch(caption, len(list(run))) for caption, run in groupby(captions)]


@torch.no_grad()
def plan(
    planner: Planner,
    captions: Sequence[str],
    latent: LatentShape,
    fps: float,
    seed: int,
    *,
    read: Reader | None = None,
    firmness: Tensor | None = None,
    goes_on: bool = False,
) -> Layouts:
    """A layout for every latent frame.

    Args:
        captions: Of each latent frame, as the transformer gets them.
        latent: The grid.
        seed: The same seed plans the same layout, and a longer clip begins with the same noise.
        read: Says where the characters of some classes are in the latent frames of which something is known.
        firmness: How firmly each latent frame is known, (t,), where it is read; None is wholly.
        goes_on: Whether even the first latent frame stands for eight pictures.
    Raises:
        Stranger: What is known shows others.
    """
    draft = Draft(planner, latent, fps, goes_on, seed)
    firmness = torch.ones_like(draft.known) if firmness is None else firmness.to(draft.known)
    begun, start, who = 0, 0, torch.full((planner.config.slots,), -1, device=draft.values.device)
    for caption, frames in stretches_of(captions):
        text = planner.text_encoder.encode([caption])
        before, who = who, choose_cast(planner, text, seed)
        here = Window(start, start + frames, start, start + frames, goes_on)
        draft.cast(here, who)
        for first, layout in (read(who.tolist(), range(start, here.stop)) if read else {}).items():
            if first == 0 and len(layout) == 1 and not goes_on:
                layout = replace(layout, camera=draft.camera_told(text, here))
            draft.know(first, layout, firmness[first : first + len(layout)])
        if not torch.equal(before, who):
            begun = start
        fill = partial(draft.fill, text, here, begun, draft.away(start) if begun < start else [])
        told = relations_told(caption, who.tolist())
        known = draft.known[start : here.stop] > 0
        is_new, given = not known.any(), int(known.sum())
        if told and is_new:
            draft.fill_clearly(fill, here, partial(clearness, told, rows=latent.height))
        else:
            fill()
        if is_followed(caption) and known[:given].all() and given < frames:
            draft.follow(here, begun, given)
        is_begun = is_new and begun == start
        acts = acts_told(caption, who.tolist()) if is_begun else []
        for slot, action in acts:
            if action in PACES and frames <= MAX_WINDOW:
                draft.pace(here, slot, PACES[action])
        if is_new:
            for first, second in bigger(told):
                draft.enlarge(here, first, second)
            for kind, first, second in sides(told):
                draft.part(here, first, second, throughout=kind == "left_of")
        if is_begun:
            draft.lower(here)
            draft.shift(here, partial(in_view, acts, rows=latent.height, columns=latent.width))
        start = here.stop
    return draft.layouts([stretch.frames for stretch in stretches_of(captions)])


def choose_cast(planner: Planner, text: EncodedText, seed: int) -> Tensor:
    """Who is in each slot, (P,) int64, by ``text``; two captions that leave it open alike are given the same."""
    likely = (planner.read_cast(text)[0].float().cpu() / TEMPERATURE).softmax(-1)
    drawn: Tensor = torch.multinomial(likely, 1, generator=torch.Generator("cpu").manual_seed(seed ^ SALT)).squeeze(1)
    return drawn.to(planner.frame.weight.device)

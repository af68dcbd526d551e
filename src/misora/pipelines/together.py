"""Several videos made together: one thread each, of which one computes at a time, and one call of the network for all that wait for it.

Each video is made by the same code as alone. Where that calls the network, it waits until every other at the table calls too or has left;
then equal shapes are put through the network side by side and everybody gets their own rows. Nobody has to keep step: whoever is cancelled
leaves, and noise levels, numbers of steps and texts may differ. The network's rows do not see each other.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import Drawn, VideoTransformer
from misora.models.transformer.sketch import Sketch


class Inputs(NamedTuple):
    """What the network is called with; B rows that belong together. Shapes as in ``VideoTransformer.predict``."""

    latents: Tensor
    sigma: Tensor
    text_tokens: Tensor
    text_mask: Tensor
    text_pooled: Tensor
    fps: Tensor
    frame_index: Tensor
    layouts: Drawn | None = None


@dataclass(slots=True, eq=False)
class Call:
    """One video's call; ``answer`` or ``error`` is set once it was made."""

    network: VideoTransformer
    inputs: Inputs
    answer: Tensor | None = None
    error: BaseException | None = None


class Place(threading.local):
    """The table at which this thread sits; None when it makes its video alone."""

    table: Table | None = None


PLACE = Place()


class Table:
    """Where ``seats`` threads make their videos together. All seats count from the start; one is free when its thread has left it."""

    def __init__(self, seats: int) -> None:
        self._turn = threading.Condition()
        self._seats = seats
        self._waiting: list[Call] = []

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Work of this thread, which has the turn except where it waits for the network."""
        with self._turn:
            PLACE.table = self
            try:
                yield
            finally:
                PLACE.table = None
                self._seats -= 1
                self._turn.notify_all()

    def call(self, call: Call) -> Tensor:
        """Waits for the others, then for the answer; the last to come computes for all."""
        self._waiting.append(call)
        while call.answer is None and call.error is None:
            if len(self._waiting) < self._seats:
                self._turn.wait()
                continue
            calls, self._waiting = self._waiting, []
            answer_all(calls)
            self._turn.notify_all()
        if call.error is not None:
            raise call.error
        assert call.answer is not None
        return call.answer


def evaluate(network: VideoTransformer, inputs: Inputs) -> Tensor:
    """The velocity (B, C, t, h, w), together with whoever sits at this thread's table."""
    if PLACE.table is None:
        return run(network, inputs)
    return PLACE.table.call(Call(network, inputs))


def run(network: VideoTransformer, inputs: Inputs) -> Tensor:
    velocity: Tensor = network(*inputs[:6], frame_index=inputs.frame_index, layouts=inputs.layouts)
    return velocity


def answer_all(calls: Sequence[Call]) -> None:
    """Equal shapes together; what goes wrong is the error of all whose call it was."""
    groups: dict[tuple[object, ...], list[Call]] = defaultdict(list)
    for call in calls:
        groups[id(call.network), call.inputs.latents.shape[1:], call.inputs.layouts is None].append(call)
    for group in groups.values():
        try:
            velocities = run(group[0].network, side_by_side([call.inputs for call in group]))
            for call, velocity in zip(group, velocities.split([len(call.inputs.fps) for call in group]), strict=True):
                call.answer = velocity
        except BaseException as error:
            for call in group:
                call.error = error


def side_by_side(several: Sequence[Inputs]) -> Inputs:
    """One call's inputs of several's; texts are padded to the longest and the padding masked."""
    longest = max(one.text_mask.shape[1] for one in several)
    padded = [
        one._replace(
            text_tokens=F.pad(one.text_tokens, (0, 0, 0, longest - one.text_mask.shape[1])),
            text_mask=F.pad(one.text_mask, (0, longest - one.text_mask.shape[1])),
        )
        for one in several
    ]

    def joined(name: str) -> Tensor:
        return torch.cat([getattr(one, name) for one in padded])

    drawn = [one.layouts for one in several if one.layouts is not None]
    return Inputs(
        joined("latents"),
        joined("sigma"),
        joined("text_tokens"),
        joined("text_mask"),
        joined("text_pooled"),
        joined("fps"),
        joined("frame_index"),
        beside(drawn) if drawn else None,
    )


def beside(several: Sequence[Drawn]) -> Drawn:
    """What is drawn of several calls' layouts as of one's."""
    layouts = Layouts(*(torch.cat(column) for column in zip(*(one.layouts for one in several), strict=True)))
    sketches = [one.sketch for one in several if one.sketch is not None]
    sketch = Sketch(*(torch.cat(column) for column in zip(*sketches, strict=True))) if sketches else None
    return Drawn(layouts, torch.cat([one.tokens for one in several]), sketch)

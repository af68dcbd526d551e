"""What free latent frames take over from held ones beside them, so that a clip goes on instead of beginning again.

A young network believes the history that it is shown by half: with weights that had seen 21 M tokens, the colour of a clip strayed by 5 to
43 levels of 255 in ten seconds of going on. Two things that need no training hold it. A free frame *leans*: it starts from the held frame
nearest to it with a little strength, less the further away it is, so that what is where is settled as it was. And it is *anchored*: after
sampling, what all of its cells have in common in excess of that frame, the median over cells of each channel, is taken off; what changes in
fewer than half of the cells, somebody who comes or goes, does not count, and what changes as much as from day to night was asked for and
stays. Frames with another caption than the held one do neither, nor do any beside a single picture: what is to move should not begin as a
still. Knows no canvas and no network.

Reference:
    The start is that of SDEdit (Meng et al., arXiv:2108.01073), with a strength for every latent frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from misora.pipelines.pinning import Known

LEAN = (0.5, 0.3, 0.2, 0.1)
"""Strength with which the first, second, ... free frame starts from the held one; a window frees no more of them beside a history."""

ACCIDENT = 0.1
"""Excess, in sizes of the held frame (root mean square), that is taken off wholly; twice as much was meant and stays. Measured: 0.02 to
0.1 where the caption goes on, 0.1 to 0.28 where it says another place or time."""


class Continuity:
    """The held neighbours of every free latent frame of a window.

    Args:
        known: Of the window.
        captions: A number for each latent frame that says which caption it follows.
        first_number: 0 where the window's first latent frame is a single picture.
    """

    def __init__(self, known: Known, captions: Sequence[int], first_number: int) -> None:
        firmness = known.strength.amin((1, 3, 4))[0].tolist()
        free = [index for index, most in enumerate(known.strength.amax((1, 3, 4))[0].tolist()) if most == 0]
        held = [index for index, least in enumerate(firmness) if least == 1]
        self.known = known
        self.beside: dict[int, list[int]] = {}
        for index in free:
            nearest = [max((one for one in held if one < index), default=-1), min((one for one in held if one > index), default=-1)]
            self.beside[index] = [one for one in nearest if one >= 0 and one + first_number > 0 and captions[one] == captions[index]]

    def leaning(self) -> Known:
        """What is known, with the free frames leaning on their nearer neighbour."""
        latents, strength = self.known.latents.clone(), self.known.strength.clone()
        for index, neighbours in self.beside.items():
            for other in sorted(neighbours, key=lambda one: abs(one - index))[:1]:
                latents[:, :, index] = latents[:, :, other]
                strength[:, :, index] = LEAN[min(abs(other - index), len(LEAN)) - 1]
        return Known(latents, strength)

    def anchored(self, made: Tensor) -> Tensor:
        """``made``, (1, C, t, h, w), without what free frames have all over in excess of their neighbours, the nearer one counting more."""
        whole = made.clone()
        for index, neighbours in self.beside.items():
            if neighbours:
                share = torch.tensor([1 / abs(one - index) for one in neighbours]).to(made)
                excess = torch.stack([accidental(made[:, :, index], self.known.latents[:, :, one]) for one in neighbours])
                whole[:, :, index] -= torch.einsum("n,nbc->bc", share / share.sum(), excess)[..., None, None]
        return whole


def accidental(made: Tensor, held: Tensor) -> Tensor:
    """(B, C): what ``made`` (B, C, h, w) has all over in excess of ``held``, as far as nobody can have meant it."""
    excess = common(made - held)
    size = excess.square().mean(1).sqrt() / held.square().mean((1, 2, 3)).sqrt().clamp(min=1e-6)
    return excess * (2 - size / ACCIDENT).clamp(0, 1)[:, None]


def common(values: Tensor) -> Tensor:
    """The median over cells of each channel: (B, C, h, w) to (B, C)."""
    return values.flatten(2).median(-1).values

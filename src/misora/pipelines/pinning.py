"""Pins as known latents: which latent frames are held, how firmly, and in which cells.

A latent frame after the first stands for eight pictures and can only be held whole, so a clip holds the latent frames all of whose pictures
it covers; pictures at its ends that do not fill one are left to the network. A pin too short to cover any (a single picture in the middle)
holds the latent frame of its middle picture, as if it stood still there for those eight. Where pins overlap the later one wins. A latent
frame is held as firmly as its pictures are on average.

After sampling, held frames are what the autoencoder makes of them, not the pinned pixels: putting those back would make their texture jump
where the generated part begins. Tools that promise untouched pixels put them back themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from misora.base.canvas import Mask, Pin
from misora.base.shapes import SPACE_STRIDE, TIME_STRIDE, latent_frames
from misora.diffusion.flow import add_noise
from misora.pipelines.grid import Grid
from misora.pipelines.streaming import VideoCodec, groups_of


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What the pins say of every latent frame.

    Args:
        latents: Clean latents, (1, C, t, h, w); zero where nothing is known.
        strength: Of each cell, (1, 1, t, h, w); 0 is free, 1 is never touched.
    """

    latents: Tensor
    strength: Tensor

    @property
    def frame_strength(self) -> Tensor:
        """(1, t): how firmly whole latent frames are held; one with any free cell is free as a frame."""
        return self.strength.amin((1, 3, 4))

    def part(self, start: int, stop: int) -> Known:
        """Latent frames ``[start, stop)``."""
        return Known(self.latents[:, :, start:stop], self.strength[:, :, start:stop])

    def with_made(self, latents: Tensor, start: int = 0) -> Known:
        """The same with the frames from ``start`` on replaced by ``latents``, clean and never to be touched."""
        made, strength = self.latents.clone(), self.strength.clone()
        stop = start + latents.shape[2]
        made[:, :, start:stop] = latents
        strength[:, :, start:stop] = 1
        return Known(made, strength)

    @property
    def leads_backwards(self) -> bool:
        """Whether the end is known and the beginning is not, so that a long clip should be made from its end."""
        firmness = self.frame_strength[0]
        return bool(firmness[-1] > 0 and firmness[0] == 0)

    @property
    def has_gap(self) -> bool:
        """Whether both ends are known and something between them is not, so that a long clip should be made from both."""
        firmness = self.frame_strength[0]
        return bool(firmness[0] > 0 and firmness[-1] > 0 and (firmness == 0).any())

    def start(self, noise: Tensor) -> Tensor:
        """Where sampling begins: held frames at their own level, everything else pure noise."""
        return add_noise(self.latents, noise, 1 - self.frame_strength)

    def hold(self, x: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """``x`` at ``sigma`` (1, t) with the cells that are held more firmly than their frame put back at that level.

        A cell of strength s is held until the frame's level falls below 1 - s, then free to change that much.
        """
        held = self._firmer & (sigma[:, None, :, None, None] >= 1 - self.strength)
        return torch.where(held, add_noise(self.latents, noise, sigma), x)

    @property
    def has_masks(self) -> bool:
        """Whether any frame is held in some cells more than in others."""
        return bool(self._firmer.any())

    @property
    def _firmer(self) -> Tensor:
        return self.strength > self.frame_strength[:, None, :, None, None]


def encode_pins(pins: Sequence[Pin], grid: Grid, codec: VideoCodec, channels: int) -> Known:
    """The pins of a canvas as latents on its grid."""
    latent = grid.latent
    size = (latent.num_frames, latent.height, latent.width)
    latents = torch.zeros(1, channels, *size, device=codec.device)
    strength = torch.zeros(1, 1, *size, device=codec.device)
    encoded: dict[tuple[int, int, int], Tensor] = {}
    for pin in pins:
        if not any(pin.strengths):
            continue
        first, last = held_frames(pin, grid.shape.num_frames)
        # A clip that is pinned twice, here firmly and there loosely, is encoded once.
        key = (pin.frames.__array_interface__["data"][0], first, last)
        if key not in encoded:
            encoded[key] = encode_part(pin, first, last, grid, codec)
        for index, firmness in zip(range(first, last + 1), held_strengths(pin, first, last), strict=True):
            if firmness > 0:
                cells = torch.from_numpy(held_cells(pin, grid, index)).to(codec.device)
                latents[0, :, index][:, cells] = encoded[key][0, :, index - first][:, cells]
                strength[0, 0, index][cells] = firmness
    return Known(latents, strength)


def held_frames(pin: Pin, num_frames: int) -> tuple[int, int]:
    """First and last latent frame that ``pin`` holds on a canvas of ``num_frames``."""
    stop = pin.frame_index + len(pin.frames)
    first = latent_frames(pin.frame_index + TIME_STRIDE) - 1 if pin.frame_index else 0
    # What the grid has beyond the canvas's end is nobody's, so a pin that reaches the end covers it.
    last = latent_frames(num_frames) - 1 if stop == num_frames else (stop - 1) // TIME_STRIDE
    if first <= last:
        return first, last
    middle = latent_frames(pin.frame_index + len(pin.frames) // 2 + 1) - 1
    return middle, middle


def encode_part(pin: Pin, first: int, last: int, grid: Grid, codec: VideoCodec) -> Tensor:
    """Latents (1, C, last - first + 1, h, w) of the canvas frames that latent frames ``first`` to ``last`` stand for.

    One picture more is encoded in front as context; frames that the pin does not have repeat its nearest one.
    """
    begin = TIME_STRIDE * (first - 1) if first else 0
    wanted = nearest(pin, np.arange(begin, TIME_STRIDE * last + 1))
    encoded = codec.encode_groups(grid.pad(pin.frames[wanted[group]]) for group in groups_of(len(wanted)))
    return encoded[:, :, 1:] if first else encoded


def held_strengths(pin: Pin, first: int, last: int) -> list[float]:
    """How firmly latent frames ``first`` to ``last`` are held: the mean over the pictures that each stands for."""
    strengths = np.asarray(pin.strengths)
    return [float(strengths[nearest(pin, pictures_of(index))].mean()) for index in range(first, last + 1)]


def pictures_of(index: int) -> npt.NDArray[np.int_]:
    """Canvas frames that latent frame ``index`` stands for."""
    return np.arange(TIME_STRIDE * (index - 1) + 1 if index else 0, TIME_STRIDE * index + 1)


def nearest(pin: Pin, canvas_frames: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    """The pin's own frame that lies nearest to each canvas frame."""
    found: npt.NDArray[np.int_] = (canvas_frames - pin.frame_index).clip(0, len(pin.frames) - 1)
    return found


def held_cells(pin: Pin, grid: Grid, index: int) -> Mask:
    """(h, w), True for cells of latent frame ``index`` that the pin holds.

    Its mask covers all of their pixels in all pictures; where the pin is touching, one of them.
    """
    latent = grid.latent
    if pin.mask is None:
        return np.ones((latent.height, latent.width), dtype=np.bool_)
    among = np.any if pin.touching else np.all
    mask = pin.mask if pin.mask.ndim == 2 else np.asarray(among(pin.mask[nearest(pin, pictures_of(index))], axis=0))
    padded = grid.pad_mask(mask).reshape(latent.height, SPACE_STRIDE, latent.width, SPACE_STRIDE)
    return np.asarray(among(padded, axis=(1, 3)), dtype=np.bool_)

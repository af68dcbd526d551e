"""The planner: a caption in, a layout out, by diffusion; the transformer then paints what was planned.

A layout is treated as a video of one row: a cell for each player and one for the camera, a few dozen tokens where the clip has thousands.
So the network is the same as the one that paints, with the same noise level for every latent frame and the same samplers, only smaller,
and it sees as many scenes in a minute as the painter in an hour. Where things are and how they move is learnt here; what they look like
is not its business.

Who is there is read from the caption first, then what it says of each of them (``about``), and only then where they are is sampled.

Reference:
    A layout before the picture: Lian et al., LLM-grounded Video Diffusion, arXiv:2309.17444, where a language model writes it; here it is
    sampled. Classes as numbers that are diffused: Chen et al., Analog Bits, arXiv:2208.04202.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.base.layout import BOX, CAMERA, GROUND, HEIGHT, MOMENTS, TURN, X, Y
from misora.models.about import About
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.model import EncodedText, TextEncoder
from misora.models.text_encoder.tokenizer import TABLE_SIZE
from misora.models.transformer.config import TransformerConfig
from misora.models.transformer.layouts import SMALLEST, Layouts
from misora.models.transformer.model import VideoTransformer

SCALES = {X: 0.5, Y: 0.5, HEIGHT: 1.5, TURN: 1.0, GROUND: 0.5}
"""What each column of a box is multiplied by, the height as a logarithm, so that all are about as large as noise."""
USUAL_HEIGHT = 3.5
"""Cells; a player of this height has the logarithm 0."""
CAMERA_SCALES = (0.7, 4.0)
WHO_SCALE = 2.0
"""Size of the number that names a character among zeros."""
NUMBERS = MOMENTS * BOX
"""Channels that are diffused; the rest say who it is, and are known."""
FRAME_NUMBERS = 3
"""What the planner is told of the picture: rows and columns in cells, and the clip's length."""


@dataclass(frozen=True, slots=True)
class PlannerConfig:
    """Sizes of a ``Planner``.

    Args:
        classes: Characters that it may name; as many as the transformer knows.
        slots: Most players.
        dim, layers, heads, mlp_dim: As of a transformer.
        text_table, text_dim, text_layers, text_heads, text_neighbours: Of its own text encoder.
        about: Numbers in which a slot is told what the caption says of its player.
    """

    classes: int
    slots: int = 2
    dim: int = 128
    layers: int = 6
    heads: int = 4
    mlp_dim: int = 352
    text_table: int = TABLE_SIZE
    text_dim: int = 192
    text_layers: int = 2
    text_heads: int = 3
    text_neighbours: int = 4
    about: int = 64

    @property
    def channels(self) -> int:
        """Numbers of a cell: the box at each moment, and which character."""
        return NUMBERS + self.classes + 1

    @property
    def text(self) -> TextEncoderConfig:
        """Of the text encoder."""
        return TextEncoderConfig(
            self.text_table, self.text_dim, self.text_layers, self.text_heads, out_dim=self.text_dim, neighbours=self.text_neighbours
        )

    @property
    def transformer(self) -> TransformerConfig:
        """Of the network inside."""
        return TransformerConfig(
            self.channels + self.about,
            self.dim,
            self.layers,
            self.heads,
            self.mlp_dim,
            self.text_dim,
            prediction="residual",
            hidden_layer=1,
        )


class Planner(nn.Module):
    """Predicts the velocity of noisy layouts, which are laid out as ``to_values`` says.

    It reads captions by itself: "from left to right" is more than its words, which is all that painting needs to know of it.
    """

    def __init__(self, config: PlannerConfig) -> None:
        super().__init__()
        self.config = config
        self.text_encoder = TextEncoder(config.text)
        self.network = VideoTransformer(config.transformer)
        self.frame = nn.Linear(FRAME_NUMBERS, config.text_dim, bias=False)
        self.cast = nn.Linear(config.text_dim, config.slots * (config.classes + 1))
        self.about = About(config.classes, config.text_dim, config.text_heads)
        self.about_out = nn.Linear(config.text_dim, config.about, bias=False)

    def forward(self, values: Tensor, sigma: Tensor, text: EncodedText, frame: Tensor, fps: Tensor, frame_index: Tensor) -> Tensor:
        """Velocity (B, C, t, 1, P + 1), zero where the channels say who it is.

        Args:
            values: (B, C, t, 1, P + 1), noisy but for who it is.
            sigma: (B, t).
            text: As ``text_encoder`` reads it.
            frame: What is planned for, as ``frame_numbers`` gives it, (B, 3).
            fps, frame_index: As of the transformer.
        """
        pooled = text.pooled + self.frame(frame.to(text.pooled.dtype))
        said = F.pad(self.about_out(self.about(cast_of(values), text)), (0, 0, 0, 1)).transpose(1, 2)[:, :, None, None]
        whole = torch.cat([values, said.expand(-1, -1, *values.shape[2:4], -1).to(values.dtype)], dim=1)
        velocity = self.network(whole, sigma, text.tokens, text.mask, pooled, fps, frame_index=frame_index)
        return F.pad(velocity[:, :NUMBERS], (0, 0, 0, 0, 0, 0, 0, self.config.channels - NUMBERS))

    def read_cast(self, text: EncodedText) -> Tensor:
        """How likely each character is to be in each slot, from the caption alone: logits (B, P, classes + 1), 0 is nobody."""
        logits: Tensor = self.cast(text.pooled).unflatten(-1, (self.config.slots, -1))
        return logits


def frame_numbers(height: int, width: int, seconds: float) -> list[float]:
    """Rows and columns in latent cells and length in seconds, as the planner is told."""
    return [height / 8 - 1, width / 8 - 1, math.log2(seconds / 2)]


def to_values(layouts: Layouts, classes: int) -> Tensor:
    """Layouts as what is diffused: (B, C, t, 1, P + 1), the last column the camera's."""
    boxes = layouts.boxes.float().clone()
    boxes[..., HEIGHT] = (boxes[..., HEIGHT].clamp(min=SMALLEST) / USUAL_HEIGHT).log2()
    for column, scale in SCALES.items():
        boxes[..., column] *= scale
    nobody = layouts.who == 0
    boxes = boxes.masked_fill(nobody[..., None, None], 0.0)
    players = torch.cat([boxes.flatten(3), who_values(layouts.who, classes)], dim=-1)
    camera = F.pad(layouts.camera.float() * torch.tensor(CAMERA_SCALES, device=boxes.device), (0, players.shape[-1] - CAMERA))
    return torch.cat([players, camera.unsqueeze(2)], dim=2).permute(0, 3, 1, 2).unsqueeze(3)


def cast_of(values: Tensor) -> Tensor:
    """Class of each slot, (B, P), the likeliest of all latent frames of ``values`` (B, C, t, 1, P + 1)."""
    return values[:, NUMBERS:, :, 0, :-1].float().mean(2).argmax(1)


def who_values(who: Tensor, classes: int) -> Tensor:
    """The channels that name characters, (..., classes + 1)."""
    return WHO_SCALE * F.one_hot(who, classes + 1)


def from_values(values: Tensor) -> Layouts:
    """The layouts that ``values`` (B, C, t, 1, P + 1) stand for; a slot is one character's for the whole clip, the likeliest."""
    cells = values.float().squeeze(3).permute(0, 2, 3, 1)
    players, camera = cells[:, :, :-1], cells[:, :, -1, :CAMERA] / torch.tensor(CAMERA_SCALES, device=values.device)
    boxes = players[..., :NUMBERS].unflatten(-1, (MOMENTS, BOX)).clone()
    for column, scale in SCALES.items():
        boxes[..., column] /= scale
    boxes[..., HEIGHT] = boxes[..., HEIGHT].exp2() * USUAL_HEIGHT
    boxes[..., TURN] = boxes[..., TURN].clamp(-1, 1)
    who = cast_of(values).unsqueeze(1).expand(-1, values.shape[2], -1)
    boxes = boxes.masked_fill((who == 0)[..., None, None], 0.0)
    return Layouts(who, boxes, camera, torch.ones(who.shape[:2], dtype=torch.bool, device=values.device))

"""The transformer's sizes as data, the presets, and what they cost; no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from misora.base.errors import InputError
from misora.base.layout import CAMERA, MOMENTS

FREQUENCY_DIM = 128
"""Width of the sinusoids under the noise-level and frame-rate embeddings."""

LAYOUT_FEATURES = 45
"""Numbers that say where a cell lies as a player sees it (``layout.from_players``)."""
LAYOUT_WIDTH = 256
"""Hidden width of the layer that reads them."""
TEXTURE_CHANNELS, TEXTURE_ROWS, TEXTURE_COLUMNS = 16, 16, 24
"""Of the picture of learnt features that a character has (``textures``)."""
TEXTURE_POINTS = 4
"""Points of a cell in each direction at which it is looked at."""

SKETCH_CHANNELS, SKETCH_ROWS, SKETCH_COLUMNS = 3, 48, 72
"""Of the finer picture from which a sketch is drawn (``sketch``), opacity aside."""
SKETCH_POINTS = 8
"""Points of a cell in each direction at which it is looked at."""
SKETCH_WIDTH = 384
"""Hidden width of the network that turns them into latents."""

CARRY_CHANNELS, CARRY_POINTS = 8, 4
"""Numbers at a point of a picture that is carried along with the camera (``carry``), and points of a cell in each direction."""
CARRY_LAYERS = 2
"""Depths that are carried apart."""
CARRY_WIDTH = 384
"""Hidden width of the network that turns them into latents."""

Prediction = Literal["velocity", "x0", "residual"]


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """Sizes of a ``VideoTransformer``.

    Args:
        latent_channels: C of the latents.
        dim: Width of a token.
        layers: Number of blocks.
        heads: Attention heads; head width dim / heads must be a multiple of 8.
        mlp_dim: Hidden width of the SwiGLU.
        text_dim: Width of the text encoder's tokens.
        prediction: What the last layer means: the velocity itself, the clean latents from which the velocity follows, or what has to be
            added to a Wiener filter (``preconditioning``).
        causal: Latent frame i attends to frames up to i and the text, instead of to all.
        hidden_layer: Number of blocks after which ``Prediction.hidden`` is taken.
        own_modulation: Each block has its own map from the conditioning to its scales, shifts and gates, instead of one that all share.
            It runs once a latent frame, not once a token: room for what the text says at hardly any cost, where the model is small.
        reach: A token is made from its cell and from those up to so many rows and columns away. With 1, a character's cells know from
            the first layer on what their neighbours look like; the step is small where cells are large.
        layout_classes: Characters that a layout may name; 0 knows no layouts.
        layout_textures: Each of them also has a picture of learnt features, laid where it is.
        layout_sketch: And a finer one, from which a sketch of each cell's latents is drawn, past the tokens, of which the last layer may
            take over a share, channel by channel (``sketch``). Needs residuals.
        recall: Each cell also sees itself in the nearest latent frames, before and after, that are known, and the last layer may take
            over a share of them, channel by channel: a place in its details is more than a narrow token can carry. Needs residuals.
        carry: The nearest known latent frame before is also moved as the layout's camera has moved since (``carry``), and the last layer
            may take over a share of that. Needs residuals and layouts.
    """

    latent_channels: int
    dim: int = 256
    layers: int = 8
    heads: int = 4
    mlp_dim: int = 704
    text_dim: int = 192
    prediction: Prediction = "velocity"
    causal: bool = False
    hidden_layer: int = 3
    own_modulation: bool = False
    reach: int = 0
    layout_classes: int = 0
    layout_textures: bool = False
    recall: bool = False
    layout_sketch: bool = False
    carry: bool = False

    def __post_init__(self) -> None:
        if self.dim % self.heads or self.head_dim % 8:
            raise InputError(
                f"transformer.dim={self.dim} over {self.heads} heads gives {self.dim / self.heads:g}; head width must be a multiple of 8",
                field="heads",
            )
        if self.prediction not in get_args(Prediction):
            raise InputError(
                f"transformer.prediction={self.prediction!r} is not known; choose {', '.join(get_args(Prediction))}", field="prediction"
            )
        if self.recall and self.prediction != "residual":
            raise InputError(f"transformer.recall needs prediction 'residual', not {self.prediction!r}", field="recall")
        for name in ("layout_sketch", "carry"):
            if getattr(self, name) and (self.prediction != "residual" or not self.layout_classes):
                raise InputError(f"transformer.{name} needs prediction 'residual' and layout_classes", field=name)
        for name in ("reach", "layout_classes"):
            if getattr(self, name) < 0:
                raise InputError(f"transformer.{name}={getattr(self, name)} must be 0 or more", field=name)
        if not 1 <= self.hidden_layer <= self.layers:
            nearest = min(max(self.hidden_layer, 1), self.layers)
            raise InputError(
                f"transformer.hidden_layer={self.hidden_layer} is outside 1 to {self.layers}; nearest: {nearest}", field="hidden_layer"
            )

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    @property
    def input_channels(self) -> int:
        """Latent values from which a token is made."""
        return self.latent_channels * (2 * self.reach + 1) ** 2

    @property
    def output_channels(self) -> int:
        """What the last layer says of each cell: a number a channel, for residuals also a gain of the input and shares of all else."""
        if self.prediction != "residual":
            return self.latent_channels
        return 2 * self.latent_channels + self.recalled_channels + self.sketched_channels + self.carried_channels

    @property
    def recalled_channels(self) -> int:
        """Latent values that a cell recalls from other latent frames."""
        return 2 * self.latent_channels if self.recall else 0

    @property
    def sketched_channels(self) -> int:
        """Latent values of a cell's sketch."""
        return self.latent_channels if self.layout_sketch else 0

    @property
    def carried_channels(self) -> int:
        """Latent values that a cell is handed as the camera has moved them."""
        return self.latent_channels if self.carry else 0

    @property
    def end_channels(self) -> int:
        """Latent values that a token is made from, and those that are made from it."""
        return self.input_channels + self.recalled_channels + self.sketched_channels + self.carried_channels + self.output_channels


@dataclass(frozen=True, slots=True)
class Size:
    """Width, depth, heads, SwiGLU width and modulation of a preset."""

    dim: int
    layers: int
    heads: int
    mlp_dim: int
    own_modulation: bool = False


SIZES = {
    "nano": Size(256, 8, 4, 704, own_modulation=True),  # 10 M: what two CPU cores can train
    "base": Size(384, 8, 6, 960),  # 15 M: the shipped weights
    "large": Size(1024, 24, 16, 2816),  # 0.3 B
    "14b": Size(5120, 40, 40, 13824),  # 13 B: the proportions of Wan 14B
}


def transformer_config(
    size: str, *, latent_channels: int, text_dim: int, prediction: Prediction = "velocity", causal: bool = False
) -> TransformerConfig:
    """The preset ``size`` ("nano", "base", "large", "14b") for given latents and text."""
    if size not in SIZES:
        raise InputError(f"transformer size={size!r} is not known; choose one of {', '.join(SIZES)}", field="size")
    s = SIZES[size]
    return TransformerConfig(
        latent_channels, s.dim, s.layers, s.heads, s.mlp_dim, text_dim, prediction, causal, own_modulation=s.own_modulation
    )


def count_parameters(config: TransformerConfig) -> int:
    """Learned numbers of a ``VideoTransformer`` of this configuration."""
    d = config.dim
    block = 4 * d * d + 3 * d * config.mlp_dim + 8 * d + 2 * config.head_dim
    scalars = 2 * (FREQUENCY_DIM * d + d * d)
    ends = config.end_channels * d + 2 * config.text_dim * d + d
    modulation = (config.layers if config.own_modulation else 1) * 6 * d * d
    layout = (config.layout_classes + LAYOUT_FEATURES + 2 + d) * LAYOUT_WIDTH + (CAMERA + 1) * d
    textures = (config.layout_classes + 1) * TEXTURE_CHANNELS * TEXTURE_ROWS * TEXTURE_COLUMNS
    textures += TEXTURE_CHANNELS * MOMENTS * TEXTURE_POINTS**2 * d
    sketch = (config.layout_classes + 1) * (SKETCH_CHANNELS + 1) * SKETCH_ROWS * SKETCH_COLUMNS
    sketch += ((SKETCH_CHANNELS + 1) * MOMENTS * SKETCH_POINTS**2 + 1 + config.text_dim + config.latent_channels) * SKETCH_WIDTH
    fine = CARRY_CHANNELS * CARRY_POINTS**2
    carry = 2 * (config.latent_channels + 1) * fine + config.latent_channels * (CARRY_WIDTH + 1)
    carry += ((CARRY_CHANNELS + 1) * CARRY_POINTS**2 * MOMENTS * CARRY_LAYERS + 1) * CARRY_WIDTH
    layout += textures * config.layout_textures + sketch * config.layout_sketch + carry * config.carry
    layout *= config.layout_classes > 0
    return config.layers * block + scalars + ends + modulation + 2 * d * d + layout


def flops_per_token(config: TransformerConfig, tokens: int) -> int:
    """Multiply-adds times two of one forward pass for each of ``tokens`` video tokens that attend to each other.

    Training costs three times as much. Text and the per-frame modulation are left out: a few per cent.
    """
    d = config.dim
    linear = 2 * (4 * d * d + 3 * d * config.mlp_dim)
    seen = (tokens + 1) // 2 if config.causal else tokens
    attention = 4 * seen * d
    return config.layers * (linear + attention) + 2 * config.end_channels * d

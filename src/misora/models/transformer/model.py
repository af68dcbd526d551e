"""The diffusion transformer: noisy video latents, a noise level for every latent frame and a text in, a velocity out.

A token is one latent cell. What is unusual: each latent frame carries its own ``sigma`` (diffusion forcing), time positions are in
seconds, and the text is a read-only prefix of every block's keys, so a clip's text never depends on its frames. The model knows
neither canvas nor sampler.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from misora.models.layers.embedding import ScalarEmbedding
from misora.models.layers.norm import rms_norm
from misora.models.layers.rotary import axial_rotary, frame_times, prepend_still, still_grid
from misora.models.transformer.block import Block, modulate
from misora.models.transformer.carry import PlaceCarry
from misora.models.transformer.config import FREQUENCY_DIM, TransformerConfig
from misora.models.transformer.layout import LayoutInput, travelled_grid
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.preconditioning import precondition
from misora.models.transformer.recall import KNOWN, recall
from misora.models.transformer.sketch import PlayerSketch, Sketch
from misora.models.transformer.sparse import put_back, take, take_angles

SIGMA_SCALE = 1000.0
FPS_SCALE = 100.0
MIN_SIGMA = 0.05
"""Floor of the division that turns clean latents into a velocity; ``diffusion.flow.velocity_from_x0`` has the same."""


class Prediction(NamedTuple):
    """What one evaluation yields.

    Args:
        velocity: noise - x0, (B, C, t, h, w), float32.
        output: What the last layer said, as ``config.prediction`` has it; float32.
        hidden: Tokens after ``config.hidden_layer`` blocks, (B, t, h, w, D), for an alignment head that training owns.
        sketch: What was drawn of the layout, where the network draws and there is one.
        carried: What was carried along with the camera, (B, C, t, h, w) in sizes of the channels, where the network does so and there is a
            layout.
    """

    velocity: Tensor
    output: Tensor
    hidden: Tensor
    sketch: Sketch | None = None
    carried: Tensor | None = None


class Drawn(NamedTuple):
    """Layouts with what the network draws of them, the same at every step: ``tokens`` (B, t, h * w, D), and a sketch if it makes any."""

    layouts: Layouts
    tokens: Tensor
    sketch: Sketch | None


class VideoTransformer(nn.Module):
    """Predicts the velocity of noisy video latents.

    Reference:
        Peebles & Xie, DiT, arXiv:2212.09748; Chen et al., Diffusion Forcing, arXiv:2407.01392; Li & He, JiT (x0 prediction with a
        velocity loss), arXiv:2511.13720.
    """

    latent_deviation: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        if config.prediction == "residual":
            self.register_buffer("latent_deviation", torch.ones(config.latent_channels))
        self.input = nn.Linear(config.input_channels, dim, bias=False)
        self.recall_input = nn.Linear(config.recalled_channels, dim, bias=False) if config.recall else None
        self.text_input = nn.Linear(config.text_dim, dim, bias=False)
        self.pooled_input = nn.Linear(config.text_dim, dim, bias=False)
        self.sigma_embedding = ScalarEmbedding(dim, SIGMA_SCALE, FREQUENCY_DIM)
        self.fps_embedding = ScalarEmbedding(dim, FPS_SCALE, FREQUENCY_DIM)
        self.first_frame = nn.Parameter(torch.zeros(dim))
        maps = config.layers if config.own_modulation else 1
        self.modulation = nn.ModuleList(nn.Linear(dim, 6 * dim, bias=False) for _ in range(maps))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.final_modulation = nn.Linear(dim, 2 * dim, bias=False)
        self.output = nn.Linear(dim, config.output_channels, bias=False)
        self.layout_input = LayoutInput(config.layout_classes, dim, textures=config.layout_textures) if config.layout_classes else None
        self.sketch = PlayerSketch(config.layout_classes, config.latent_channels, config.text_dim) if config.layout_sketch else None
        self.sketch_input = nn.Linear(config.sketched_channels, dim, bias=False) if config.layout_sketch else None
        self.carry = PlaceCarry(config.latent_channels) if config.carry else None
        self.carry_input = nn.Linear(config.carried_channels, dim, bias=False) if config.carry else None
        for zeroed in (*self.modulation, self.final_modulation, self.output, self.recall_input, self.sketch_input, self.carry_input):
            if zeroed is not None:
                nn.init.zeros_(zeroed.weight)

    def forward(
        self,
        latents: Tensor,
        sigma: Tensor,
        text_tokens: Tensor,
        text_mask: Tensor | None,
        text_pooled: Tensor,
        fps: Tensor,
        *,
        frame_index: Tensor | None = None,
        causal: bool | None = None,
        layouts: Layouts | Drawn | None = None,
    ) -> Tensor:
        """The velocity alone, (B, C, t, h, w); arguments as in ``predict``."""
        return self.predict(
            latents, sigma, text_tokens, text_mask, text_pooled, fps, frame_index=frame_index, causal=causal, layouts=layouts
        ).velocity

    def predict(
        self,
        latents: Tensor,
        sigma: Tensor,
        text_tokens: Tensor,
        text_mask: Tensor | None,
        text_pooled: Tensor,
        fps: Tensor,
        *,
        frame_index: Tensor | None = None,
        causal: bool | None = None,
        kept: Tensor | None = None,
        layouts: Layouts | Drawn | None = None,
    ) -> Prediction:
        """Velocity, raw output and hidden tokens for noisy latents.

        Args:
            latents: Noisy latents, (B, C, t, h, w).
            sigma: Noise level of each latent frame, (B, t), in [0, 1].
            text_tokens: (B, L, text_dim).
            text_mask: (B, L), True where a token counts; None when all do. Trim a batch to its longest text.
            text_pooled: (B, text_dim).
            fps: Frames a second, (B,).
            frame_index: Latent frame numbers, (B, t); None is 0, 1, 2, ... 0 marks a latent that holds a single picture. A window in the
                middle of a stream should be numbered from 1, not by its true place: text is not turned, so attention to it knows
                absolute time, and only times seen in training are safe.
            causal: Overrides ``config.causal``.
            kept: The only cells of each latent frame that are looked at, (B, t, k), to train faster: nothing sees the others, and what is
                said of them is zero. None is all of them.
            layouts: Who is where, or what ``draw`` made of it; None says nothing. A network of no ``config.layout_classes`` takes none.
        """
        batch, _, frames, height, width = latents.shape
        if frame_index is None:
            frame_index = torch.arange(frames, device=latents.device).expand(batch, -1)
        weight_dtype = self.input.weight.dtype
        conditioning = self.condition(sigma, text_pooled.to(weight_dtype), fps, frame_index)
        text = rms_norm(self.text_input(text_tokens.to(weight_dtype)))
        times = frame_times(frame_index, fps)
        drawn = self.draw(layouts, text_pooled, height, width) if isinstance(layouts, Layouts) else layouts
        still = still_grid(height, width, latents.device)
        grid = still if drawn is None else travelled_grid(still, drawn.layouts, times)
        rotary = prepend_still(axial_rotary(times, grid, self.config.head_dim), text.shape[1])
        causal = self.config.causal if causal is None else causal

        balanced = self.to_input(latents, sigma)
        x = self.to_tokens(balanced.to(weight_dtype))
        recalled = carried = None
        sketch = None if drawn is None else drawn.sketch
        if sketch is not None:
            assert self.sketch_input is not None
            x = x + self.sketch_input(sketch.latents.flatten(3).permute(0, 2, 3, 1).to(weight_dtype))
        if self.recall_input is not None:
            recalled = recall(self.to_guess(latents, sigma), sigma, covered=None if sketch is None else sketch.covered, causal=causal)
            x = x + self.recall_input(recalled.flatten(3).permute(0, 2, 3, 1).to(weight_dtype))
        if self.carry is not None and drawn is not None:
            assert self.carry_input is not None
            hides = None if sketch is None else sketch.hides
            carried = self.carry(self.to_guess(latents, sigma), sigma <= KNOWN, drawn.layouts, frame_index, fps, hides)
            x = x + self.carry_input(carried.flatten(3).permute(0, 2, 3, 1).to(weight_dtype))
        if drawn is not None:
            assert self.layout_input is not None
            x = x + drawn.tokens
            conditioning = conditioning + self.layout_input.conditioning(drawn.layouts)
        conditioning = F.silu(conditioning)
        modulations = [each(conditioning).unflatten(-1, (6, -1)) for each in self.modulation]
        count = height * width
        if kept is not None:
            x, rotary, count = take(x, kept), take_angles(rotary, kept, count), kept.shape[2]
        keep_mask = keys_to_keep(text_mask, frames * count)
        hidden = x
        for number, block in enumerate(self.blocks, start=1):
            x = block(x, text, modulations[min(number, len(modulations)) - 1], rotary, keep_mask, causal)
            if number == self.config.hidden_layer:
                hidden = x
        shift, scale = self.final_modulation(conditioning).unsqueeze(2).chunk(2, dim=-1)
        values = self.output(modulate(x, shift, scale))
        if kept is not None:
            hidden, values = put_back(hidden, kept, height * width), put_back(values, kept, height * width)
        cells = values.unflatten(2, (height, width))
        output = self.to_output(cells.permute(0, 4, 1, 2, 3).float(), balanced, recalled, sketch, carried)
        return Prediction(self.to_velocity(latents, output, sigma), output, hidden.unflatten(2, (height, width)), sketch, carried)

    def draw(self, layouts: Layouts, text_pooled: Tensor, height: int, width: int) -> Drawn:
        """What ``layouts`` show in a picture of ``height`` by ``width`` cells, for every step that follows; two fifths of an evaluation."""
        assert self.layout_input is not None, "these weights know no layouts"
        sketch = None if self.sketch is None else self.sketch(layouts, text_pooled, height, width)
        return Drawn(layouts, self.layout_input.tokens(layouts, height, width), sketch)

    def condition(self, sigma: Tensor, text_pooled: Tensor, fps: Tensor, frame_index: Tensor) -> Tensor:
        """What modulates each latent frame: its noise, the text, the frame rate, and whether it is the clip's first; (B, t, D).

        The first latent frame holds one picture and every other eight, so their statistics differ.
        """
        whole_clip = self.pooled_input(text_pooled) + self.fps_embedding(fps.float().log2())
        first = (frame_index == 0).unsqueeze(-1) * self.first_frame
        embedded: Tensor = self.sigma_embedding(sigma)
        out: Tensor = embedded + whole_clip.unsqueeze(1) + first.to(embedded.dtype)
        return out

    def to_tokens(self, latents: Tensor) -> Tensor:
        """A token of each cell and, where ``config.reach`` says so, those around it, (B, t, s, D); a convolution, four times as quick as
        gathering cells for a matrix product."""
        reach, frames = self.config.reach, latents.transpose(1, 2)
        filters = self.input.weight.unflatten(1, (-1, 2 * reach + 1, 2 * reach + 1))
        cells = F.conv2d(frames.flatten(0, 1).contiguous(memory_format=torch.channels_last), filters, padding=reach)
        tokens: Tensor = cells.permute(0, 2, 3, 1).flatten(1, 2).unflatten(0, frames.shape[:2])
        return tokens

    def to_input(self, latents: Tensor, sigma: Tensor) -> Tensor:
        """Noisy latents as the first layer reads them."""
        if self.config.prediction != "residual":
            return latents
        return latents.float() * precondition(sigma, self.latent_deviation).input

    def to_guess(self, latents: Tensor, sigma: Tensor) -> Tensor:
        """What is guessed of each latent by itself, in sizes of its channel: the noisier it is the less there is of it."""
        return latents.float() * precondition(sigma, self.latent_deviation).guess

    def to_output(self, values: Tensor, balanced: Tensor, recalled: Tensor | None, sketch: Sketch | None, carried: Tensor | None) -> Tensor:
        """The last layer's values, (B, output_channels, t, h, w), as (B, C, t, h, w).

        For residuals half of them are gains of the input: a cell of plain sky can then say that its fine channels are noise, all of
        them, where a sum alone would have to spell out each one's opposite. Likewise it says how much of each channel is as it was.
        """
        if self.config.prediction != "residual":
            return values
        channels = self.config.latent_channels
        sizes = [channels, channels, self.config.recalled_channels, self.config.sketched_channels, self.config.carried_channels]
        residual, gain, shares, drawn, moved = values.split(sizes, dim=1)
        output: Tensor = residual + gain * balanced
        if recalled is not None:
            before, after = (shares * recalled).chunk(2, dim=1)
            output = output + before + after
        if sketch is not None:
            output = output + drawn * sketch.latents.float()
        if carried is not None:
            output = output + moved * carried.float()
        return output

    def to_velocity(self, latents: Tensor, output: Tensor, sigma: Tensor) -> Tensor:
        """The last layer's output as a velocity, float32."""
        if self.config.prediction == "velocity":
            return output
        if self.config.prediction == "x0":
            return (latents.float() - output) / sigma.float().clamp(min=MIN_SIGMA)[:, None, :, None, None]
        factors = precondition(sigma, self.latent_deviation)
        return factors.skip * latents.float() - factors.output * output

    def compile_blocks(self, **options: Any) -> None:
        """Compiles every block in place with ``torch.compile(**options)``; parameters keep their names.

        All blocks share one compilation (about 30 s on a CPU), made anew for each shape: train on few shapes, pad texts to one length.
        """
        for block in self.blocks:
            block.compile(**options)


def keys_to_keep(text_mask: Tensor | None, video_tokens: int) -> Tensor | None:
    """(B, 1, 1, L + video_tokens), True where a key counts; None when no text is padded, which keeps attention's quick path."""
    if text_mask is None or bool(text_mask.all()):
        return None
    return F.pad(text_mask, (0, video_tokens), value=True)[:, None, None]

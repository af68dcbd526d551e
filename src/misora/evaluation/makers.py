"""What clips come from: a model, the stage itself (the ceiling), or the stage through a model's autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from misora.base.canvas import Canvas, Frames, Quality, Span
from misora.base.progress import Progress, silent
from misora.base.sampled_size import sampled_size
from misora.base.shapes import VideoShape
from misora.evaluation.prompts import EvaluationPrompt
from misora.pipelines.grid import grid_of
from misora.pipelines.native import NativePipeline, load_pipeline
from misora.pipelines.streaming import VideoCodec
from misora.world.assets import load_atlas
from misora.world.render import Renderer, Rendering


class Maker(Protocol):
    """Anything that makes a clip of a prompt."""

    def make(self, prompt: EvaluationPrompt, shape: VideoShape, seed: int) -> Frames:
        """(T, H, W, 3) uint8 of ``shape``."""
        ...


class ModelMaker:
    """A model as users meet it, upsampling what is large; the caption goes in as it is, since it is already complete."""

    def __init__(
        self,
        pipeline: NativePipeline,
        steps: int | None = None,
        guidance: float | None = None,
        progress: Progress = silent,
        quality: Quality | None = None,
    ) -> None:
        self.pipeline, self.steps, self.guidance, self.progress, self.quality = pipeline, steps, guidance, progress, quality

    def make(self, prompt: EvaluationPrompt, shape: VideoShape, seed: int) -> Frames:
        sampled = None if self.pipeline.enlarger is None else sampled_size(shape.height, shape.width)
        canvas = Canvas(
            shape, (Span(prompt.caption),), seed=seed, steps=self.steps, guidance=self.guidance, sampled=sampled, quality=self.quality
        )
        return self.pipeline.sample(canvas, self.progress)


class StageMaker:
    """True renders of the prompts' own programs; a seed changes nothing."""

    def __init__(self, assets: Path) -> None:
        self._renderer = Renderer(load_atlas(assets))

    @property
    def characters(self) -> tuple[str, ...]:
        """Who can be rendered."""
        return self._renderer.atlas.ids

    def render(self, prompt: EvaluationPrompt, shape: VideoShape) -> Rendering:
        """The clip with its truth."""
        return joined(self._renderer.render_film(prompt.film, shape))

    def make(self, prompt: EvaluationPrompt, shape: VideoShape, seed: int) -> Frames:
        frames: Frames = self.render(prompt, shape).frames.numpy()
        return frames


def joined(shots: Sequence[Rendering]) -> Rendering:
    """Shots as one clip: frames and instances; velocities and depths are the first shot's."""
    first = shots[0]
    return Rendering(torch.cat([shot.frames for shot in shots]), torch.cat([shot.instance for shot in shots]), first.velocity, first.depth)


class ReconstructionMaker:
    """True renders, encoded and decoded: no transformer on these latents can look better."""

    def __init__(self, codec: VideoCodec, stage: StageMaker) -> None:
        self._codec, self._stage = codec, stage

    def make(self, prompt: EvaluationPrompt, shape: VideoShape, seed: int) -> Frames:
        return reconstruct(self._codec, self._stage.make(prompt, shape, seed), shape)


def reconstruct(codec: VideoCodec, frames: Frames, shape: VideoShape) -> Frames:
    """``frames`` through the autoencoder, padded to its grid on the way and cropped again."""
    grid = grid_of(shape)
    missing = shape.latent.pixel_size[0] - len(frames)
    padded = np.pad(grid.pad(frames), ((0, missing), (0, 0), (0, 0), (0, 0)), mode="edge")
    return np.concatenate([grid.crop(piece) for piece in codec.decode([codec.encode(padded)])])[: len(frames)]


def load_model(
    folder: Path, device: str, threads: int, steps: int | None = None, guidance: float | None = None, quality: Quality | None = None
) -> ModelMaker:
    """The model of a weights folder, ready to make clips."""
    return ModelMaker(load_pipeline(folder, device, threads), steps, guidance, quality=quality)

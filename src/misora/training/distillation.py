"""Stage 5: Turbo, the many-step guided transformer taught to walk in four steps without guidance.

The schedule is cut into four segments, that of a first picture alone into eight. The student walks them all, with new noise as in
sampling; from the start of each, where its own walk has led, the teacher walks to the segment's end with guided small steps, and the
student learns to arrive there in one. Its errors in earlier segments are part of what it sees, so they do not add up unseen. Known frames
keep a level of their own, as pins and sliding windows have them. What is learnt is an adapter.

Reference:
    Meng et al., On Distillation of Guided Diffusion Models, arXiv:2210.03142 (guidance distilled away), with segments instead of halved
    steps; Ross et al., DAgger, arXiv:1011.0686 (the student chooses where the teacher is asked).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor
from torch.func import functional_call

from misora.base.errors import TrainingError
from misora.diffusion.flow import MIN_SIGMA, spread, to_x0, wiener_error
from misora.diffusion.guidance import with_guidance
from misora.diffusion.samplers import Denoiser, renewed, sample_euler, step_along
from misora.diffusion.schedules import for_frames, resolution_shift, shifted
from misora.media.contact_sheet import write_contact_sheet
from misora.models.eight_bit import from_eight_bits
from misora.models.registry import load_text_encoder, load_transformer, load_video_vae, save_model
from misora.models.text_encoder.model import EncodedText
from misora.models.transformer.adapter import Adapter
from misora.models.transformer.adapter_file import PICTURE, AdapterConfig
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import VideoTransformer
from misora.models.weights_file import weights_digest, weights_path
from misora.training.latents import deviation_of, layouts_of, load_shelves, odds_of
from misora.training.loop import Metrics
from misora.training.pixels import to_frames
from misora.training.transformer import CAPTION_TOKENS, PREVIEW_PROMPTS, caption_of

KNOWN = 0.7
"""Share of clips that go on from latent frames which are known, as every window but a clip's first picture does."""
HISTORIES = (1, 1, 3, 3)
"""Latent frames that are known in four of five of them: a first picture, or the overlap of two windows."""
REMIXED = 0.15
"""Share of clips all of whose frames are known a little, as in a remix: they enter the schedule at a level between the student's own."""


@dataclass(frozen=True, slots=True)
class TurboConfig:
    """Everything that shapes this stage.

    Args:
        start: Folder of weights: the teacher, its text encoder and, for previews, the autoencoder.
        adapter: Folder with the adapter of an earlier transformer of the same size to begin with, where there is one; what has grown
            since begins without.
        latents: Folder of shards. Their scenes give captions, their clips the frames that are known.
        rank: Of the adapter.
        steps: Of the student.
        teacher_steps: Of the teacher over the whole schedule; a multiple of ``steps``. Twelve lead to within 0.08 of where 24 do, four to
            0.27 (``distance``), and they are most of what a step costs.
        guidance: Of the teacher.
        tokens: Video tokens of the clips of a step, each of which is walked through every segment.
        singles: Share of steps whose clips are their first picture alone, with which sampling begins. They are not compiled: each length
            costs compilations of its own, and beyond eight torch gives up.
        moving: How much likelier clips are drawn whose camera moves: it is what few steps lose first.
        layout_share: Share of clips whose layout is said, where the teacher follows layouts.
        preview: Latent frames, height and width of the previews.
        compile: Fuse the blocks with a compiler and let the teacher reckon in bfloat16 throughout: twice as fast.
    """

    start: str = ""
    adapter: str = ""
    latents: str = "runs/latents-more"
    rank: int = 16
    steps: int = 4
    teacher_steps: int = 12
    guidance: float = 3.0
    tokens: int = 896
    singles: float = 0.2
    moving: float = 4.0
    layout_share: float = 0.85
    preview: tuple[int, int, int] = (7, 8, 8)
    compile: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """Clips of one shape: ``latents`` (B, C, t, h, w) of which ``strength`` (B, t) is known, and what is asked for: hashed ``features``,
    ``fps`` (B,), ``frame_index`` (B, t) and, where the teacher follows any, layouts."""

    latents: Tensor
    strength: Tensor
    features: Tensor
    fps: Tensor
    frame_index: Tensor
    layouts: Layouts | None


class TurboStage:
    """The adapter as the loop sees it; teacher and text encoder stand beside it and never change."""

    def __init__(self, config: TurboConfig) -> None:
        if config.teacher_steps % config.steps:
            raise TrainingError(f"teacher_steps={config.teacher_steps} is not a multiple of steps={config.steps}")
        self.config = config
        folder = Path(config.start)
        self.base = load_transformer(folder, torch.float32)
        self.teacher = load_transformer(folder, torch.bfloat16 if config.compile else torch.float32)
        self.text_encoder = load_text_encoder(folder)
        if config.compile:
            self.teacher.compile_blocks(dynamic=False)
            self.base.compile_blocks(dynamic=False)
        torch.manual_seed(config.seed)
        digest = weights_digest(weights_path(folder, "transformer"))
        self.model = Adapter(AdapterConfig(digest, config.rank, config.steps), self.base)
        if config.adapter and weights_path(Path(config.adapter), "turbo").is_file():
            begin_with(self.model, weights_path(Path(config.adapter), "turbo"))
        self.shelves = load_shelves(Path(config.latents))
        if not self.shelves:
            raise TrainingError(f"no latents under {config.latents}; run the stage 'latents' first")
        self.deviation = deviation_of(self.shelves)

    def hidden_parameters(self) -> list[torch.nn.Parameter]:
        """None: half of the factors begin at zero, where Muon's steps of one size would shake them."""
        return []

    def batches(self, first_step: int) -> Iterator[Lesson]:
        step = first_step
        while True:
            yield self.batch(step)
            step += 1

    def batch(self, step: int) -> Lesson:
        """Lesson ``step``: clips of one shape, some of whose frames are known."""
        rng = random.Random(f"turbo/{self.config.seed}/{step}")
        shelf = rng.choices(self.shelves, [len(shelf.films) for shelf in self.shelves])[0]
        _, _, frames, height, width = shelf.latents.shape
        length = 1 if rng.random() < self.config.singles else max(1, frames - 1)
        size = max(1, round(self.config.tokens / (length * height * width)))
        chosen = rng.choices(range(len(shelf.films)), odds_of(shelf, self.config.moving), k=size)
        starts = [rng.randint(0, frames - length) if length > 1 else 0 for _ in chosen]
        clips = [shelf.latents[index, :, start : start + length] for index, start in zip(chosen, starts, strict=True)]
        strength = torch.tensor([known_frames(length, rng) for _ in chosen])
        texts = [caption_of(shelf, index, start, length, rng) for index, start in zip(chosen, starts, strict=True)]
        features = self.text_encoder.collate([*texts, *[""] * size], CAPTION_TOKENS)[:, :CAPTION_TOKENS]
        numbers = torch.tensor([min(start, 1) for start in starts]).unsqueeze(1) + torch.arange(length)
        layouts = None
        if self.base.layout_input is not None:
            layouts = layouts_of(shelf, chosen, starts, length, [rng.random() < self.config.layout_share for _ in chosen])
        return Lesson(torch.stack(clips).float(), strength, features, shelf.fps[chosen], numbers, layouts)

    def loss(self, batch: Lesson, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        with torch.compiler.set_stance("default" if batch.latents.shape[2] > 1 else "force_eager"):
            return self.missed(batch, generator)

    def missed(self, batch: Lesson, generator: torch.Generator) -> tuple[Tensor, Metrics]:
        """How far the student's steps miss where the teacher's lead, in the mean and segment by segment."""
        device = next(self.model.parameters()).device
        for frozen in (self.base, self.teacher, self.text_encoder):
            frozen.to(device)
        latents, strength = batch.latents.to(device), batch.strength.to(device)
        with torch.no_grad():
            text = self.text_encoder(batch.features.to(device))
        layouts = None if batch.layouts is None else batch.layouts.to(device)
        scene = Asked(text, batch.fps.to(device), batch.frame_index.to(device), layouts)
        noise = torch.randn(latents.shape, generator=generator, device=device)
        coarse, fine = self.levels(latents, strength)
        student, teacher = self.student(scene), scene.guided(self.teacher, self.config.guidance)
        stride = self.config.teacher_steps // self.config.steps
        known = spread(1 - coarse[0], latents)
        x, errors = known * latents + (1 - known) * noise, []
        for segment, (sigma, sigma_next) in enumerate(itertools.pairwise(coarse)):
            with torch.no_grad():
                target = sample_euler(teacher, x, fine[segment * stride : (segment + 1) * stride + 1])
            velocity = student(x, sigma)
            arrived = step_along(x, velocity, sigma, sigma_next)
            errors.append(self.error(arrived - target, sigma, sigma_next))
            fresh = torch.randn(latents.shape, generator=generator, device=device)
            x = renewed(arrived, to_x0(x, velocity, sigma), fresh, sigma, sigma_next).detach()
        loss = torch.stack(errors).mean()
        return loss, {f"segment{number}": float(error.detach()) for number, error in enumerate(errors, start=1)}

    def error(self, missed: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        """Mean square of how far a step from ``sigma`` to ``sigma_next`` (B, t) ``missed`` its end; frames that did not move do not count.

        Per unit of sigma it is a velocity's error, weighed as in pre-training, so that no segment drowns the others.
        """
        free = (sigma != sigma_next).float()
        level = sigma.clamp(min=MIN_SIGMA)
        jump = (sigma - sigma_next).clamp(min=MIN_SIGMA)
        scale = free * (level / jump).square() / wiener_error(level, self.deviation.to(level))
        return (missed.square().mean((1, 3, 4)) * scale).sum() / free.sum().clamp(min=1)

    def levels(self, latents: Tensor, strength: Tensor) -> tuple[Tensor, Tensor]:
        """Schedules of student and teacher, (steps + 1, B, t) each; every level of the student's is one of the teacher's."""
        shift = resolution_shift(latents.shape[-2] * latents.shape[-1])
        steps = self.model.config.steps * (PICTURE if latents.shape[2] == 1 else 1)
        stride = self.config.teacher_steps // self.config.steps
        coarse, fine = (shifted(count, shift).to(latents) for count in (steps, stride * steps))
        return for_frames(coarse, strength), for_frames(fine, strength)

    def student(self, scene: Asked) -> Denoiser:
        """The base with the adapter as it is now, as a denoiser of ``scene``."""
        changed = self.model.changed(self.base)
        return lambda x, sigma: functional_call(self.base, changed, scene.arguments(x, sigma), scene.options(x, sigma))

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the adapter alone, in eight bits; it belongs beside the transformer that it was trained on."""
        adapter = Adapter(self.model.config, self.base)
        adapter.load_state_dict(values)
        save_model(folder, "turbo", adapter, dtype=torch.int8, **provenance)

    @torch.no_grad()
    def preview(self, folder: Path, step: int) -> None:
        """A sheet of fixed prompts and noise: the teacher, the base in as few steps as Turbo, Turbo; with its distance from the teacher."""
        device = next(self.model.parameters()).device
        made = self.compare(self.config.preview, device)
        vae = load_video_vae(Path(self.config.start), torch.float32, device)
        rows, labels = [], []
        for name, latents in made.items():
            with torch.autocast(device.type, torch.bfloat16):
                rows += [clip.numpy() for clip in to_frames(vae.decode(latents))]
            labels += [f"{name}, {distance(latents, made['teacher']):.2f}: {prompt}" for prompt in PREVIEW_PROMPTS]
        write_contact_sheet(folder / f"preview-{step:06d}.png", rows, columns=6, cell_height=96, labels=labels)

    @torch.no_grad()
    def compare(self, shape: tuple[int, int, int], device: torch.device) -> dict[str, Tensor]:
        """Latents of the preview's prompts from one noise, by who made them."""
        count, channels = len(PREVIEW_PROMPTS), self.base.config.latent_channels
        noise = torch.randn((count, channels, *shape), generator=torch.Generator().manual_seed(0)).to(device)
        coarse, fine = self.levels(noise, torch.zeros(count, shape[0], device=device))
        numbers = torch.arange(shape[0], device=device).expand(count, -1)
        with torch.autocast(device.type, torch.bfloat16), torch.compiler.set_stance("force_eager"):
            text = self.text_encoder.to(device).encode([*PREVIEW_PROMPTS, *[""] * count])
            scene = Asked(text, torch.full((count,), 24.0, device=device), numbers)
            base = self.base.to(device)
            return {
                "teacher": sample_euler(scene.guided(base, self.config.guidance), noise, fine),
                "base, few steps": sample_euler(scene.guided(base, self.config.guidance), noise, coarse),
                "turbo": sample_euler(self.student(scene), noise, coarse),
            }


@dataclass(frozen=True, slots=True)
class Asked:
    """What B clips show: ``text`` of their captions and, after them, as many empty ones; ``fps`` (B,), ``frame_index`` (B, t), layouts."""

    text: EncodedText
    fps: Tensor
    frame_index: Tensor
    layouts: Layouts | None = None

    def arguments(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, ...]:
        """The transformer's arguments for the captions, or, when ``x`` holds every clip twice, for captions and empty texts."""
        count = len(x)
        repeats = count // len(self.fps)
        return x, sigma, self.text.tokens[:count], self.text.mask[:count], self.text.pooled[:count], self.fps.repeat(repeats)

    def options(self, x: Tensor, sigma: Tensor) -> dict[str, Any]:
        """The transformer's further arguments: latent frame numbers (len(x), t) and layouts, of which empty texts hear less."""
        count = len(self.fps)
        if len(x) == count:
            return {"frame_index": self.frame_index, "layouts": self.layouts}
        untold = torch.arange(2 * count, device=x.device) >= count
        layouts = None if self.layouts is None else self.layouts.twice().led_away_from(untold, float(sigma.max()))
        return {"frame_index": self.frame_index.repeat(2, 1), "layouts": layouts}

    def guided(self, network: VideoTransformer, guidance: float) -> Denoiser:
        """``network`` with guidance, as the many-step sampler uses it."""

        def velocity(x: Tensor, sigma: Tensor) -> Tensor:
            out: Tensor = network(*self.arguments(x, sigma), **self.options(x, sigma))
            return out

        def pair(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
            said, empty = velocity(x.repeat(2, 1, 1, 1, 1), sigma.repeat(2, 1)).chunk(2)
            return said, empty

        return with_guidance(velocity, pair, guidance)


@torch.no_grad()
def begin_with(adapter: Adapter, path: Path) -> None:
    """Copies the factors of the adapter at ``path``, whatever transformer it was for.

    A layer that says or reads more than it did then changes nothing of what is new.

    Raises:
        TrainingError: It has another rank, or one of its layers was wider.
    """
    mine = adapter.state_dict()
    for name, values in from_eight_bits(load_file(path)).items():
        if name not in mine:
            continue
        missing = [have - had for have, had in zip(mine[name].shape, values.shape, strict=True)]
        if min(missing) < 0 or (missing[0] and name.startswith("down")) or (missing[1] and name.startswith("up")):
            raise TrainingError(f"the adapter {path} does not fit: {name} has {tuple(values.shape)} for {tuple(mine[name].shape)}")
        mine[name].copy_(F.pad(values.float(), (0, missing[1], 0, missing[0])))


def known_frames(length: int, rng: random.Random) -> list[float]:
    """Strength of each latent frame: 1 for what a clip goes on from, its beginning or, now and then, its end; or one for all, below 1."""
    kind = rng.random()
    if kind < REMIXED:
        return [rng.random()] * length
    count = 0
    if length > 1 and kind < REMIXED + KNOWN:
        count = min(rng.choice((*HISTORIES, rng.randint(1, length - 1))), length - 1)
    strength = [1.0] * count + [0.0] * (length - count)
    return strength[::-1] if rng.random() < 0.25 else strength


def distance(latents: Tensor, wanted: Tensor) -> float:
    """Root mean square of the difference, as a share of what is ``wanted``."""
    return float((latents - wanted).square().mean().sqrt() / wanted.square().mean().sqrt())

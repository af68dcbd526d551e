"""Stage 3: the diffusion transformer with its text encoder, on cached latents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from misora.base.errors import TrainingError
from misora.base.shapes import TIME_STRIDE
from misora.diffusion.flow import MIN_SIGMA, add_noise, to_x0, velocity_target, wiener_error
from misora.diffusion.guidance import with_guidance
from misora.diffusion.samplers import sample_euler
from misora.diffusion.schedules import NoiseMix, frame_noise_levels, resolution_shift, shifted
from misora.media.contact_sheet import write_contact_sheet
from misora.models.registry import load_text_encoder, load_transformer, load_video_vae, save_model
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.model import TextEncoder
from misora.models.transformer.config import TransformerConfig
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import VideoTransformer
from misora.models.transformer.recall import KNOWN, nearest_before
from misora.models.transformer.sketch import Sketch
from misora.training.latents import Shelf, deviation_of, layouts_of, load_shelves, odds_of
from misora.training.loop import Metrics
from misora.training.pixels import to_frames
from misora.world.scenes import shown, tell

MIDDLES = 0.4
"""Share of clips that begin after their first latent frame: what a sliding window meets after its first step."""

CAPTION_TOKENS = 40
"""Every batch is cut or padded to this, so that the compiled blocks see one shape; 98 % of the small tier's captions are shorter."""

SPARSE_UNTIL = 0.7
"""Share of a run after which every cell is looked at, as in sampling."""

UNTOLD_LAYOUTS = 0.4
"""Share of clips without a caption whose layout is said."""
NOBODY = 0.5
"""Share of them of whose layout only the camera is said, as guidance asks (``Layouts.led_away_from``)."""

MOVING = 2.0
"""How much likelier clips are drawn whose camera moves, where the network hears of it: in most it stays, and that is soon learnt."""

GROWING = ("reach", "layout_classes", "layout_textures", "recall", "layout_sketch", "carry")
"""Of a transformer's configuration: what one that starts from other weights may have more of."""

PAINTED_FROM = (0.2, 0.6)
"""Least and most noise from which a known latent frame is painted anew."""

HISTORY = 0.15
"""Noise below which a latent frame is history and counts less, down to a third: it is given, not asked for."""

PREVIEW_PROMPTS = (
    "a dog runs to the right on the beach",
    "a rocket jumps on the moon at night",
    "a penguin comes closer in the snow",
    "a cow stands in the meadow",
    "一只老虎在森林里向左走",
    "a bus drives to the left in the city at sunset",
)


@dataclass(frozen=True, slots=True)
class TransformerStageConfig:
    """Everything that shapes this stage.

    Args:
        model, text: Sizes.
        tokens: Video tokens a step; the batch follows from the clip's shape.
        singles: Share of batches that hold one latent frame a clip, from anywhere in it: what things look like, learnt at a seventh of
            the price. Other batches hold all but one latent frame: every further length would cost a compilation.
        latents: Folder of shards.
        vae: Folder with the autoencoder, for previews.
        text_dropout: Share of captions replaced by the empty text, for guidance.
        align_weight: Weight of naming the character in each cell from hidden tokens; falls to zero at 60 % of the run.
        player_weight: Extra loss weight of cells that hold a player.
        sketch_weight: Weight of what the sketch alone is off in cells that hold a player, over what lies beside them.
        carry_weight: Weight of what is carried along with the camera being off, in cells that hold no player.
        painted: Share of batches whose known latent frames are as the network paints them, not as they are: the mistakes that it goes on
            from in a long clip, as Bengio et al. schedule them (arXiv:1506.03099).
        cells: Share of each latent frame's cells that clips are learnt from while the run is young, those with players first.
        layout_share: Share of clips with a caption whose layout is said too, where ``model`` knows layouts.
        tier: Of the clips; its cast is in the order of ``classes``.
        noise: How it is spread over a clip's latent frames.
        hold_text: Leave the text encoder as it is, so that its weights file need not change.
        start, text_start: Folders of weights to start from; empty starts at random.
        classes: Characters in the cast, for the alignment head.
        compile: Fuse the blocks with a compiler: three times as fast on a CPU after half a minute.
    """

    model: TransformerConfig
    text: TextEncoderConfig
    tokens: int = 3072
    singles: float = 0.3
    latents: str = "runs/latents-small"
    vae: str = "runs/autoencoder-small"
    text_dropout: float = 0.1
    align_weight: float = 0.2
    player_weight: float = 1.5
    sketch_weight: float = 0.3
    carry_weight: float = 0.3
    painted: float = 0.0
    cells: float = 1.0
    layout_share: float = 0.8
    tier: str = "small"
    noise: NoiseMix = field(default_factory=NoiseMix)
    hold_text: bool = False
    start: str = ""
    text_start: str = ""
    classes: int = 48
    caption_tokens: int = CAPTION_TOKENS
    compile: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class LatentBatch:
    """``latents`` (B, C, t, h, w), ``labels`` (B, t, h, w), hashed text ``features``, ``fps`` (B,), latent ``frame_index`` (B, t), and
    the clips' layouts where the network knows any."""

    latents: Tensor
    labels: Tensor
    features: Tensor
    fps: Tensor
    frame_index: Tensor
    layouts: Layouts | None = None


class TextToLatents(nn.Module):
    """Text encoder, transformer and, while training, the head that names the character in each cell."""

    def __init__(self, config: TransformerStageConfig) -> None:
        super().__init__()
        self.text_encoder = TextEncoder(config.text)
        self.transformer = VideoTransformer(config.model)
        self.align = nn.Sequential(
            nn.RMSNorm(config.model.dim, elementwise_affine=False),
            nn.Linear(config.model.dim, config.model.dim),
            nn.SiLU(),
            nn.Linear(config.model.dim, config.classes + 1),
        )


def caption_of(shelf: Shelf, index: int, start: int, length: int, rng: random.Random) -> str:
    """A caption of what latent frames ``start`` to ``start + length`` of a clip show; other shots are not told of."""
    fps = float(shelf.fps[index])
    first, last = max(0, TIME_STRIDE * (start - 1) + 1), TIME_STRIDE * (start + length - 1)
    return tell(shown(shelf.films[index], first / fps, last / fps), rng)


def choose_cells(labels: Tensor, share: float, generator: torch.Generator) -> Tensor | None:
    """Numbers of a ``share`` of each latent frame's cells, (B, t, k): players, most of what surrounds them, some others; None is all.

    Args:
        labels: Character in each cell, 0 where there is none, (B, t, h, w).
    """
    cells = labels[0, 0].numel()
    count = round(share * cells)
    if count >= cells:
        return None
    players = (labels > 0).float()
    near = F.max_pool2d(players, 3, stride=1, padding=1)
    rank = players + 0.5 * near + torch.rand(labels.shape, generator=generator, device=labels.device)
    return rank.flatten(2).topk(count, dim=-1, sorted=False).indices


def sketch_error(sketch: Sketch, x0: Tensor, labels: Tensor) -> Tensor:
    """What the sketch misses of the cells that hold a player (``labels`` (B, t, h, w)), as a share of all that is in them.

    Behind it lies what the other cells of its row are like; a clip whose layout is not given has no sketch and does not count.
    """
    held = (labels > 0).unsqueeze(1)
    free = ~held
    behind = (x0 * free).sum(4, keepdim=True) / free.sum(4, keepdim=True).clamp(min=1)
    told = held & (sketch.covered.flatten(1).amax(1) > 0)[:, None, None, None, None]
    missed = (sketch.latents.float() + (1 - sketch.covered.float()).unsqueeze(1) * behind - x0).square() * told
    return missed.sum() / (x0.square() * told).sum().clamp(min=1e-6)


def carry_error(carried: Tensor, x0: Tensor, labels: Tensor, sigma: Tensor, deviation: Tensor) -> Tensor:
    """What is carried from known latent frames misses of the cells without a player, as a share of all that is in them.

    Args:
        sigma: Noise of each latent frame, (B, t): those that have none known before them do not count.
        deviation: Sizes of the channels, in which ``carried`` is.
    """
    known = sigma <= KNOWN
    before = nearest_before(known)
    there = (before >= 0) & known.gather(1, before.clamp(min=0)) & (carried != 0).flatten(3).any(3).any(1)
    free = ((labels == 0) & there[:, :, None, None]).unsqueeze(1)
    sized = x0 / deviation.view(-1, 1, 1, 1)
    return ((carried.float() - sized).square() * free).sum() / (sized.square() * free).sum().clamp(min=1e-6)


@torch.no_grad()
def start_from(transformer: VideoTransformer, other: VideoTransformer) -> None:
    """Copies the weights of ``other``; where ``transformer`` reads, recalls, sketches or carries more, it begins by not minding.

    Raises:
        TrainingError: They differ in more than ``GROWING``, or ``other`` knows more.
    """
    mine, theirs = transformer.config, other.config
    grown = replace(theirs, **{name: max(getattr(mine, name), getattr(theirs, name)) for name in GROWING})
    if mine != grown or theirs.layout_classes not in (0, mine.layout_classes):
        raise TrainingError(f"a transformer of {mine} cannot start from weights of {theirs}")
    parts = ("layout_input.", "recall_input.", "sketch", "carry")
    new = {name: value for name, value in transformer.state_dict().items() if name.startswith(parts)}
    values = new | other.state_dict()
    unsaid = transformer.config.output_channels - other.config.output_channels
    values["output.weight"] = F.pad(values["output.weight"], (0, 0, 0, unsaid))
    sides = [2 * model.config.reach + 1 for model in (other, transformer)]
    rim = transformer.config.reach - other.config.reach
    taps = values["input.weight"].unflatten(1, (-1, sides[0], sides[0]))
    values["input.weight"] = F.pad(taps, (rim, rim, rim, rim)).flatten(1)
    transformer.load_state_dict(values)


class TransformerStage:
    """The transformer as the loop sees it."""

    def __init__(self, config: TransformerStageConfig) -> None:
        self.config = config
        torch.manual_seed(config.seed)
        self.model = TextToLatents(config)
        if config.text_start:
            self.model.text_encoder = load_text_encoder(Path(config.text_start)).train().requires_grad_(not config.hold_text)
        if config.start:
            start_from(self.model.transformer, load_transformer(Path(config.start), torch.float32))
        if config.compile:
            self.model.transformer.compile_blocks(dynamic=False)
        self.shelves = load_shelves(Path(config.latents))
        if not self.shelves:
            raise TrainingError(f"no latents under {config.latents}; run the stage 'latents' first")
        self.deviation = deviation_of(self.shelves)
        if config.model.prediction == "residual" and not config.start:
            self.model.transformer.latent_deviation.copy_(self.deviation)

    def hidden_parameters(self) -> list[nn.Parameter]:
        """Matrices of the blocks. Their modulation would cost Muon a third more; the text encoder has learnt to read and only adjusts."""
        blocks = self.model.transformer.blocks
        return [parameter for name, parameter in blocks.named_parameters() if parameter.ndim == 2 and "table" not in name]

    def batches(self, first_step: int) -> Iterator[LatentBatch]:
        step = first_step
        while True:
            yield self.batch(step)
            step += 1

    def batch(self, step: int) -> LatentBatch:
        """Batch ``step``: clips of one shape, all of one length, captions drawn anew."""
        rng = random.Random(f"{self.config.seed}/{step}")
        shelf = rng.choices(self.shelves, [len(shelf.films) * shelf.latents[0, 0].numel() for shelf in self.shelves])[0]
        _, _, frames, height, width = shelf.latents.shape
        length = 1 if rng.random() < self.config.singles else max(1, frames - 1)
        size = max(2, round(self.config.tokens / (length * height * width)))
        chosen = rng.choices(range(len(shelf.films)), odds_of(shelf, MOVING if self.config.model.layout_classes else 1.0), k=size)
        starts = [rng.randint(1, frames - length) if frames > length and rng.random() < MIDDLES else 0 for _ in chosen]
        told = [rng.random() >= self.config.text_dropout for _ in chosen]
        texts = [
            caption_of(shelf, index, start, length, rng) if is_told else ""
            for index, start, is_told in zip(chosen, starts, told, strict=True)
        ]
        layouts = None
        if self.config.model.layout_classes:
            given = [rng.random() < (self.config.layout_share if is_told else UNTOLD_LAYOUTS) for is_told in told]
            layouts = layouts_of(shelf, chosen, starts, length, given, self.config.tier)
            nobody = [not is_told and rng.random() < NOBODY for is_told in told]
            layouts = layouts.led_away_from(torch.tensor(nobody), 0.0)
        features = self.model.text_encoder.collate(texts, self.config.caption_tokens)[:, : self.config.caption_tokens]
        clips = [shelf.latents[index, :, start : start + length] for index, start in zip(chosen, starts, strict=True)]
        labels = [shelf.labels[index, start : start + length] for index, start in zip(chosen, starts, strict=True)]
        numbers = torch.tensor([min(start, 1) for start in starts]).unsqueeze(1) + torch.arange(length)
        return LatentBatch(torch.stack(clips).float(), torch.stack(labels).long(), features, shelf.fps[chosen], numbers, layouts)

    def loss(self, batch: LatentBatch, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        device = next(self.model.parameters()).device
        x0, labels = batch.latents.to(device), batch.labels.to(device)
        size, _, frames, height, width = x0.shape
        levels = torch.Generator().manual_seed(int(torch.randint(0, 2**31, (1,), generator=generator, device=device)))
        sigma = frame_noise_levels(size, frames, levels, shift=resolution_shift(height * width), mix=self.config.noise).to(device)
        noise = torch.randn(x0.shape, generator=generator, device=device)
        text = self.model.text_encoder(batch.features.to(device))
        kept = choose_cells(labels, self.config.cells, generator) if frames > 1 and share_done < SPARSE_UNTIL else None
        told: dict[str, Any] = {
            "text_tokens": text.tokens,
            "text_mask": text.mask,
            "text_pooled": text.pooled,
            "fps": batch.fps.to(device),
            "frame_index": batch.frame_index.to(device),
            "layouts": None if batch.layouts is None else batch.layouts.to(device),
        }
        shown, learnt = x0, torch.ones_like(sigma)
        if frames > 1 and float(torch.rand((), generator=levels)) < self.config.painted:
            given, painted = sigma <= KNOWN, self.painted(x0, noise.roll(1, 0), levels, told)
            shown, learnt = torch.where(given[:, None, :, None, None], painted, x0), (~given).float()
        prediction = self.model.transformer.predict(add_noise(shown, noise, sigma), sigma, **told, kept=kept)
        error = (prediction.velocity - velocity_target(x0, noise)).square().mean(1)
        level = sigma.clamp(min=MIN_SIGMA)  # a velocity's error, taken to clean latents, is sigma times as large
        scale = level.square() / wiener_error(level, self.deviation.to(device)) * (level / HISTORY).clamp(max=1)
        seen = torch.ones_like(labels) if kept is None else torch.zeros_like(labels).flatten(2).scatter(2, kept, 1).view_as(labels)
        weight = seen * learnt[:, :, None, None] * (1 + self.config.player_weight * (labels > 0))
        denoising = (error * scale[:, :, None, None] * weight).sum() / weight.sum().clamp(min=1)
        metrics = {"denoising": float(denoising.detach())}
        if prediction.sketch is not None and self.config.sketch_weight:
            off = sketch_error(prediction.sketch, x0, labels)
            denoising, metrics = denoising + self.config.sketch_weight * off, metrics | {"sketch": float(off.detach())}
        if prediction.carried is not None and self.config.carry_weight:
            off = carry_error(prediction.carried, x0, labels, sigma, self.model.transformer.latent_deviation)
            denoising, metrics = denoising + self.config.carry_weight * off, metrics | {"carry": float(off.detach())}
        align_weight = self.config.align_weight * max(0.0, 1 - share_done / 0.6)
        if align_weight == 0:
            return denoising, metrics
        named = self.model.align(prediction.hidden)[seen > 0].float()
        balance = torch.ones(self.config.classes + 1, device=device)
        balance[0] = 0.1
        naming = F.cross_entropy(named, labels[seen > 0], balance)
        return denoising + align_weight * naming, metrics | {"naming": float(naming.detach())}

    @torch.no_grad()
    def painted(self, x0: Tensor, noise: Tensor, levels: torch.Generator, told: dict[str, Any]) -> Tensor:
        """``x0`` (B, C, t, h, w) as the network, as it is now, guesses it from under noise of ``PAINTED_FROM``, a level for each clip."""
        least, most = PAINTED_FROM
        sigma = (least + (most - least) * torch.rand((len(x0), 1), generator=levels)).to(x0).expand(-1, x0.shape[2])
        x = add_noise(x0, noise, sigma)
        with torch.compiler.set_stance("force_eager"):
            return to_x0(x, self.model.transformer.predict(x, sigma, **told).velocity, sigma)

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the transformer and its text encoder; with the autoencoder beside them the folder can generate."""
        model = TextToLatents(self.config)
        model.load_state_dict(values)
        save_model(folder, "transformer", model.transformer, dtype=torch.bfloat16, eight_bits="modulation.", **provenance)
        save_model(folder, "text_encoder", model.text_encoder, dtype=torch.int8, **provenance)

    @torch.no_grad()
    def preview(self, folder: Path, step: int) -> None:
        """Samples of fixed prompts with the weights of this moment."""
        device = next(self.model.parameters()).device
        vae = load_video_vae(Path(self.config.vae), torch.float32, device)
        with torch.compiler.set_stance("force_eager"), torch.autocast(device.type, torch.bfloat16):
            latents = self.sample(PREVIEW_PROMPTS, (7, 8, 8), 24.0, steps=16, guidance=3.0)
            frames = to_frames(vae.decode(latents))
        write_contact_sheet(
            folder / f"preview-{step:06d}.png", [clip.numpy() for clip in frames], columns=6, cell_height=128, labels=PREVIEW_PROMPTS
        )

    @torch.no_grad()
    def sample(self, prompts: tuple[str, ...], shape: tuple[int, int, int], fps: float, steps: int, guidance: float) -> Tensor:
        """Latents (B, C, t, h, w) of ``prompts``, all with one seed."""
        device = next(self.model.parameters()).device
        size, (_, height, width) = len(prompts), shape
        rates = torch.full((size,), fps, device=device)
        noise = torch.randn((size, self.config.model.latent_channels, *shape), generator=torch.Generator().manual_seed(0)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            text = self.model.text_encoder.encode([*prompts, *[""] * size])

            def velocity(x: Tensor, sigma: Tensor) -> Tensor:
                count = len(x)
                out: Tensor = self.model.transformer(
                    x, sigma, text.tokens[:count], text.mask[:count], text.pooled[:count], rates.repeat(count // size)
                )
                return out

            def pair(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
                said, empty = velocity(x.repeat(2, 1, 1, 1, 1), sigma.repeat(2, 1)).chunk(2)
                return said, empty

            guided = with_guidance(velocity, pair, guidance)
            return sample_euler(guided, noise, shifted(steps, resolution_shift(height * width)).to(device))

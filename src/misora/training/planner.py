"""Stage 4: the planner, on layouts of scenes that are never rendered: thousands of scenes for the price of one clip.

What is where and how it moves needs a million examples, and nobody has to paint them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from misora.base.errors import TrainingError
from misora.base.layout import CAMERA, Layout
from misora.base.shapes import SPACE_STRIDE, TIME_STRIDE, VideoShape
from misora.diffusion.flow import MIN_SIGMA, add_noise, velocity_target, wiener_error
from misora.diffusion.schedules import frame_noise_levels
from misora.models.about import Look
from misora.models.planner import NUMBERS, Planner, PlannerConfig, frame_numbers, to_values
from misora.models.registry import load_planner, load_text_encoder, save_model
from misora.models.text_encoder.model import EncodedText, TextEncoder
from misora.models.transformer.layouts import stack_layouts
from misora.models.weights_file import weights_path
from misora.training.loop import Metrics
from misora.training.streams import one_thread
from misora.training.text import RELATIONS, fact_sizes, facts_of
from misora.world.captions import Language, canonical_caption
from misora.world.cast import Character, load_cast
from misora.world.layout import film_layout
from misora.world.lexicon import load_lexicon
from misora.world.program import FOLLOWED_FROM, GOES_AWAY, Action, Camera, CameraMove, Direction, Film, Player, Scene
from misora.world.readings import Kind
from misora.world.scenes import Draw, draw_film, tell
from misora.world.tier import SMALL, TIERS, Tier

MIDDLES = 0.2
"""Share of scenes that begin after their first picture: what a clip longer than the planner sees is continued with."""
CAPTION_TOKENS = 40
"""As of the transformer: every batch of one length has one shape."""
LENGTHS = {1: 0.5, 4: 1.0, 7: 4.0, 8: 1.0, 11: 2.0, 16: 3.0, 31: 2.0}
"""Latent frames of a clip and how often batches have so many; at 24 frames a second up to ten seconds."""
CANVASES = ((8, 8), (8, 8), (8, 13), (8, 13), (10, 10), (13, 8), (9, 15), (15, 26))
"""(rows, columns) in latent cells."""
FOLLOWED = 0.9
"""Share of the long clips with somebody who would leave a still picture in which the camera goes along."""
SAYS_SO = 0.25
"""Share of those clips whose caption may say that it does."""
SCENE_FACTS = ("place", "time", "camera", "weather")
LANGUAGES: tuple[Language, ...] = ("en", "zh")
PLAYER_FACTS = ("action", "direction", *RELATIONS)
OTHER = torch.tensor([0, 2, 1, -1])
"""A relation as the second player has it; the last is -1, not asked."""
SPREAD = 20
"""Batches from which the size of each number is taken."""


@dataclass(frozen=True, slots=True)
class PlannerStageConfig:
    """Everything that shapes this stage.

    Args:
        model: Sizes.
        tokens: Numbers of cells a step, players and camera; the batch follows from the length.
        most: Most scenes a step.
        text: Folder of the text encoder to begin with, where ``start`` is empty.
        reading_weight: Weight of naming the scene's facts from the caption alone, as the stage "text" does: which way each player goes is a
            single bit of the layout's loss, and too faint a teacher of the order of words.
        relation_weight: Of a relation among those facts: who is nearer is told in one caption of ten.
        complete: Share of captions, of the small tier, that tell everything in its first wording; in the others relations are rare.
        camera_weight: Weight of the camera's two numbers beside all of the players'.
        text_dropout: Share of captions replaced by the empty text, for guidance.
        second_player: Chance of a second player, in the small tier.
        start: Folder of weights to go on from; empty starts at random.
        compile: Fuse the blocks with a compiler.
    """

    model: PlannerConfig
    tokens: int = 6144
    most: int = 320
    text: str = "runs/text-small"
    reading_weight: float = 0.05
    relation_weight: float = 1.0
    complete: float = 0.0
    camera_weight: float = 0.2
    text_dropout: float = 0.1
    second_player: float = 0.35
    tier: str = "small"
    start: str = ""
    caption_tokens: int = CAPTION_TOKENS
    compile: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PlanBatch:
    """Layouts as ``values`` (B, C, t, 1, P + 1), hashed text ``features``, ``frame`` (B, 3), number of the ``first`` latent frame (B,), and
    ``facts`` (B, n) as the stage "text" lists them, -1 where there is no caption."""

    values: Tensor
    features: Tensor
    frame: Tensor
    first: Tensor
    facts: Tensor


class Example(NamedTuple):
    """A scene's layout from latent frame ``first`` on, a caption of it, how long it lasts, and its facts."""

    layout: Layout
    caption: str
    seconds: float
    first: int
    facts: list[int]


def in_view(scene: Scene, aspect: float) -> Scene:
    """``scene`` with whoever travels a long way beginning inside the picture, where it does not come in."""
    half = aspect / 2

    def placed(player: Player) -> Player:
        if player.direction is Direction.NONE or player.action is Action.ENTER:
            return player
        room = max(half - 0.35 * player.size, 0.05)
        return replace(player, x=min(max(player.x, -room), room))

    return replace(scene, players=tuple(placed(player) for player in scene.players))


def followed(scene: Scene) -> Scene:
    """``scene`` with its camera going along with the first player, who stands in the middle of its way."""
    first = scene.players[0]
    return replace(scene, camera=Camera(CameraMove.FOLLOW), players=(replace(first, x=first.x * 0.3), *scene.players[1:]))


def says_camera(caption: str) -> bool:
    """Whether ``caption`` says how the camera moves, or that it does not; then it must be true of the layout."""
    return any(match.entry.kind is Kind.CAMERA for match in load_lexicon().read(caption).matches)


class PlanDataset(Dataset[PlanBatch]):
    """Batch n of layouts with captions."""

    def __init__(self, config: PlannerStageConfig) -> None:
        self.config = config
        self.ids, self.tier = tuple(load_cast(config.tier)), TIERS[config.tier]
        self.collate = TextEncoder(config.model.text).collate

    def __getitem__(self, step: int) -> PlanBatch:
        config, rng = self.config, random.Random(f"plan/{self.config.seed}/{step}")
        length = rng.choices(list(LENGTHS), list(LENGTHS.values()))[0]
        size = max(2, min(config.most, config.tokens // (length * (config.model.slots + 1))))
        rows, columns = rng.choice(CANVASES)
        parts, texts, frames, firsts, facts = [], [], [], [], []
        for _ in range(size):
            example = self.example(rng, length, rows, columns)
            parts.append(example.layout)
            firsts.append(example.first)
            untold = rng.random() < config.text_dropout
            texts.append("" if untold else example.caption)
            facts.append([-1] * len(example.facts) if untold else example.facts)
            frames.append(frame_numbers(rows, columns, example.seconds))
        values = to_values(stack_layouts(parts, [True] * size), config.model.classes)
        features = self.collate(texts, config.caption_tokens)[:, : config.caption_tokens]
        return PlanBatch(values, features, torch.tensor(frames), torch.tensor(firsts), torch.tensor(facts))

    def example(self, rng: random.Random, length: int, rows: int, columns: int) -> Example:
        """A scene of ``length`` latent frames, or the same without the picture that it begins with."""
        later = int(length > 1 and rng.random() < MIDDLES)
        shape = VideoShape(TIME_STRIDE * (length + later - 1) + 1, SPACE_STRIDE * rows, SPACE_STRIDE * columns, 24.0)
        seconds = max(shape.num_frames / shape.fps, 1.0)
        aspect = columns / rows
        draw = Draw(self.tier.name, self.ids, aspect, shape.height, seconds, second_player=self.config.second_player)
        film = draw_film(draw, rng)
        told = film
        if self.tier is SMALL:
            scene, drawn = film.shots[0], film.shots[0].camera
            if scene.players[0].action in GOES_AWAY and seconds > FOLLOWED_FROM and scene.camera.move is CameraMove.STATIC:
                scene = followed(scene) if rng.random() < FOLLOWED else scene
            film = Film((in_view(scene, aspect),))
            told = film if rng.random() < SAYS_SO else Film((replace(film.shots[0], camera=drawn),))
        complete = self.config.complete > 0 and rng.random() < self.config.complete
        caption = canonical_caption(told.shots[0], rng.choice(LANGUAGES)) if complete else tell(told, rng)
        layout = film_layout(told if says_camera(caption) else film, shape, self.ids, self.config.model.slots)
        return Example(layout.part(later, length + later), caption, seconds, later, facts_of(told.shots[0], self.ids, self.tier))


class PlannerLessons(nn.Module):
    """The planner and, while it learns, linear readings of every fact: a scene's of its pooled text, a player's of what is said of it."""

    def __init__(self, planner: Planner, tier: Tier, relation_weight: float = 1.0) -> None:
        super().__init__()
        self.planner = planner
        self.relation_weight = relation_weight
        self.sizes = fact_sizes(tier)
        dim = planner.config.text_dim
        self.scene = nn.ModuleDict({name: nn.Linear(dim, self.sizes[name]) for name in SCENE_FACTS})
        self.player = nn.ModuleDict({name: nn.Linear(dim, self.sizes.get(f"{name}_1", 3)) for name in PLAYER_FACTS})

    def reading(self, text: EncodedText, who: Tensor, facts: Tensor) -> Tensor:
        """Cross-entropy of a scene's facts, summed over them, the mean over captions.

        Args:
            who: Class of each slot, (B, P).
            facts: (B, n), as ``facts_of`` lists them, -1 where there is no caption.
        """
        names = list(self.sizes)
        told = (facts[:, 0] >= 0).sum().clamp(min=1)
        losses = [apart(head(text.pooled), facts[:, names.index(name)]) for name, head in self.scene.items()]
        about = self.planner.about(who, text)
        for slot in range(min(who.shape[1], 2)):
            for name, head in self.player.items():
                fact = facts[:, names.index(name if name in RELATIONS else f"{name}_{slot + 1}")]
                if name in RELATIONS and slot:
                    fact = OTHER.to(fact.device)[fact]
                weight = self.relation_weight if name in RELATIONS else 1.0
                losses.append(weight * apart(head(about[:, slot]), fact))
        return torch.stack(losses).sum() / told


def apart(logits: Tensor, facts: Tensor) -> Tensor:
    """Summed cross-entropy; -1 is not asked."""
    return F.cross_entropy(logits.float(), facts, ignore_index=-1, reduction="sum")


@torch.no_grad()
def know_names(planner: Planner, cast: Mapping[str, Character]) -> None:
    """Lets every player look for its own name from the start, in both languages; what stands beside it is left to be learnt.

    Found by chance it is not: a name that looks at the wrong word learns nothing of the right one.
    """
    about, first = planner.about, planner.about.looks[0]
    assert isinstance(first, Look)
    for language in ("en", "zh"):
        words = torch.stack([spoken(planner.text_encoder, getattr(character, language)) for character in cast.values()])
        about.name[1:] += F.normalize(words - words.mean(0), dim=1) * words.shape[1] ** 0.5
    nn.init.eye_(first.query.weight)
    nn.init.eye_(first.words.weight[: first.query.weight.shape[0]])


def spoken(encoder: TextEncoder, names: Sequence[str]) -> Tensor:
    """The mean token of several names, (D,)."""
    text = encoder.encode(names)
    said = text.mask.clone()
    said[:, 0] = False
    return text.tokens[said].mean(0)


class PlannerStage:
    """The planner as the loop sees it."""

    def __init__(self, config: PlannerStageConfig, workers: int = 1) -> None:
        self.config, self.workers = config, workers
        self.dataset = PlanDataset(config)
        torch.manual_seed(config.seed)
        if config.start:
            planner = load_planner(Path(config.start)).train().requires_grad_(True)
        else:
            planner = Planner(config.model)
            if not weights_path(Path(config.text), "text_encoder").is_file():
                raise TrainingError(f"no text encoder under {config.text}; run the stage 'text' first")
            known = load_text_encoder(Path(config.text)).state_dict()
            planner.text_encoder.load_state_dict(planner.text_encoder.state_dict() | known)
            several = [self.dataset[-1 - index].values.transpose(0, 1).flatten(1) for index in range(SPREAD)]
            know_names(planner, load_cast(config.tier))
            planner.network.latent_deviation[: config.model.channels] = torch.cat(several, dim=1).std(1).clamp(min=0.02)
        if config.compile:
            planner.network.compile_blocks(dynamic=False)
        self.model = PlannerLessons(planner, TIERS[config.tier], config.relation_weight)

    def hidden_parameters(self) -> list[torch.nn.Parameter]:
        """Matrices of the blocks and of the layers that read."""
        planner = self.model.planner
        named = [
            each for part in (planner.network.blocks, planner.text_encoder.layers, planner.about.looks) for each in part.named_parameters()
        ]
        return [parameter for name, parameter in named if parameter.ndim == 2 and "table" not in name]

    def batches(self, first_step: int) -> Iterator[PlanBatch]:
        loader = DataLoader(
            self.dataset, batch_size=None, sampler=range(first_step, 10_000_000), num_workers=self.workers, worker_init_fn=one_thread
        )
        yield from loader

    def loss(self, batch: PlanBatch, generator: torch.Generator, share_done: float) -> tuple[Tensor, Metrics]:
        planner = self.model.planner
        device = planner.frame.weight.device
        x0 = batch.values.to(device)
        size, _, frames, _, _ = x0.shape
        levels = torch.Generator().manual_seed(int(torch.randint(0, 2**31, (1,), generator=generator, device=device)))
        sigma = frame_noise_levels(size, frames, levels).to(device)
        noise = torch.randn(x0.shape, generator=generator, device=device)
        text = planner.text_encoder(batch.features.to(device))
        rates = torch.full((size,), 24.0, device=device)
        numbers = batch.first.to(device).unsqueeze(1) + torch.arange(frames, device=device)
        noisy = torch.cat([add_noise(x0[:, :NUMBERS], noise[:, :NUMBERS], sigma), x0[:, NUMBERS:]], dim=1)
        velocity = planner(noisy, sigma, text, batch.frame.to(device), rates, numbers)
        error = (velocity - velocity_target(x0, noise)).square()[:, :NUMBERS]
        level, deviation = sigma.clamp(min=MIN_SIGMA), planner.network.latent_deviation[:NUMBERS]
        weight = level.square() / wiener_error(level, deviation)
        players = (error[..., :-1].mean((1, 3, 4)) * weight).mean()
        camera = (error[:, :CAMERA, ..., -1].mean((1, 3)) * weight).mean()
        who = x0[:, NUMBERS:, 0, 0, :-1].argmax(1)
        cast = F.cross_entropy(planner.read_cast(text).float().flatten(0, 1), who.flatten())
        reading = self.model.reading(text, who, batch.facts.to(device))
        named = {"players": players, "camera": camera, "cast": cast, "reading": reading}
        total = players + self.config.camera_weight * camera + self.config.reading_weight * (cast + reading)
        return total, {name: float(value.detach()) for name, value in named.items()}

    def save(self, folder: Path, values: dict[str, Tensor], provenance: dict[str, str]) -> None:
        """Writes the planner in eight bits; the readings were only its teacher."""
        model = PlannerLessons(Planner(self.config.model), TIERS[self.config.tier])
        model.load_state_dict(values)
        save_model(folder, "planner", model.planner, dtype=torch.int8, **provenance)

    def preview(self, folder: Path, step: int) -> None:
        """Plans are judged by who follows them; the curve says the rest."""

"""Batches for the parser: rendered clips with their truth, and simulated tracks; batch n depends on (seed, n) alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from misora.base.shapes import VideoShape
from misora.models.parser.config import RATE, ParserConfig
from misora.models.parser.model import earlier_index
from misora.training.degrade import degrade
from misora.training.parser_tracks import blur_track, simulate_background, simulate_tracks, track_inputs
from misora.training.parser_truth import ClipTruth, facts_of, index_of, truth_of
from misora.training.streams import CropConfig, one_thread, window_on_player
from misora.world.assets import load_atlas
from misora.world.program import Scene
from misora.world.render import Renderer
from misora.world.scenes import Draw, draw_scene
from misora.world.tier import TIERS

ASPECTS = ((1.0, 4), (16 / 9, 2), (9 / 16, 1))
"""Width over height of the canvases, and how often each is drawn."""
SECONDS = ((2.0, 5), (3.0, 2), (5.0, 1))
"""Lengths, and how often each is drawn."""
HEIGHTS = (256, 256, 320, 480)
"""Canvas heights in pixels that players are sized for: they look small on a tall canvas."""
CROP_SIDE, CROP_FRAMES = 80, 9
"""Windows on players: pixels of the parser's canvas, and frames."""
SEARCHES = 100
"""Draws after which a wanted action or camera move is given up."""
STILL_SHARE, CUT_SHARE = 0.05, 0.08
"""Pairs that are one frame twice, as in a still, and pairs of two clips, as at a cut."""


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """What a batch holds.

    Args:
        seconds: Of rendered clips in a batch, all together; long clips come in smaller numbers.
        pairs: Frames of each clip that the frame network learns from.
        crops: Windows on a player in a batch of them; such batches teach who is who at a quarter of a whole frame's cost.
        whole_every: One batch in so many is of whole clips, the others are of windows; 1 is always.
        read: Whole clips of such a batch that are read back for the track networks to learn from.
        tracks: Simulated clips for the track networks.
        seed: Of everything drawn.
        full_share: Share of clips that are of the full tier, the others of the small one.
        frames: Frames that are rendered of each whole clip; 0 is all.
    """

    seconds: float = 24.0
    pairs: int = 4
    crops: int = 24
    whole_every: int = 3
    read: int = 1
    tracks: int = 64
    seed: int = 0
    full_share: float = 0.0
    frames: int = 0


@dataclass(frozen=True, slots=True)
class TrackBatch:
    """What the track networks learn from: player sequences (N, 23, T) with their action and direction (N,), clip sequences (M, inputs, T)
    with their camera move (M,)."""

    players: Tensor
    actions: Tensor
    directions: Tensor
    clips: Tensor
    moves: Tensor


@dataclass(frozen=True, slots=True)
class ParserBatch:
    """One step.

    Args:
        frames, earlier: Chosen frames and those a quarter second before, (N, 3, H, W) in [-1, 1].
        cells, colours, boxes: Truth of the chosen frames; see ``ClipTruth``.
        place, time, weather: Class of each chosen frame, (N,).
        cut: 1 where the earlier frame is another clip's, (N,).
        tracks: Simulated.
        clips, truths: Whole clips (T, 3, H, W), degraded too: the track networks learn from what is read of them. None with windows.
    """

    frames: Tensor
    earlier: Tensor
    cells: Tensor
    colours: Tensor
    boxes: Tensor
    place: Tensor
    time: Tensor
    weather: Tensor
    cut: Tensor
    tracks: TrackBatch
    clips: tuple[Tensor, ...] = ()
    truths: tuple[ClipTruth, ...] = ()

    @property
    def is_whole(self) -> bool:
        return bool(self.clips)


def draw_evenly(draw: Draw, parser: ParserConfig, rng: random.Random) -> Scene:
    """A scene in which rare actions and camera moves of those that ``parser`` names come as often as the others."""
    kind, tier = rng.random(), TIERS[draw.tier]
    wanted_action = rng.choice([action for action in tier.actions if action in parser.actions]) if kind < 0.35 else None
    wanted_move = rng.choice([move for move in tier.camera_moves if move in parser.cameras]) if kind > 0.65 else None
    for _ in range(SEARCHES):
        scene = draw_scene(draw, rng)
        if wanted_action in (None, scene.players[0].action) and wanted_move in (None, scene.camera.move):
            break
    return scene


class ParserDataset(Dataset[ParserBatch]):
    """Batch n, for any n."""

    def __init__(self, assets: Path, config: ClipConfig, parser: ParserConfig) -> None:
        self.assets, self.config, self.parser = assets, config, parser
        self._renderer: Renderer | None = None

    def renderer(self) -> Renderer:
        if self._renderer is None:
            self._renderer = Renderer(load_atlas(self.assets))
        return self._renderer

    def __getitem__(self, step: int) -> ParserBatch:
        rng = random.Random(f"parser/{self.config.seed}/{step}")
        aspect = rng.choices([aspect for aspect, _ in ASPECTS], [often for _, often in ASPECTS])[0]
        seconds = rng.choices([seconds for seconds, _ in SECONDS], [often for _, often in SECONDS])[0]
        height, width = self.parser.canvas(1000, round(1000 * aspect))
        shape = VideoShape(round(seconds * RATE), height, width, RATE)
        is_whole = step % self.config.whole_every == 0
        count = max(1, round(self.config.seconds / seconds)) if is_whole else self.config.crops
        clips = [self._clip(shape, rng) if is_whole else self._crop(shape, rng) for _ in range(count)]
        chosen = [self._pairs(frames, truth, rng) for frames, truth in clips]
        frames, earlier, cells, colours, boxes = (torch.cat(parts) for parts in zip(*chosen, strict=True))
        earlier, cut = with_cuts(earlier, self.config.pairs, rng)
        read = clips[: self.config.read] if is_whole else []
        return ParserBatch(
            frames=frames,
            earlier=earlier,
            cells=cells,
            colours=colours,
            boxes=boxes,
            place=self._told([truth.place for _, truth in clips]),
            time=self._told([truth.time for _, truth in clips]),
            weather=self._told([truth.weather for _, truth in clips]),
            cut=cut,
            tracks=self._tracks(shape, rng),
            clips=tuple(degrade(clip, torch.arange(shape.num_frames), rng) / 127.5 - 1 for clip, _ in read),
            truths=tuple(truth for _, truth in read),
        )

    def _told(self, classes: list[int]) -> Tensor:
        """One class a clip as one a frame."""
        return torch.tensor(classes).repeat_interleave(self.config.pairs)

    def _scene(self, shape: VideoShape, rng: random.Random) -> Scene:
        return draw_evenly(self._draw(shape, rng), self.parser, rng)

    def _draw(self, shape: VideoShape, rng: random.Random) -> Draw:
        tier = "full" if rng.random() < self.config.full_share else "small"
        return Draw(
            tier,
            [character for character in self.renderer().atlas.ids if character in self.parser.characters],
            aspect=shape.width / shape.height,
            height=rng.choice(HEIGHTS),
            seconds=shape.seconds,
            second_player=0.4,
        )

    def _clip(self, shape: VideoShape, rng: random.Random) -> tuple[Tensor, ClipTruth]:
        scene = self._scene(shape, rng)
        shown = replace(shape, num_frames=self.config.frames or shape.num_frames)
        rendering = self.renderer().render(scene, shown)
        return rendering.frames.movedim(-1, 1), truth_of(scene, rendering, shown, self.parser)

    def _crop(self, shape: VideoShape, rng: random.Random) -> tuple[Tensor, ClipTruth]:
        """The first second of a clip, as a window on a player."""
        short = replace(shape, num_frames=min(shape.num_frames, CROP_FRAMES))
        scene = self._scene(shape, rng)
        side = min(CROP_SIDE, shape.height, shape.width)
        window = window_on_player(scene, short, CropConfig(side=side, on_player=1.0), rng)
        rendering = self.renderer().render(scene, short, window)
        truth = truth_of(scene, rendering, replace(short, height=side, width=side), self.parser)
        return rendering.frames.movedim(-1, 1), truth

    def _pairs(self, frames: Tensor, truth: ClipTruth, rng: random.Random) -> tuple[Tensor, ...]:
        """Some frames with those before them; now and then a frame with itself, as in a still."""
        chosen = torch.tensor([rng.randrange(len(frames)) for _ in range(self.config.pairs)])
        before = earlier_index(len(frames))[chosen]
        still = torch.tensor([rng.random() < STILL_SHARE for _ in chosen])
        before = torch.where(still, chosen, before)
        now, earlier = (degrade(frames, torch.cat([chosen, before]), rng) / 127.5 - 1).chunk(2)
        return now, earlier, truth.cells[chosen], truth.colours[chosen], truth.boxes[chosen]

    def _tracks(self, shape: VideoShape, rng: random.Random) -> TrackBatch:
        generator = torch.Generator().manual_seed(rng.randrange(2**31))
        atlas, aspect = self.renderer().atlas, shape.width / shape.height
        players, facts, clips, moves = [], [], [], []
        for _ in range(self.config.tracks):
            scene, level = self._scene(shape, rng), rng.random() ** 2
            motion = simulate_background(scene, shape.num_frames, generator, level)
            tracks = simulate_tracks(scene, atlas, shape.num_frames, aspect)
            mine, clip = track_inputs([blur_track(track, generator, level) for track in tracks], motion, self.parser, rng)
            players += mine
            facts += [facts_of(player, self.parser) for player in scene.players]
            clips.append(clip)
            moves.append(index_of(scene.camera.move, self.parser.cameras))
        told = torch.tensor(facts)
        return TrackBatch(torch.stack(players), told[:, 1], told[:, 2], torch.stack(clips), torch.tensor(moves))


def with_cuts(earlier: Tensor, pairs: int, rng: random.Random) -> tuple[Tensor, Tensor]:
    """``earlier`` (N, 3, H, W), ``pairs`` of each clip, with some taken from the next clip, and 1 for each of those, (N,)."""
    several = len(earlier) > pairs
    cut = torch.tensor([several and rng.random() < CUT_SHARE for _ in earlier])
    return torch.where(cut.view(-1, 1, 1, 1), earlier.roll(-pairs, 0), earlier), cut.float()


def parser_stream(dataset: ParserDataset, first_step: int, workers: int) -> Iterator[ParserBatch]:
    """Batches from ``first_step`` on, made ahead by ``workers`` processes."""
    loader = DataLoader(
        dataset,
        batch_size=None,
        sampler=range(first_step, 10_000_000),
        num_workers=workers,
        worker_init_fn=one_thread,
        prefetch_factor=3 if workers else None,
    )
    yield from loader

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
from misora.training.parser_tracks import blur_camera, blur_track, simulate_track, track_inputs
from misora.training.parser_truth import ClipTruth, camera_truth, facts_of, truth_of
from misora.training.streams import CropConfig, one_thread, window_on_player
from misora.world.assets import load_atlas
from misora.world.casting import SPEEDS, Casting, sample_scene
from misora.world.program import Scene
from misora.world.render import Renderer
from misora.world.tier import SMALL

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


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """What a batch holds.

    Args:
        seconds: Of rendered clips in a batch, all together; long clips come in smaller numbers.
        pairs: Frames of each clip that the frame network learns from.
        crops: Windows on a player in a batch of them; such batches teach who is who at a quarter of a whole frame's cost.
        whole_every: One batch in so many is of whole clips, the others are of windows; 1 is always.
        tracks: Simulated clips for the track networks.
        seed: Of everything drawn.
    """

    seconds: float = 24.0
    pairs: int = 4
    crops: int = 24
    whole_every: int = 3
    tracks: int = 64
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TrackBatch:
    """What the track networks learn from: player sequences (N, 9, T) with their action and direction (N,), clip sequences (M, inputs, T)
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
        cells, boxes, camera: Truth of the chosen frames; see ``ClipTruth``.
        place, time: Class of each chosen frame, (N,).
        clip, truth: One whole clip (T, 3, H, W), degraded too: the track networks learn from what is read of it. None with windows.
        tracks: Simulated.
    """

    frames: Tensor
    earlier: Tensor
    cells: Tensor
    boxes: Tensor
    camera: Tensor
    place: Tensor
    time: Tensor
    tracks: TrackBatch
    clip: Tensor | None = None
    truth: ClipTruth | None = None

    @property
    def is_whole(self) -> bool:
        return self.clip is not None


def draw_scene(casting: Casting, rng: random.Random) -> Scene:
    """A scene in which rare actions and camera moves come as often as the others."""
    kind = rng.random()
    wanted_action = rng.choice(list(SPEEDS)) if kind < 0.35 else None
    wanted_move = rng.choice(SMALL.camera_moves) if kind > 0.65 else None
    for _ in range(SEARCHES):
        scene = sample_scene(casting, rng)
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
        frames, earlier, cells, boxes, camera = (torch.cat(parts) for parts in zip(*chosen, strict=True))
        return ParserBatch(
            frames=frames,
            earlier=earlier,
            cells=cells,
            boxes=boxes,
            camera=camera,
            place=torch.tensor([truth.place for _, truth in clips]).repeat_interleave(self.config.pairs),
            time=torch.tensor([truth.time for _, truth in clips]).repeat_interleave(self.config.pairs),
            tracks=self._tracks(shape, rng),
            clip=degrade(clips[0][0], torch.arange(shape.num_frames), rng) / 127.5 - 1 if is_whole else None,
            truth=clips[0][1] if is_whole else None,
        )

    def _casting(self, shape: VideoShape, rng: random.Random) -> Casting:
        return Casting(
            self.renderer().atlas.ids,
            aspect=shape.width / shape.height,
            height=rng.choice(HEIGHTS),
            seconds=shape.seconds,
            second_player=0.4,
        )

    def _clip(self, shape: VideoShape, rng: random.Random) -> tuple[Tensor, ClipTruth]:
        scene = draw_scene(self._casting(shape, rng), rng)
        rendering = self.renderer().render(scene, shape)
        return rendering.frames.movedim(-1, 1), truth_of(scene, rendering, shape, self.parser)

    def _crop(self, shape: VideoShape, rng: random.Random) -> tuple[Tensor, ClipTruth]:
        """The first second of a clip, as a window on a player."""
        short = replace(shape, num_frames=min(shape.num_frames, CROP_FRAMES))
        scene = draw_scene(self._casting(shape, rng), rng)
        side = min(CROP_SIDE, shape.height, shape.width)
        window = window_on_player(scene, short, CropConfig(side=side, on_player=1.0), rng)
        rendering = self.renderer().render(scene, short, window)
        truth = truth_of(scene, rendering, replace(short, height=side, width=side), self.parser)
        return rendering.frames.movedim(-1, 1), truth

    def _pairs(self, frames: Tensor, truth: ClipTruth, rng: random.Random) -> tuple[Tensor, ...]:
        """Some frames with those before them; now and then a frame with itself, as in a still, where the camera stands."""
        chosen = torch.tensor([rng.randrange(len(frames)) for _ in range(self.config.pairs)])
        before = earlier_index(len(frames))[chosen]
        still = torch.tensor([rng.random() < 0.05 for _ in chosen])
        before = torch.where(still, chosen, before)
        camera = torch.where(still.unsqueeze(1), 0, truth.camera[chosen])
        now, earlier = (degrade(frames, torch.cat([chosen, before]), rng) / 127.5 - 1).chunk(2)
        return now, earlier, truth.cells[chosen], truth.boxes[chosen], camera

    def _tracks(self, shape: VideoShape, rng: random.Random) -> TrackBatch:
        generator = torch.Generator().manual_seed(rng.randrange(2**31))
        atlas, aspect = self.renderer().atlas, shape.width / shape.height
        players, facts, clips, moves = [], [], [], []
        for _ in range(self.config.tracks):
            scene, level = draw_scene(self._casting(shape, rng), rng), rng.random() ** 2
            camera = blur_camera(camera_truth(scene, shape.num_frames), generator, level)
            tracks = [simulate_track(scene, index, atlas, shape.num_frames, aspect) for index in range(len(scene.players))]
            mine, clip = track_inputs([blur_track(track, generator, level) for track in tracks], camera, self.parser, rng)
            players += mine
            facts += [facts_of(player, self.parser) for player in scene.players]
            clips.append(clip)
            moves.append(self.parser.cameras.index(scene.camera.move))
        told = torch.tensor(facts)
        return TrackBatch(torch.stack(players), told[:, 1], told[:, 2], torch.stack(clips), torch.tensor(moves))


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

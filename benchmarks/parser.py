"""How well the shipped parsers read held-out clips of the stage: shares of facts with 95 % intervals, clean and after what befalls clips.

    python benchmarks/parser.py [--clips 256] [--kind judge] [--tier small] [--size 256x256] [--seconds 2] [--only clean,blurred]

Scenes are drawn from the combinations that training refuses, as for `misora eval`; with --tier full, films in any place and
weather, some with painted players and cuts. Needs the sprite atlas: misora world build.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from misora.base.canvas import Frames
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, parse_size
from misora.evaluation.films import held_out_films
from misora.evaluation.makers import StageMaker, reconstruct
from misora.evaluation.prompts import held_out_prompts
from misora.evaluation.shots import check_shots, read_shots
from misora.evaluation.statistics import mean, share
from misora.evaluation.tables import WHOLE, adherence
from misora.evaluation.tracking import TrackCheck, check_tracks
from misora.media.decode import read_video
from misora.media.encode import write_video
from misora.media.fit import fit_frames
from misora.models.registry import load_parser, load_video_vae
from misora.pipelines.adherence import FACTS, Check
from misora.pipelines.streaming import VideoCodec
from misora.training.degrade import blur
from misora.world.tier import TIERS

SEED = 7
"""Other prompts than those of `misora eval`."""


def encoded(frames: Frames) -> Frames:
    """Through H.264 as a stingy site would."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_video(path, frames, 24, crf=36)
        return read_video(path).frames


def blurred(frames: Frames) -> Frames:
    """Shrunk to 40 % and enlarged again."""
    pixels = torch.from_numpy(frames).movedim(-1, 1).float()
    return blur(pixels, 0.4).round().clamp(0, 255).to(torch.uint8).movedim(1, -1).numpy()


def noisy(frames: Frames) -> Frames:
    noise = np.random.default_rng(0).normal(0, 12, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=256)
    parser.add_argument("--kind", choices=("judge", "critic"), default="judge")
    parser.add_argument("--tier", choices=tuple(TIERS), default="small")
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--seconds", type=float, default=None, help="default: 2, in the full tier 3")
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    height, width = parse_size(args.size)
    seconds = args.seconds or {"small": 2.0, "full": 3.0}[args.tier]
    shape = VideoShape(round(seconds * 24), height, width, 24)
    settings = load_settings()
    torch.set_num_threads(settings.threads)
    folder = args.weights or settings.weights
    reader = load_parser(folder, "judge", torch.bfloat16) if args.kind == "judge" else load_parser(folder, "critic", torch.bfloat16)
    stage, codec = StageMaker(settings.assets), VideoCodec(load_video_vae(settings.weights))
    changes: dict[str, Callable[[Frames], Frames]] = {
        "clean": lambda frames: frames,
        "H.264 at crf 36": encoded,
        "blurred to 40 %": blurred,
        "noise of 12 levels": noisy,
        "scaled to 128 high": lambda frames: fit_frames(frames, 128, 128 * width // height // 2 * 2),
        "autoencoder": lambda frames: reconstruct(codec, frames, shape),
    }
    wanted = [name for name in changes if not args.only or any(part in name for part in args.only.split(","))]
    judged: dict[str, list[list[Check]]] = {name: [] for name in wanted}
    tracked: dict[str, list[TrackCheck]] = {name: [] for name in wanted}
    nearer: dict[str, list[bool]] = {name: [] for name in wanted}
    listed = held_out_prompts if args.tier == "small" else held_out_films
    for prompt in listed(args.clips, shape, [name for name in stage.characters if name in reader.config.characters], SEED):
        rendering = stage.render(prompt, shape)
        frames = rendering.frames.numpy()
        for name in wanted:
            readings = read_shots(reader, changes[name](frames), 24, len(prompt.film.shots))
            judged[name].append(check_shots(prompt, readings))
            if len(prompt.film.shots) == 1:
                tracks, pairs = check_tracks(readings.whole, prompt.scene, rendering, 24)
                tracked[name] += tracks
                nearer[name] += pairs
    tables = {name: adherence(checks) for name, checks in judged.items()}
    facts = [fact for fact in (*FACTS, WHOLE) if any(table[fact].count for table in tables.values())]
    print(f"{args.kind}, {args.clips} held-out clips of the {args.tier} tier, {args.size}, {seconds:g} s\n")
    print(f"| clips | {' | '.join(facts)} |\n| --- |{' --- |' * len(facts)}")
    for name, table in tables.items():
        cells = [f"{figure.value:.1%} [{figure.low:.1%}, {figure.high:.1%}] {figure.count}" for figure in map(table.__getitem__, facts)]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\n| tracks | place off, of the picture's height | height off | in view, said right | nearer of two |\n|" + " --- |" * 5)
    for name, tracks in tracked.items():
        figures = [mean([getattr(track, value) for track in tracks]) for value in ("place_off", "height_off", "seen_right")]
        figures.append(share(sum(nearer[name]), len(nearer[name])))
        cells = [f"{figure.value:.1%} [{figure.low:.1%}, {figure.high:.1%}] {figure.count}" for figure in figures]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()

"""How well the shipped autoencoder keeps held-out clips of the stage: PSNR whole and inside players, with 95 % intervals.

    python benchmarks/autoencoder.py [--clips 16] [--size 832x480] [--frames 17]

Scenes are drawn from the combinations that training refuses. Needs the sprite atlas: misora world build.
"""

from __future__ import annotations

import argparse
import random
import statistics

import numpy as np
import torch

from misora.base.settings import load_settings
from misora.base.shapes import VideoShape, parse_size
from misora.models.registry import load_video_vae
from misora.pipelines.streaming import VideoCodec
from misora.training.losses import psnr
from misora.training.pixels import to_pixels
from misora.world.assets import load_atlas
from misora.world.casting import Casting, sample_scene
from misora.world.render import Renderer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--size", default="832x480")
    parser.add_argument("--frames", type=int, default=17)
    args = parser.parse_args()
    height, width = parse_size(args.size)
    settings = load_settings()
    torch.set_num_threads(settings.threads)
    codec, renderer = VideoCodec(load_video_vae(settings.weights)), Renderer(load_atlas(settings.assets))
    shape, rng = VideoShape(args.frames, height, width, 24), random.Random("held-out clips")
    casting = Casting(renderer.atlas.ids, aspect=width / height, height=height, seconds=shape.seconds, held_out=True)
    kept: dict[str, list[float]] = {"all pixels": [], "inside players": [], "inside, first picture": [], "inside, the others": []}
    for _ in range(args.clips):
        rendering = renderer.render(sample_scene(casting, rng), shape)
        players = (rendering.instance > 0).unsqueeze(0).unsqueeze(0)
        back = np.concatenate(list(codec.decode([codec.encode(rendering.frames.numpy())])))
        pixels, decoded = to_pixels(rendering.frames.unsqueeze(0)), to_pixels(torch.from_numpy(back).unsqueeze(0))
        kept["all pixels"].append(psnr(decoded, pixels))
        for name, times in (("inside players", slice(None)), ("inside, first picture", slice(1)), ("inside, the others", slice(1, None))):
            if players[:, :, times].any():
                kept[name].append(psnr(decoded[:, :, times], pixels[:, :, times], players[:, :, times]))
    print(f"| held-out clips, {args.size}, {args.frames} frames | PSNR dB (mean ± 95 %) | N |\n| --- | --- | --- |")
    for name, values in kept.items():
        print(f"| {name} | {statistics.mean(values):.2f} ± {1.96 * statistics.stdev(values) / len(values) ** 0.5:.2f} | {len(values)} |")


if __name__ == "__main__":
    main()

"""How much latent cells of several shapes and widths can hold before any network: principal components of the stage's clips.

    python benchmarks/cells.py [--learnt 60] [--batches 16]

As for the autoencoder's linear path, pixels are averaged over 4 x 4 x 2 first. Crops are of 128 x 128 and 16 frames, most of them on a
player; those that are measured are of another seed. Needs the sprite atlas: misora world build.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.settings import load_settings
from misora.models.video_vae.config import LINEAR_POOL, PATCH_TIME
from misora.training.losses import psnr
from misora.training.pixels import to_pixels
from misora.training.recipes import autoencoder_small
from misora.training.streams import CropBatch, CropDataset

SHAPES = {(32, 8): (64, 96, 128, 192, 256), (32, 4): (32, 64, 96, 128), (16, 8): (24, 32, 48, 64), (16, 4): (24, 32, 48)}
"""Pixels and frames of a cell, and the channels that are tried."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learnt", type=int, default=60, help="batches of four crops that the components are taken from")
    parser.add_argument("--batches", type=int, default=16, help="batches of four crops that are measured")
    args = parser.parse_args()
    settings, crops = load_settings(), autoencoder_small()[0].crops
    torch.set_num_threads(settings.threads)
    learnt, measured = (
        [CropDataset(settings.assets, replace(crops, seed=seed))[-1 - number] for number in range(count)]
        for seed, count in ((5, args.learnt), (6, args.batches))
    )
    print("| cell | channels | values for one | PSNR dB, all pixels | inside players | N |\n| --- | --- | --- | --- | --- | --- |")
    for (space, time), widths in SHAPES.items():
        patches = torch.cat([cells(video_of(batch), space, time).flatten(0, 3) for batch in learnt])
        mean = patches.mean(0)
        axes = torch.linalg.eigh((patches - mean).T @ (patches - mean)).eigenvectors.flip(1)
        for channels in widths:
            whole, inside = kept(measured, space, time, mean, axes[:, :channels])
            row = f"{statistics.mean(whole):.2f} | {statistics.mean(inside):.2f} | {len(inside)}"
            print(f"| {space}x{space}x{time} | {channels} | {3 * space**2 * time / channels:.0f} | {row} |", flush=True)


def video_of(batch: CropBatch) -> Tensor:
    """Whole groups of eight frames, (B, 3, 16, H, W) in [-1, 1]."""
    return to_pixels(batch.frames)[:, :, 1:]


def cells(video: Tensor, space: int, time: int) -> Tensor:
    """(B, 3, T, H, W) averaged and cut into cells, (B, t, h, w, values)."""
    small = F.avg_pool3d(video, (PATCH_TIME, LINEAR_POOL, LINEAR_POOL))
    side = space // LINEAR_POOL
    parts = small.unflatten(4, (-1, side)).unflatten(3, (-1, side)).unflatten(2, (-1, time // PATCH_TIME))
    out: Tensor = parts.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4)
    return out


def pixels_of(values: Tensor, space: int, time: int) -> Tensor:
    """Inverse of ``cells``, every average shown where it was taken."""
    side = space // LINEAR_POOL
    parts = values.unflatten(4, (3, time // PATCH_TIME, side, side)).permute(0, 4, 1, 5, 2, 6, 3, 7)
    small = parts.flatten(6).flatten(4, 5).flatten(2, 3)
    return small.repeat_interleave(PATCH_TIME, 2).repeat_interleave(LINEAR_POOL, 3).repeat_interleave(LINEAR_POOL, 4)


def kept(batches: list[CropBatch], space: int, time: int, mean: Tensor, axes: Tensor) -> tuple[list[float], list[float]]:
    """PSNR of each crop, whole and, where there is a player, inside."""
    whole, inside = [], []
    for batch in batches:
        video, players = video_of(batch), batch.players[:, 1:].unsqueeze(1)
        back = pixels_of((cells(video, space, time) - mean) @ axes @ axes.T + mean, space, time)
        for shown, true, mask in zip(back, video, players, strict=True):
            whole.append(psnr(shown, true))
            if mask.any():
                inside.append(psnr(shown, true, mask))
    return whole, inside


if __name__ == "__main__":
    main()

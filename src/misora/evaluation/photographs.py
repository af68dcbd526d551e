"""Photographs under synthetic camera moves, for an autoencoder that has seen only the stage: what becomes of a picture that a user pins."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.base.shapes import VideoShape
from misora.media.fit import fit_frames
from misora.media.stills import read_image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
ROOM = 0.15
"""Share of the picture that a move may leave at each edge."""


def photographs(folder: Path) -> list[Path]:
    """The pictures of ``folder``, by name; raises InputError where there are none."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not found:
        raise InputError(f"photos={str(folder)!r} holds no picture ({', '.join(SUFFIXES)}); give a folder that does", field="photos")
    return found


def moved(path: Path, shape: VideoShape) -> Frames:
    """A clip of ``shape`` of one photograph: a pan and a zoom at one speed, drawn by the file's name."""
    rng = random.Random(path.name)
    picture = fit_frames(read_image(path)[None], round(shape.height * 1.5), round(shape.width * 1.5))[0]
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float()
    views = list(camera_path(shape.num_frames, rng))
    grid = F.affine_grid(torch.tensor(views), [len(views), 3, shape.height, shape.width], align_corners=False)
    sampled = F.grid_sample(pixels.expand(len(views), -1, -1, -1), grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    frames: Frames = sampled.permute(0, 2, 3, 1).round().clamp(0, 255).to(torch.uint8).numpy()
    return frames


def camera_path(num_frames: int, rng: random.Random) -> Iterator[list[list[float]]]:
    """What is seen of the picture in each frame, as rows of an affine map on [-1, 1] squared."""
    (x, far_x), (y, far_y) = ((rng.uniform(-ROOM, ROOM), rng.uniform(-ROOM, ROOM)) for _ in range(2))
    near, far = rng.uniform(0.6, 0.85), rng.uniform(0.6, 0.85)
    for index in range(num_frames):
        share = index / max(1, num_frames - 1)
        scale = near + (far - near) * share
        yield [[scale, 0.0, x + (far_x - x) * share], [0.0, scale, y + (far_y - y) * share]]

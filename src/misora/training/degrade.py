"""What happens to clips on their way to a viewer: low-pass, re-encoding, noise, fading; for teaching and for testing the parser."""

from __future__ import annotations

import io
import random
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor


def blur(frames: Tensor, factor: float) -> Tensor:
    """Frames (T, 3, H, W) shrunk by ``factor`` (below 1) and enlarged again."""
    height, width = frames.shape[-2:]
    small = (max(8, round(height * factor)), max(8, round(width * factor)))
    return F.interpolate(F.interpolate(frames, size=small, mode="area"), size=(height, width), mode="bilinear", align_corners=False)


def compress(frames: Tensor, quality: int) -> Tensor:
    """Frames (T, 3, H, W) in [0, 255] through JPEG of ``quality``: the blocks and colour bleeding of a poor encoder."""
    pictures = frames.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return torch.from_numpy(np.stack([_through_jpeg(picture, quality) for picture in pictures])).permute(0, 3, 1, 2).float()


def _through_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def through_h264(frames: Tensor, fps: float, crf: int) -> Tensor:
    """Frames uint8 (T, H, W, 3), sides even, encoded with x264's quality ``crf`` and decoded again."""
    from misora.media.decode import read_video  # PyAV: no other stage needs it
    from misora.media.encode import write_video

    with tempfile.TemporaryDirectory(prefix="misora-h264-") as folder:
        path = Path(folder) / "clip.mp4"
        write_video(path, frames.numpy(), fps, crf=crf)
        return torch.from_numpy(read_video(path).frames)


def ghost(frames: Tensor, before: Tensor, share: float) -> Tensor:
    """Frames (T, 3, H, W) with ``share`` of those just before them mixed in: the smear of a coarse time resolution."""
    return (1 - share) * frames + share * before


def degrade(clip: Tensor, picked: Tensor, rng: random.Random) -> Tensor:
    """Frames ``picked`` (N,) of a clip (T, 3, H, W) in [0, 255] with some of these, or none, drawn once for the clip from ``rng``."""
    frames = clip[picked].float()
    if rng.random() < 0.25:
        return frames
    if rng.random() < 0.3:
        frames = ghost(frames, clip[(picked - 1).clamp(min=0)].float(), rng.uniform(0.1, 0.45))
    if rng.random() < 0.5:
        frames = blur(frames, rng.uniform(0.3, 0.9))
    if rng.random() < 0.5:
        gain, shift = rng.uniform(0.85, 1.15), rng.uniform(-12, 12)
        frames = (frames - 128) * gain + 128 + shift
    if rng.random() < 0.4:
        generator = torch.Generator().manual_seed(rng.randrange(2**31))
        frames = frames + torch.randn(frames.shape, generator=generator) * rng.uniform(2, 14)
    if rng.random() < 0.4:
        frames = compress(frames, rng.randint(12, 85))
    return frames.clamp(0, 255)

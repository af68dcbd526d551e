"""The shipped weights do the main job: a sentence, in either language, becomes an MP4 that replays bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import misora
from misora.base.settings import PACKAGE
from misora.cli.main import run
from misora.media.decode import read_video
from misora.models.weights_file import KINDS, weights_path

FOLDER = PACKAGE / "models" / "weights"
MISSING = [kind for kind in KINDS if not weights_path(FOLDER, kind).is_file()]
SMALL = ["--seconds", "0.5", "--size", "256x256", "--steps", "6", "--seed", "1"]

UPSAMPLED = pytest.mark.skipif(not weights_path(FOLDER, "upsampler").is_file(), reason="no shipped upsampler")

pytestmark = [pytest.mark.weights, pytest.mark.skipif(bool(MISSING), reason=f"no shipped weights yet: {', '.join(MISSING)} missing")]


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISORA_WEIGHTS", raising=False)


@pytest.mark.parametrize("prompt", ["a dog runs along the beach", "一只小狗在海滩上奔跑"])
def test_a_sentence_becomes_a_video_and_replays(prompt: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a.mp4", tmp_path / "b.mp4"
    assert run(["generate", prompt, *SMALL, "--out", str(first)]) == 0
    assert run(["replay", str(first), "--out", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    frames = read_video(first).frames
    assert frames.shape == (12, 256, 256, 3)
    assert frames.std() > 10, "a flat picture: the weights do not fit the code"


def test_the_autoencoder_gives_back_what_it_is_shown() -> None:
    from misora.models.registry import load_video_vae
    from misora.pipelines.streaming import VideoCodec

    rows, columns = np.mgrid[0:256, 0:256]
    picture = np.stack([rows, columns, 255 - rows], axis=-1).astype(np.uint8)[None]
    codec = VideoCodec(load_video_vae(FOLDER))
    back = next(codec.decode([codec.encode(picture)]))
    assert 10 * np.log10(255**2 / np.mean((back.astype(float) - picture) ** 2)) > 22


def test_a_pinned_picture_comes_back() -> None:
    picture = np.full((256, 256, 3), (90, 160, 220), np.uint8)
    video = misora.generate("a bird flies over the sea", seconds=0.4, size="256x256", steps=4, seed=1, image=picture)
    assert np.abs(video.frames[0].astype(float) - picture).mean() < 20


@UPSAMPLED
def test_a_large_size_is_sampled_small_upsampled_and_replays(tmp_path: Path) -> None:
    first, second = tmp_path / "a.mp4", tmp_path / "b.mp4"
    arguments = ["--seconds", "0.1", "--size", "512x300", "--steps", "3", "--seed", "1"]
    assert run(["generate", "a dog runs along the beach", *arguments, "--out", str(first)]) == 0
    assert run(["replay", str(first), "--out", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert read_video(first).frames.shape == (2, 300, 512, 3)


@UPSAMPLED
def test_the_upsampler_is_nearer_the_truth_than_interpolation() -> None:
    """A drawing that no training saw, as the autoencoder gives back its small version."""
    from misora.models.registry import load_upsampler, load_video_vae
    from misora.models.upsampler.config import TINY
    from misora.models.upsampler.model import Upsampler
    from misora.pipelines.streaming import VideoCodec
    from misora.pipelines.upsampling import Enlarger

    rows, columns = np.mgrid[0:1024, 0:1024]
    disc = (rows - 480) ** 2 + (columns - 560) ** 2 < 250**2
    drawn = np.where(disc[..., None], (230, 90, 40), np.stack([rows // 8 + 60, rows // 8 + 90, np.full_like(rows, 200)], axis=-1))
    large, small = (drawn.reshape(side, 1024 // side, side, 1024 // side, 3).mean((1, 3)).round().astype(np.uint8) for side in (256, 128))
    codec = VideoCodec(load_video_vae(FOLDER))
    seen = next(codec.decode([codec.encode(small[None])]))
    ours, bicubic = (
        next(Enlarger(model).enlarge([seen], 256, 256))[0].astype(float) - large
        for model in (load_upsampler(FOLDER), Upsampler(TINY).eval())
    )
    assert np.square(ours).mean() < 0.9 * np.square(bicubic).mean()

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

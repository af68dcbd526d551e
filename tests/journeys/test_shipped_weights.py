"""The shipped weights do the main job: a sentence, in either language, becomes an MP4 that replays bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import misora
from misora.base.settings import PACKAGE
from misora.cli.main import run
from misora.media.decode import read_video
from misora.media.encode import write_video
from misora.media.stills import read_image
from misora.models.weights_file import KINDS, weights_path

MEADOW = Path(__file__).resolve().parents[2] / "examples" / "meadow.png"
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


def test_a_place_stays_as_it_was_for_nine_seconds() -> None:
    """It once turned to noise about whoever stands, from the sixth second on."""
    frames = misora.generate("a cow stands in the meadow during the day. The camera stays still.", seconds=9, size="256x256", seed=1).frames
    rough = [np.abs(np.diff(frames[number].astype(float).mean(-1), axis=1)).mean() for number in (0, -1)]
    assert 0.7 * rough[0] < rough[1] < 1.3 * rough[0]


@pytest.mark.parametrize("character", ["bus", "coach", "snowman", "tractor", "dog"])
def test_every_character_can_be_in_the_city(character: str) -> None:
    """What a city adds to a text is the same whoever is in it; "bus" once hid it, having been called "city bus"."""
    from misora.models.registry import load_text_encoder

    texts = [f"a {who} in the {place}" for who in (character, "truck") for place in ("city", "desert", "forest")]
    pooled = load_text_encoder(FOLDER).encode(texts).pooled
    here, there = pooled[:3] - pooled[:3].mean(0), pooled[3:] - pooled[3:].mean(0)
    likeness = (here * there).sum(1) / (here.norm(dim=1) * there.norm(dim=1))
    assert float(likeness.min()) > 0.8


@pytest.mark.skipif(not weights_path(FOLDER, "critic").is_file(), reason="no shipped critic")
def test_the_critic_finds_whom_a_remix_names_and_the_rest_stays_bit_for_bit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cow of the example stands between columns 30 and 160; its mask is a little larger."""
    write_video(tmp_path / "cow.mp4", np.repeat(read_image(MEADOW)[None], 9, axis=0), 24.0)
    remix = ["remix", str(tmp_path / "cow.mp4"), "a dog stands in the meadow", "--steps", "2", "--seed", "1"]
    assert run([*remix, "--player", "the cow", "--out", str(tmp_path / "dog.mp4")]) == 0
    assert run([*remix, "--player", "the lion"]) == 2
    assert "player='the lion' is not seen in the clip; the critic sees cow" in capsys.readouterr().err
    kept = read_video(tmp_path / "cow.mp4").frames
    made = misora.remix(tmp_path / "cow.mp4", "a dog stands in the meadow", player="奶牛", steps=2, seed=1).frames
    changed = np.flatnonzero((made != kept).any((0, 1, 3)))
    assert 0 < changed[0] < 40 and 150 < changed[-1] < 180
    assert np.abs(read_video(tmp_path / "dog.mp4").frames.astype(int) - made).mean() < 4, "the command does the same"


def test_a_clip_that_stands_still_goes_on_without_a_seam_in_its_own_colours() -> None:
    recipe = misora.Recipe("", "", misora.VideoShape(25, 240, 416, 24.0), 0, 0, 0, "")
    still = misora.Video(np.repeat(read_image(MEADOW)[None], 25, axis=0), 24.0, recipe)
    longer = misora.extend(still, 0.5, prompt="a cow stands in the meadow", steps=3, seed=1).frames.astype(int)
    assert np.abs(longer[25] - longer[24]).mean() < 2
    assert np.abs(longer[25:].mean((0, 1, 2)) - longer[0].mean((0, 1))).max() < 6


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


def test_the_interpolator_is_nearer_the_truth_than_fading() -> None:
    """A drawing that no training saw: a disc on its way over a slope."""
    from misora.models.interpolator.config import TINY
    from misora.models.interpolator.model import Interpolator
    from misora.models.registry import load_interpolator
    from misora.pipelines.raising import RateRaiser

    rows, columns = np.mgrid[0:128, 0:160]
    frames = [
        np.where(((rows - 60) ** 2 + (columns - 40 - 8 * way) ** 2 < 22**2)[..., None], (230, 90, 40), rows[..., None]) for way in range(7)
    ]
    drawn = np.stack(frames).astype(np.uint8)
    ours, faded = (
        np.concatenate(list(RateRaiser(model).raised([drawn[::2]], 12, 24)))[1:-1:2].astype(float) - drawn[1::2]
        for model in (load_interpolator(FOLDER), Interpolator(TINY).eval())
    )
    assert np.square(ours).mean() < 0.5 * np.square(faded).mean()

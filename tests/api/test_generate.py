from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import misora
from misora.media.decode import read_video
from misora.media.probe import probe
from misora.media.stills import read_image

SMALL = {"seconds": 0.25, "size": "100x70", "steps": 2, "seed": 3}


def test_a_prompt_becomes_a_video_with_its_recipe() -> None:
    video = misora.generate("a dog runs in Narnia", **SMALL)
    assert video.frames.shape == (6, 70, 100, 3) and video.frames.dtype == np.uint8
    assert (video.fps, video.seconds, video.unknown_words) == (24.0, 0.25, ("Narnia",))
    recipe = video.recipe
    assert (recipe.prompt, recipe.seed, recipe.steps, recipe.guidance, recipe.sampler) == ("a dog runs in Narnia", 3, 2, 3.0, "ancestral")
    assert recipe.caption.startswith("A dog runs") and recipe.misora == misora.__version__ and recipe.torch
    assert set(recipe.weights) == {"video_vae", "transformer", "text_encoder"}


def test_an_image_is_a_video_of_one_frame(tmp_path: Path) -> None:
    still = misora.image("a dog", size=(64, 96), steps=2, seed=1)
    assert still.frames.shape == (1, 96, 64, 3)
    for name in ("a.png", "a.webp"):
        assert read_image(still.save(tmp_path / name)).shape == (96, 64, 3)
        assert misora.Recipe.from_json(probe(tmp_path / name).metadata["comment"]) == still.recipe
    assert np.array_equal(read_image(tmp_path / "a.png"), still.frames[0])


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.webp"])
def test_every_format_keeps_frames_rate_and_recipe(tmp_path: Path, name: str) -> None:
    video = misora.generate("a dog runs", **SMALL)
    clip = read_video(video.save(tmp_path / name))
    assert clip.frames.shape == video.frames.shape and clip.fps == pytest.approx(24.0, rel=0.02)
    assert misora.Recipe.from_json(clip.metadata["comment"]) == video.recipe


def test_the_same_seed_repeats_and_a_drawn_one_is_recorded() -> None:
    options = SMALL | {"seed": None}
    first = misora.generate("a dog runs", **options)
    again = misora.generate("a dog runs", **(options | {"seed": first.recipe.seed}))
    assert np.array_equal(first.frames, again.frames)


def test_progress_may_cancel() -> None:
    def stop(step: misora.Step) -> None:
        raise misora.Cancelled("enough")

    with pytest.raises(misora.Cancelled):
        misora.generate("a dog runs", **SMALL, progress=stop)


def test_weights_stay_loaded_until_their_files_change(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from misora.api.generate import resident_pipeline
    from misora.base.settings import load_settings

    shutil.copytree(tiny_weights, tmp_path / "w")
    monkeypatch.setenv("MISORA_WEIGHTS", str(tmp_path / "w"))
    first = resident_pipeline(load_settings())
    assert resident_pipeline(load_settings()) is first
    (tmp_path / "w" / "transformer.safetensors").touch()
    assert resident_pipeline(load_settings()) is not first
    misora.release()


def test_what_the_package_offers_is_there() -> None:
    assert all(getattr(misora, name) is not None for name in misora.__all__)
    assert set(misora.__all__) == {*misora._HOMES, "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'sora'"):
        misora.sora  # noqa: B018

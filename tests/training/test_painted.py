"""Latents as Turbo leaves them: of the right clip, beside the right pictures, and learnt from by the decoder alone."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from misora.base.errors import TrainingError
from misora.models.registry import load_video_vae, save_model
from misora.training.autoencoder import AutoencoderStage
from misora.training.latents import build_latents, load_shelves
from misora.training.loop import train
from misora.training.painted import PaintedConfig, PaintedCrops, corner
from misora.training.pixels import to_pixels
from misora.training.recipes import autoencoder_tiny, latents_tiny
from misora.world.assets import save_atlas, toy_sprites
from tiny import tiny_transformer, tiny_vae, write_tiny_turbo, write_tiny_weights


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with Turbo, an atlas in ``stage`` and shards in ``latents``."""
    folder = tmp_path_factory.mktemp("painted")
    save_atlas(folder / "stage", toy_sprites())
    build_latents(tiny_vae(), folder / "stage", latents_tiny(), folder / "latents", workers=0, expired=lambda: False, say=lambda _: None)
    write_tiny_weights(folder)
    save_model(folder, "transformer", tiny_transformer(prediction="residual", layout_classes=48), dtype=torch.float32)
    return write_tiny_turbo(folder)


@pytest.fixture
def config(place: Path) -> PaintedConfig:
    return PaintedConfig(1.0, str(place), str(place / "latents"))


def test_a_crop_is_a_function_of_its_draw_and_its_frames_are_those_of_its_clip(config: PaintedConfig, place: Path) -> None:
    crops = PaintedCrops(config, place / "stage")
    first, again, other = crops.draw(random.Random(1)), crops.draw(random.Random(1)), crops.draw(random.Random(2))
    assert first.latents is not None and again.latents is not None and other.latents is not None
    assert torch.equal(first.latents, again.latents) and not torch.equal(first.latents, other.latents)
    assert first.frames.shape == (1, 17, 64, 64, 3) and first.latents.shape[2:] == (3, 2, 2)
    shelf = load_shelves(place / "latents")[0]
    encoded = tiny_vae().encode(to_pixels(first.frames))  # toy crops are whole pictures
    distances = (shelf.latents.float() - encoded).square().mean((1, 2, 3, 4))
    assert float(distances.min()) < 0.01 * float(distances.median())


def test_fewer_steps_stay_nearer_to_the_clip(config: PaintedConfig, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crops = PaintedCrops(config, place / "stage")
    shelf = crops.shelves[0]
    off = []
    for steps in (1, 3):
        monkeypatch.setattr("misora.training.painted.LAST_STEPS", (steps,))
        painted = torch.cat([crops.painted(shelf, index, random.Random(index)) for index in range(len(shelf.films))])
        off.append(float((painted - shelf.latents[:, :, :7].float()).square().mean()))
    assert 0 < off[0] < off[1]


def test_a_crop_lies_in_the_picture_and_on_somebody() -> None:
    labels = torch.zeros(2, 6, 9, dtype=torch.int16)
    labels[1, 5, 8] = 3
    for seed in range(40):
        top, left = corner(labels, 4, random.Random(seed))
        assert (top, left) == (2, 5)
    somewhere = {corner(torch.zeros(2, 6, 9), 4, random.Random(seed)) for seed in range(40)}
    assert len(somewhere) > 5 and all(0 <= top <= 2 and 0 <= left <= 5 for top, left in somewhere)


def test_the_decoder_learns_from_painted_latents_and_nothing_else_moves(config: PaintedConfig, place: Path, tmp_path: Path) -> None:
    recipe, run_config = autoencoder_tiny()
    stage = AutoencoderStage(replace(recipe, start=str(place), decoder_only=True, painted=config), place / "stage", workers=0)
    batch = next(stage.batches(0))
    assert batch.latents is not None
    loss, metrics = stage.loss(batch, torch.Generator().manual_seed(0), 0.0)
    assert "recon_painted" in metrics and float(loss.detach()) > 0
    raw = stage.raw(batch.latents)
    torch.testing.assert_close(load_video_vae(place, torch.float32).denormalise(batch.latents).transpose(1, 2), raw)
    path = train(stage, run_config, tmp_path, say=lambda _: None)
    before, after = (load_video_vae(folder, torch.float32).state_dict() for folder in (place, path))
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved and all(name.startswith("decoder.") for name in moved)


def test_without_turbo_there_is_nothing_painted(place: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no Turbo"):
        PaintedCrops(PaintedConfig(1.0, str(write_tiny_weights(tmp_path)), str(place / "latents")), place / "stage")

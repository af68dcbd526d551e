"""The upsampler's stage on a toy stage: pairs that belong together, and what the small side has been through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from misora.base.errors import AssetsError, TrainingError
from misora.models.registry import load_upsampler, save_model
from misora.models.upsampler.config import TINY
from misora.models.upsampler.model import enlarged
from misora.training.degrade import through_h264
from misora.training.loop import RunConfig, train
from misora.training.losses import psnr
from misora.training.upsampler import UpsamplerStage, UpsamplerStageConfig, to_pixels
from misora.training.upsampler_pairs import PairConfig, PairDataset
from misora.world.assets import save_atlas, toy_sprites
from tiny import tiny_vae


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stage")
    save_atlas(folder, toy_sprites())
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save_model(folder, "video_vae", tiny_vae())
    return folder


def pairs(assets: Path, **changes: object) -> PairConfig:
    return replace(PairConfig(side=32, batch=2, fine=str(assets)), **changes)  # type: ignore[arg-type]


def shares(modelled: float, encoded: float) -> dict[str, float]:
    return {"modelled": modelled, "encoded": encoded}


def test_pairs_depend_on_seed_and_step_alone_and_differ_by_both(assets: Path) -> None:
    first, again = (PairDataset(assets, pairs(assets))[3] for _ in range(2))
    assert torch.equal(first.small, again.small) and torch.equal(first.large, again.large)
    for other in (PairDataset(assets, pairs(assets))[4], PairDataset(assets, pairs(assets, seed=1))[3]):
        assert not torch.equal(first.small, other.small)


def test_both_sides_show_the_same_at_their_sizes(assets: Path) -> None:
    """The large side, shrunk, is nearer to the small one than when it is moved by a single pixel."""
    batch = PairDataset(assets, pairs(assets, batch=4, **shares(0, 0)))[0]
    assert batch.small.shape == (4, 9, 32, 32, 3) and batch.large.shape == (4, 9, 64, 64, 3)
    assert batch.players.shape == (4, 9, 64, 64) and batch.players.any() and not batch.modelled.any()
    small = batch.small.flatten(0, 1).permute(0, 3, 1, 2).float()
    shrunk = F.avg_pool2d(batch.large.flatten(0, 1).permute(0, 3, 1, 2).float(), 2)
    inner = (..., slice(2, -2), slice(2, -2))

    def distance(moves: Sequence[int]) -> float:
        return float((shrunk.roll(tuple(moves), (2, 3)) - small)[inner].square().mean())

    assert all(distance((0, 0)) < 0.7 * distance(move) for move in ((0, 1), (1, 0), (0, -1), (-1, 0)))


@pytest.mark.parametrize(
    ("share", "changed", "modelled"), [(shares(0, 0), False, False), (shares(0, 1), True, False), (shares(1, 0), False, True)]
)
def test_shares_say_what_happens_to_the_small_side(assets: Path, share: dict[str, float], changed: bool, modelled: bool) -> None:
    plain, batch = (PairDataset(assets, pairs(assets, **use))[0] for use in (shares(0, 0), share))
    assert torch.equal(batch.small[0], plain.small[0]) is not changed
    assert torch.equal(batch.large[0], plain.large[0])
    assert bool(batch.modelled[0]) is modelled


def test_h264_changes_little_at_high_quality_and_more_at_low() -> None:
    frames = (
        (torch.rand(3, 6, 8, 3, generator=torch.Generator().manual_seed(0)) * 255).repeat_interleave(8, 1).repeat_interleave(8, 2).byte()
    )
    fine, coarse = (float((through_h264(frames, 24.0, crf).float() - frames).abs().mean()) for crf in (10, 45))
    assert 0 < fine < coarse


def stage(assets: Path, weights: Path, **changes: object) -> UpsamplerStage:
    config = UpsamplerStageConfig(TINY, pairs(assets, **shares(0.5, 0.25)), str(weights))
    return UpsamplerStage(replace(config, **changes), assets, workers=0)  # type: ignore[arg-type]


def test_it_trains_from_bicubic_and_writes_what_can_be_loaded(assets: Path, weights: Path, tmp_path: Path) -> None:
    made = stage(assets, weights)
    with torch.no_grad():
        pixels = to_pixels(made.dataset[0].small).transpose(1, 2)
        assert torch.equal(made.model(pixels, {}), enlarged(pixels))
    path = train(made, RunConfig("upsampler/tiny", 3, warmup=1), tmp_path, say=lambda _: None)
    assert (tmp_path / "preview.png").exists() and (tmp_path / "curve.png").exists()
    assert not torch.equal(load_upsampler(path, torch.float32)(pixels, {}), enlarged(pixels))
    again = stage(assets, weights, start=str(path))
    assert torch.equal(again.model.out.weight, load_upsampler(path, torch.float32).out.weight)


def test_a_few_steps_on_one_batch_beat_bicubic(assets: Path, weights: Path) -> None:
    made = stage(assets, weights)
    batch, generator = made.dataset[0], torch.Generator()
    optimizer = torch.optim.Adam(made.model.parameters(), lr=0.02)
    for _ in range(30):
        optimizer.zero_grad()
        made.loss(batch, generator.manual_seed(0), 0.0)[0].backward()
        optimizer.step()
    with torch.no_grad():
        small = made.seen(batch, generator.manual_seed(0), torch.device("cpu")).transpose(1, 2)
        large = to_pixels(batch.large).transpose(1, 2)
        assert psnr(made.model(small, {}), large) > psnr(enlarged(small), large) + 0.3


def test_only_modelled_clips_go_through_the_autoencoder(assets: Path, weights: Path) -> None:
    made = stage(assets, weights)
    batch = replace(made.dataset[0], modelled=torch.tensor([True, False]))
    plain, seen = to_pixels(batch.small), made.seen(batch, torch.Generator().manual_seed(0), torch.device("cpu"))
    assert torch.equal(seen[1], plain[1]) and not torch.equal(seen[0], plain[0])
    noisier = stage(assets, weights, latent_noise=3.0).seen(batch, torch.Generator().manual_seed(0), torch.device("cpu"))
    assert not torch.equal(noisier[0], seen[0])


def test_what_is_missing_is_named_with_its_command(assets: Path, weights: Path, tmp_path: Path) -> None:
    with pytest.raises(AssetsError, match="misora world build --size 256"):
        UpsamplerStage(UpsamplerStageConfig(TINY, pairs(assets, fine=str(tmp_path)), str(weights)), assets)
    with pytest.raises(TrainingError, match="learns from what the autoencoder makes"):
        stage(assets, weights, vae=str(tmp_path))

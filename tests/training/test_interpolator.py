"""The interpolator's stage: triplets are a function of (seed, step), what lies between is between, and a run can be loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from misora.models.registry import load_interpolator
from misora.training.interpolator import InterpolatorStage, TripletConfig, TripletDataset
from misora.training.loop import train
from misora.training.recipes import interpolator_tiny
from misora.world.assets import save_atlas, toy_sprites


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stage")
    save_atlas(folder, toy_sprites())
    return folder


def test_triplets_depend_on_seed_and_step_alone(assets: Path) -> None:
    config = interpolator_tiny()[0].triplets
    one, again, other = TripletDataset(assets, config)[3], TripletDataset(assets, config)[3], TripletDataset(assets, config)[4]
    assert torch.equal(one.between, again.between) and torch.equal(one.first, again.first)
    assert not torch.equal(one.between, other.between)
    assert one.first.shape == one.second.shape == one.between.shape == (2, 64, 64, 3) and one.players.any()


def test_what_lies_between_is_nearer_to_either_end_than_they_are_to_each_other(assets: Path) -> None:
    dataset = TripletDataset(assets, TripletConfig(side=64, scenes=6, each=2, encoded=0.0))
    batch = dataset[0]

    def away(one: torch.Tensor, other: torch.Tensor) -> float:
        return float((one.float() - other.float()).abs().mean())

    assert set(batch.moment.tolist()) <= {0.25, 0.5, 0.75}
    ends = away(batch.first, batch.second)
    assert 0 < away(batch.first, batch.between) < ends and 0 < away(batch.between, batch.second) < ends


def test_it_trains_starts_again_from_what_it_wrote_and_draws_a_sheet(assets: Path, tmp_path: Path) -> None:
    config, run_config = interpolator_tiny()
    stage = InterpolatorStage(config, assets, workers=0)
    loss, metrics = stage.loss(stage.dataset[0], torch.Generator(), 0.0)
    assert float(loss.detach()) > 0 and metrics["gain_db"] == pytest.approx(0, abs=1e-3), "it begins as a fade"
    train(stage, replace(run_config, steps=2), tmp_path, say=lambda _: None)
    stage.preview(tmp_path, 2)
    assert (tmp_path / "preview.png").stat().st_size > 1000
    again = InterpolatorStage(replace(config, start=str(tmp_path)), assets, workers=0)
    for name, value in load_interpolator(tmp_path, torch.float32).state_dict().items():
        assert torch.equal(again.model.state_dict()[name], value)

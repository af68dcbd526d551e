"""The whole table at toy size: both models, kept clips, and going on after a stop."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.base.progress import Step
from misora.base.settings import Settings, load_settings
from misora.base.shapes import VideoShape
from misora.evaluation.goal_table import TableRequest, measure_table
from misora.media.stills import write_image
from misora.world.assets import save_atlas, toy_sprites
from misora.world.cast import load_cast
from tiny import write_tiny_parsers, write_tiny_turbo, write_tiny_weights


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    weights = write_tiny_turbo(write_tiny_parsers(write_tiny_weights(tmp_path_factory.mktemp("weights"))))
    assets = tmp_path_factory.mktemp("stage")
    save_atlas(assets, toy_sprites(tuple(load_cast())))
    return replace(load_settings({}), weights=weights, assets=assets, device="cpu", threads=1)


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> TableRequest:
    photos = tmp_path_factory.mktemp("photos")
    write_image(photos / "a.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    small = VideoShape(9, 64, 64, 8.0)
    return TableRequest(2, 1, 1, 1, 1, photos, small, small, (2.0, 3.0))


def test_both_models_are_measured_once_and_a_folder_belongs_to_one_table(
    settings: Settings, request_: TableRequest, tmp_path: Path
) -> None:
    steps: list[Step] = []
    text = measure_table(request_, settings.weights, tmp_path, settings, progress=steps.append)
    assert text.startswith("|  | floor | goal | turbo | base |")
    table = json.loads((tmp_path / "table.json").read_text())["columns"]
    assert table["turbo"]["place"][3] == table["base"]["place"][3] == 2
    assert {
        "behind_base",
        "languages",
        "returns",
        "drift_20",
        "drift_60",
        "followed",
        "truly_followed",
        "psnr_photos",
        "megabytes",
    } <= table["turbo"].keys()
    assert {"followed", "truly_followed"} <= table["turbo"].keys()
    assert table["base"].keys() <= table["turbo"].keys() and table["turbo"]["megabytes"][0] < 1
    assert (tmp_path / "table.md").read_text() == text
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("0*.json")}
    assert measure_table(request_, settings.weights, tmp_path, settings) == text
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("0*.json")} == before
    with pytest.raises(InputError, match="holds an evaluation of other weights or with other settings"):
        measure_table(replace(request_, prompts=3), settings.weights, tmp_path, settings)

"""A whole evaluation at toy size: rows, resuming, the page, and what it refuses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.base.progress import Step
from misora.base.settings import Settings, load_settings
from misora.base.shapes import VideoShape
from misora.evaluation.evaluate import EvaluationRequest, evaluate, summary
from misora.evaluation.judge import judge_folder, load_judge
from misora.evaluation.record import Record
from misora.pipelines.adherence import FACTS
from misora.world.assets import save_atlas, toy_sprites
from misora.world.cast import load_cast
from tiny import tiny_parser, write_tiny_parsers, write_tiny_weights

SHAPE = VideoShape(9, 64, 64, 8.0)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    weights = write_tiny_parsers(write_tiny_weights(tmp_path_factory.mktemp("weights")))
    assets = tmp_path_factory.mktemp("stage")
    save_atlas(assets, toy_sprites(tuple(load_cast())))
    return replace(load_settings({}), weights=weights, assets=assets, device="cpu", threads=1)


def request(settings: Settings, **changes: object) -> EvaluationRequest:
    values: dict[str, object] = {
        "prompts": 4,
        "repeated": 1,
        "seeds": 2,
        "steps": 1,
        "measures": {"mean": lambda frames, fps, caption: frames.mean()},
    }
    return EvaluationRequest({"model": settings.weights, "against": settings.weights}, SHAPE, **{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def done(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    evaluate(request(settings), out, settings)
    return out


def test_the_report_has_every_figure_with_its_count(done: Path) -> None:
    report = json.loads((done / "report.json").read_text())
    assert list(report["columns"]) == ["floor", "model", "against", "reconstruction", "ceiling"]
    for column in report["columns"].values():
        assert set(column["adherence"]) == {"all", "en", "zh"}
        assert column["adherence"]["all"]["place"][3] == 4
        assert column["adherence"]["zh"]["everything"][3] == 2
        assert set(FACTS) <= set(column["adherence"]["all"])
    model = report["columns"]["model"]
    assert model["outside"]["mean"][3] == 4
    assert model["diversity"][3] == 1 and model["diversity"][0] > 0
    assert report["columns"]["ceiling"]["frechet"][0] == pytest.approx(0, abs=1e-3)
    assert report["reconstruction"]["PSNR, dB"][3] == 4


def test_the_page_shows_clips_that_exist_and_loads_nothing_else(done: Path) -> None:
    page = (done / "index.html").read_text()
    clips = re.findall(r'<video src="([^"]+)"', page)
    assert clips and all((done / clip).is_file() for clip in clips)
    assert not re.search(r"https?://|<script", page)
    assert "95 %" in page and "N=4" in page


def test_what_is_done_is_not_done_again(done: Path, settings: Settings) -> None:
    gone = done / "model" / "0002.json"
    before = {path: path.stat().st_mtime_ns for path in done.glob("*/*.json")}
    gone.unlink()
    steps: list[Step] = []
    evaluate(request(settings), done, settings, progress=steps.append)
    after = {path: path.stat().st_mtime_ns for path in done.glob("*/*.json")}
    assert {path for path in before if before[path] != after[path]} == {gone}
    assert steps[-1].done == steps[-1].total


def test_the_same_clips_give_the_same_records_and_columns(done: Path) -> None:
    model, against = (Record.load(done / name / "0001.json") for name in ("model", "against"))
    assert model.checks == against.checks
    assert model.features == against.features


def test_another_plan_does_not_mix_with_a_folder(done: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match="another --out"):
        evaluate(request(settings, prompts=3), done, settings)


def test_the_summary_lines_up_facts_and_columns(done: Path, settings: Settings) -> None:
    rows = summary(evaluate(request(settings), done, settings))
    assert rows[0] == ["fact", "floor", "model", "against", "reconstruction", "ceiling"]
    assert [row[0] for row in rows[1:]] == [*(fact for fact in FACTS if fact not in ("colour", "weather", "cuts")), "everything"]
    assert len({len(row) for row in rows}) == 1


def test_too_few_prompts_are_refused(settings: Settings) -> None:
    with pytest.raises(InputError, match="nearest: 2"):
        request(settings, prompts=1)


def test_the_judge_is_taken_from_the_weights_in_use_else_from_the_package(settings: Settings, tmp_path: Path) -> None:
    assert judge_folder(settings) == settings.weights
    assert judge_folder(replace(settings, weights=tmp_path)).parts[-2:] == ("models", "weights")
    frames = np.random.default_rng(0).integers(0, 256, (16, 64, 64, 3), dtype=np.uint8)
    read = load_judge(settings).read(frames, 8)
    assert read.place != tiny_parser(0).read(frames, 8).place, "that would be the critic"

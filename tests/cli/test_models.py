from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from misora.cli.main import run
from misora.models.registry import save_model
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.transformer.config import count_parameters, transformer_config
from misora.models.video_vae.config import VideoVAEConfig
from misora.models.weights_file import ALL_KINDS
from tiny import tiny_planner, write_tiny_parsers


def test_list_shows_every_kind_with_its_digest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert list(listed)[:3] == ["video_vae", "transformer", "text_encoder"]
    assert run(["models", "list"]) == 0
    out = capsys.readouterr().out
    assert all(entry["sha256"][:12] in out and f"{entry['parameters']:,}" in out for entry in listed.values())


def test_missing_weights_are_listed_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MISORA_WEIGHTS", str(tmp_path))
    assert run(["models", "list"]) == 0
    assert capsys.readouterr().out.count(" missing\n") == len(ALL_KINDS)
    assert run(["models", "inspect"]) == 0
    assert "no weights found" in capsys.readouterr().out


def test_inspect_prints_parameters_and_costs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "inspect"]) == 0
    out = capsys.readouterr().out
    base = transformer_config("base", latent_channels=VideoVAEConfig().latent_channels, text_dim=TextEncoderConfig().out_dim)
    for words in ("video_vae decoder", "FLOPs a pixel", "MFLOPs a token", "preset base", f"{count_parameters(base):,}"):
        assert words in out
    assert run(["models", "inspect", "--json"]) == 0
    costs = json.loads(capsys.readouterr().out)
    assert len(costs["weights"]) >= 4 and costs["weights"][2]["flops_per_token"] > 0


def test_parsers_are_listed_with_what_a_frame_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_parsers(tmp_path)
    monkeypatch.setenv("MISORA_WEIGHTS", str(tmp_path))
    assert run(["models", "inspect", "--json"]) == 0
    costs = {cost["name"]: cost for cost in json.loads(capsys.readouterr().out)["weights"]}
    assert set(costs) == {"critic", "judge"}
    assert costs["judge"]["flops_per_pixel"] > 100


def test_a_planner_is_inspected_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    save_model(tmp_path, "planner", tiny_planner(), dtype=torch.int8, recipe="tiny")
    monkeypatch.setenv("MISORA_WEIGHTS", str(tmp_path))
    assert run(["models", "inspect", "--json"]) == 0
    (cost,) = json.loads(capsys.readouterr().out)["weights"]
    assert cost["name"] == "planner" and "3 tokens a latent frame" in cost["cost"]

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from misora.cli.main import run
from tiny import write_tiny_turbo


def test_a_healthy_place_is_zero_even_without_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISORA_ASSETS", str(tmp_path / "none"))
    assert run(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "NO" not in out and "world build" in out
    assert all(
        word in out for word in ("python", "torch", "threads", "weights", "turbo", "codecs", "stage", "database", "SQLite 3.", "vault")
    )


def test_missing_weights_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MISORA_WEIGHTS", str(tmp_path))
    assert run(["doctor", "--json"]) == 1
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert not findings["weights"]["ok"] and "MISORA_WEIGHTS" in findings["weights"]["said"]
    assert findings["codecs"]["ok"]


def test_a_rewriter_that_is_not_set_up_is_named_and_does_not_stop_a_video(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISORA_REWRITER", "chat")
    monkeypatch.setenv("MISORA_CHAT_KEY", "sk-secret")
    assert run(["doctor"]) == 0
    assert "MISORA_CHAT_URL" in capsys.readouterr().out
    monkeypatch.setenv("MISORA_CHAT_URL", "http://localhost:8000/v1")
    monkeypatch.setenv("MISORA_CHAT_MODEL", "m")
    assert run(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "chat: m at localhost, with a key" in out and "sk-secret" not in out


def test_turbo_is_named_with_its_steps_or_with_why_it_is_not_used(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = Path(shutil.copytree(tiny_weights, tmp_path / "weights"))
    monkeypatch.setenv("MISORA_WEIGHTS", str(weights))
    said = []
    for base in (None, "0" * 64):
        write_tiny_turbo(weights, base)
        assert run(["doctor", "--json"]) == 0
        said += [finding["said"] for finding in json.loads(capsys.readouterr().out) if finding["name"] == "turbo"]
    assert said[0].startswith("4 steps (") and "trained on another transformer" in said[1] and "many-step model" in said[1]

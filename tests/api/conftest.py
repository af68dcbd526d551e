"""Tiny weights, set as the ones in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiny import write_tiny_weights


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(autouse=True)
def _use_tiny_weights(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISORA_WEIGHTS", str(tiny_weights))
    monkeypatch.setenv("MISORA_THREADS", "1")
    monkeypatch.setenv("MISORA_DEVICE", "cpu")

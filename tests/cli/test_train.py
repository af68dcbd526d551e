from __future__ import annotations

import pytest

from misora.cli.main import run


def test_list_prints_stages_and_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--list"]) == 0
    assert "autoencoder: small" in capsys.readouterr().out


def test_a_missing_stage_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train"]) == 2
    assert "stage is missing; choose one of autoencoder" in capsys.readouterr().err

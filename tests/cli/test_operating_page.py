"""The commands of docs/operating.md run in the order of the page, on an install of their own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from misora.cli.main import run

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
UNTIL_STOPPED = ("worker", "serve")
"""Verbs of the page that do not end by themselves."""


def commands() -> list[list[str]]:
    """The arguments of every indented line that calls ``misora``."""
    return [shlex.split(line, comments=True) for line in re.findall(r"^    misora (.*)$", TEXT, re.MULTILINE)]


def test_the_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MISORA_DATABASE", f"sqlite:///{tmp_path}/misora.db")
    monkeypatch.setenv("MISORA_VAULT", str(tmp_path / "vault"))
    monkeypatch.chdir(tmp_path)
    wanted = commands()
    assert len(wanted) >= 9 and {"jobs", "accounts", "keys", "audit", "backup", "restore"} <= {words[0] for words in wanted}
    for words in wanted:
        if words[0] == "restore":  # into another install, as the page says
            monkeypatch.setenv("MISORA_DATABASE", f"sqlite:///{tmp_path}/another.db")
            monkeypatch.setenv("MISORA_VAULT", str(tmp_path / "another"))
        if words[0] not in UNTIL_STOPPED:
            assert run(words) == 0, (words, capsys.readouterr().err)
    assert "everything holds" in capsys.readouterr().out

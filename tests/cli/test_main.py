from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from misora import __version__
from misora.base.errors import Cancelled, InputError, MisoraError, TrainingError, WeightsError
from misora.cli.main import explain, run

SOURCE = Path(__file__).resolve().parents[2] / "src"


@pytest.mark.parametrize(
    ("error", "code"), [(InputError("x"), 2), (WeightsError("x"), 2), (TrainingError("x"), 1), (MisoraError("x"), 1), (Cancelled("x"), 130)]
)
def test_exit_codes(error: MisoraError, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(error) == code
    assert capsys.readouterr().err == "misora: x\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("verb", ["generate", "image", "replay", "train", "doctor", "world", "models"])
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    assert f"misora {verb}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["generate", "--help"],
        ["world", "list", "--captions", "5"],
        ["world", "coverage", "--captions", "5"],
        ["models", "list"],
        ["models", "inspect"],
        ["generate", "a dog", "--seconds", "0"],
        ["generate", "a dog", "--out", "nowhere/at/all.mp4"],
    ],
    ids=" ".join,
)
def test_verbs_that_need_no_torch_do_not_load_it(arguments: list[str]) -> None:
    code = f"import sys\nfrom misora.cli.main import run\nrun({arguments})\nassert 'torch' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_stopping_is_130_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from misora.pipelines.watcher import Watcher

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Watcher, "__call__", interrupted)
    monkeypatch.chdir(tmp_path)
    assert run(["generate", "a dog", "--seconds", "0.1", "--size", "64x64", "--steps", "1", "--no-rewrite"]) == 130
    assert capsys.readouterr().err.endswith("stopped\n")
    assert list(tmp_path.iterdir()) == []

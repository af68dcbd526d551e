from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from misora.base.settings import load_settings
from misora.cli.main import run
from misora.media.encode import write_video
from misora.media.probe import probe
from misora.media.stills import write_image
from tiny import write_tiny_interpolator, write_tiny_upsampler


@pytest.fixture(autouse=True)
def _upsampler(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(tiny_weights, tmp_path / "weights"))
    monkeypatch.setenv("MISORA_WEIGHTS", str(write_tiny_upsampler(folder)))


@pytest.fixture
def picture(tmp_path: Path, rng: np.random.Generator) -> Path:
    write_image(tmp_path / "a.png", rng.integers(0, 256, (64, 80, 3), dtype=np.uint8))
    return tmp_path / "a.png"


def test_a_picture_grows_beside_itself_and_never_over_anything(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a-upscale.png", "a-upscale-2.png"):
        assert run(["upscale", str(picture), "--size", "160x128"]) == 0
        path = Path(capsys.readouterr().out.strip())
        assert path.name == name and (probe(path).width, probe(path).height) == (160, 128)


def test_a_clip_gets_more_frames_a_second(tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny_interpolator(load_settings().weights)
    write_video(tmp_path / "a.mp4", rng.integers(0, 256, (5, 64, 80, 3), dtype=np.uint8), 12.0)
    assert run(["upscale", str(tmp_path / "a.mp4"), "--fps", "30"]) == 0
    made = probe(Path(capsys.readouterr().out.strip()))
    assert (made.num_frames, made.fps, made.width) == (12, 30, 80)
    assert run(["upscale", str(tmp_path / "a.mp4"), "--fps", "10"]) == 2
    assert "fps=10 is not above the clip's 12" in capsys.readouterr().err


def test_json_says_what_was_made(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upscale", str(picture), "--size", "240p", "--out", str(tmp_path / "b.webp"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["path"].endswith("b.webp") and said["recipe"]["edit"] == {"tool": "upscale", "size": "300x240"}


def test_what_cannot_be_made_is_two(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upscale", str(picture), "--size", "64x64"]) == 2
    assert "size=64x64 is not larger than the clip, 80x64" in capsys.readouterr().err
    assert run(["upscale", str(tmp_path / "none.mp4")]) == 2
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == ["a.png"]


def test_doctor_and_models_know_the_upsampler(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "inspect"]) == 0
    assert "twice as large as what it is given" in capsys.readouterr().out
    run(["doctor", "--json"])
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings["upsampler"]["ok"]

"""Every mistake that a user can mend: one sentence on standard error, exit code 2, no file left, and no network loaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from misora.cli.main import run

SMALL = ("--seconds", "0.1", "--size", "64x64", "--steps", "1")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "text.png").write_text("this is no picture")
    (tmp_path / "notes.txt").write_text("neither is this")
    (tmp_path / "fake.mp4").write_text("nor a clip")
    Image.new("L", (30_000, 4)).save(tmp_path / "wide.png")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


CASES = {
    "unknown size": (["generate", "a dog", "--size", "huge"], "size='huge' is not WIDTHxHEIGHT in pixels; for example 832x480"),
    "size too small": (["generate", "a dog", "--size", "10x10"], "height=10 is outside 64 to 2048 pixels; nearest: 64"),
    "odd size": (["generate", "a dog", "--size", "101x71"], "size=101x71 has an odd side and MP4 needs even ones; nearest: 102x72"),
    "unknown resolution": (["generate", "a dog", "--resolution", "8k"], "resolution='8k' is not known; choose one of 240p"),
    "unknown aspect": (["generate", "a dog", "--aspect", "2:3"], "aspect='2:3' is not known"),
    "zero seconds": (["generate", "a dog", "--seconds", "0"], "seconds=0 must be above 0 and at most 60; nearest: 0.0417"),
    "10,000 seconds": (["generate", "a dog", "--seconds", "10000"], "seconds=10000 must be above 0 and at most 60; nearest: 60"),
    "not a number of seconds": (["generate", "a dog", "--seconds", "nan"], "seconds=nan must be above 0"),
    "seconds in words": (["generate", "a dog", "--seconds", "five"], "--seconds"),
    "fps": (["generate", "a dog", "--fps", "500"], "fps=500 is outside 8 to 60; nearest: 60"),
    "steps": (["generate", "a dog", *SMALL[:4], "--steps", "0"], "steps=0 is outside 1 to 200; nearest: 1"),
    "guidance": (["generate", "a dog", *SMALL, "--guidance", "-1"], "guidance=-1 is outside 0 to 30; nearest: 0"),
    "seed": (["generate", "a dog", *SMALL, "--seed", "-5"], "seed=-5 is outside 0"),
    "empty prompt": (["generate", ""], "prompt is empty; describe the scene"),
    "blank prompt": (["image", "   "], "prompt is empty"),
    "no prompt": (["generate"], "prompt"),
    "unknown option": (["generate", "a dog", "--sise", "1x1"], "--sise"),
    "unknown verb": (["paint", "a dog"], "paint"),
    "text file as image": (["generate", "a dog", *SMALL, "--image", "text.png"], "text.png is not a picture that Misora reads"),
    "text file by name": (["generate", "a dog", *SMALL, "--image", "notes.txt"], "notes.txt is not a picture that Misora reads"),
    "text file as clip": (["generate", "a dog", *SMALL, "--image", "fake.mp4"], "fake.mp4 is damaged, or not a clip"),
    "30,000 pixels wide": (["generate", "a dog", *SMALL, "--image", "wide.png"], "wide.png is 30000x4; the longest side may be 16384"),
    "missing image": (["generate", "a dog", *SMALL, "--image", "none.png"], "none.png does not exist"),
    "image after the end": (["generate", "a dog", *SMALL, "--image", "text.png@soon"], "neither seconds nor 'end'"),
    "out is a folder": (["generate", "a dog", *SMALL, "--out", "folder"], "cannot write folder: it is a folder"),
    "out in no folder": (["generate", "a dog", *SMALL, "--out", "none/a.mp4"], "the folder none does not exist"),
    "out of another kind": (["generate", "a dog", *SMALL, "--out", "a.txt"], "does not end as a video does; choose one of .mp4"),
    "still as video": (["image", "a dog", "--out", "a.gif"], "does not end as a still does"),
    "replay of nothing": (["replay", "none.mp4"], "none.mp4 does not exist"),
    "replay of text": (["replay", "notes.txt"], "notes.txt is damaged, or not a clip"),
    "world prompt": (["world", "render", "xyzzy"], "names nothing of the stage"),
    "world count": (["world", "render", "--count", "0"], "count=0 is outside 1 to 1000"),
    "minutes": (["train", "autoencoder", "--minutes", "0"], "minutes=0 must be above 0"),
    "stage": (["train", "everything"], "stage='everything' is not known"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_gets_one_sentence_and_leaves_nothing(case: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, says = CASES[case]
    before = sorted(here.rglob("*"))
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1 and captured.err.startswith("misora: ") and says in captured.err
    assert sorted(here.rglob("*")) == before


def unusable(tmp_path: Path, how: str, weights: Path) -> Path:
    import shutil

    folder = shutil.copytree(weights, tmp_path / "spoiled")
    file = folder / "transformer.safetensors"
    if how == "missing":
        file.unlink()
    elif how == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    else:
        file.write_text("no weights")
    return folder


@pytest.mark.parametrize(("how", "says"), [("missing", "no weights at"), ("cut", "is damaged"), ("text", "is damaged")])
def test_missing_or_damaged_weights(
    how: str, says: str, here: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISORA_WEIGHTS", str(unusable(here, how, tiny_weights)))
    assert run(["generate", "a dog runs on the beach", *SMALL, "--out", "a.mp4", "--no-rewrite"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and says in error and "transformer.safetensors" in error and "MISORA_WEIGHTS" in error
    assert not (here / "a.mp4").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_found_before_sampling(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "folder").chmod(0o500)
    assert run(["generate", "a dog", *SMALL, "--out", "folder/a.mp4"]) == 2
    assert "cannot write folder/a.mp4: permission denied" in capsys.readouterr().err


def test_a_device_file_is_no_place_to_write(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", "a dog", *SMALL, "--out", "/proc/a.mp4"]) == 2
    assert "cannot write /proc/a.mp4" in capsys.readouterr().err


def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MISORA_THREADS", "many")
    assert run(["generate", "a dog", *SMALL, "--out", "a.mp4"]) == 2
    assert "MISORA_THREADS='many'" in capsys.readouterr().err

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from misora.base.recipe import Recipe
from misora.cli.main import run
from misora.media.decode import read_video
from misora.media.probe import probe
from misora.media.stills import read_image, write_image
from tiny import write_tiny_turbo

SMALL = ["--seconds", "0.25", "--size", "100x70", "--steps", "2", "--seed", "3"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sentence_becomes_a_file_named_after_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", "a dog runs in Narnia", *SMALL]) == 0
    captured = capsys.readouterr()
    assert captured.out == "a-dog-runs-in-narnia.mp4\n"
    assert "prompt as the model reads it: A dog runs" in captured.err and "words not understood: Narnia" in captured.err
    info = probe(here / "a-dog-runs-in-narnia.mp4")
    assert (info.width, info.height, info.num_frames, info.fps) == (100, 70, 6, 24.0)
    assert Recipe.from_json(info.metadata["comment"]).seed == 3
    assert [path.name for path in here.iterdir()] == ["a-dog-runs-in-narnia.mp4"]


def test_json_is_one_object_on_standard_output_and_nothing_else(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", "一只小狗在海滩上奔跑", *SMALL, "--out", "gou.gif", "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert captured.err == "" and report["path"] == "gou.gif" and report["caption"] == report["recipe"]["caption"]
    assert Recipe.from_dict(report["recipe"]).prompt == "一只小狗在海滩上奔跑"
    assert read_video(here / "gou.gif").frames.shape == (6, 70, 100, 3)


def test_pictures_are_pinned_where_they_are_asked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(here / "a.png", np.full((70, 100, 3), 99, np.uint8))
    assert run(["generate", "a dog", *SMALL, "--image", "a.png", "--image", "a.png@end", "--json", "--out", "v.mp4"]) == 0
    assert [one["frame_index"] for one in json.loads(capsys.readouterr().out)["recipe"]["inputs"]] == [0, 5]


def test_without_rewriting_the_prompt_is_the_caption(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", "a dog", *SMALL, "--no-rewrite", "--json", "--out", "v.mp4"]) == 0
    assert json.loads(capsys.readouterr().out)["caption"] == "a dog"


def test_a_still(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "a red ball", "--size", "101x67", "--steps", "1"]) == 0
    assert capsys.readouterr().out == "a-red-ball.png\n"
    assert read_image(here / "a-red-ball.png").shape == (67, 101, 3)


def test_replay_gives_the_same_frames_bit_for_bit(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(here / "a.png", np.full((70, 100, 3), 99, np.uint8))
    assert run(["generate", "a dog runs", *SMALL, "--image", "a.png", "--out", "v.mp4"]) == 0
    assert run(["replay", "v.mp4"]) == 2
    assert "add it with --image" in capsys.readouterr().err
    assert run(["replay", "v.mp4", "--image", "a.png"]) == 0
    assert capsys.readouterr().out == "v-replay.mp4\n"
    assert (here / "v.mp4").read_bytes() == (here / "v-replay.mp4").read_bytes()


def test_replay_says_what_differs(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["image", "a dog", "--size", "64x64", "--steps", "1", "--out", "a.png"]) == 0
    monkeypatch.setattr("misora.api.replay.__version__", "9.9")
    assert run(["replay", "a.png", "--out", "b.png"]) == 0
    assert "note: made with misora" in capsys.readouterr().err


def test_a_terminal_gets_bars_and_a_preview_path(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(["generate", "a dog", *SMALL, "--out", "v.mp4"]) == 0
    captured = capsys.readouterr()
    assert "misora-preview-" in captured.err and captured.out == "v.mp4\n"
    assert [path.name for path in here.iterdir()] == ["v.mp4"]


def test_the_model_in_use_is_said_and_can_be_chosen(
    here: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--seconds", "0.25", "--size", "96x64", "--seed", "3", "--out", "v.mp4"]
    weights = Path(shutil.copytree(tiny_weights, here / "weights"))
    monkeypatch.setenv("MISORA_WEIGHTS", str(weights))
    assert run(["generate", "a dog runs", *small]) == 0
    assert f"quality: base, 22 steps; there are no turbo weights in {weights}\n" in capsys.readouterr().err
    assert run(["generate", "a dog runs", *small, "--quality", "turbo"]) == 2
    assert "quality=turbo cannot be used: there are no turbo weights" in capsys.readouterr().err
    write_tiny_turbo(weights)
    assert run(["generate", "a dog runs", *small]) == 0
    assert "quality: turbo, 4 steps without guidance, twice as many for a first picture\n" in capsys.readouterr().err
    assert run(["generate", "a dog runs", *small, "--quality", "base", "--steps", "1"]) == 0
    assert "quality: base, 1 step\n" in capsys.readouterr().err
    assert run(["generate", "a dog runs", *small, "--quality", "turbo", "--guidance", "3"]) == 2
    assert "quality=turbo has no guidance" in capsys.readouterr().err

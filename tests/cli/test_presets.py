"""``misora presets`` and ``--preset``: made, used, replayed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.cli.main import run
from misora.media.stills import write_image

SMALL = {"seconds": 0.25, "size": "64x64", "steps": 1, "seed": 3}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MISORA_PRESETS", str(tmp_path / "presets"))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["presets", *arguments]) == 0
    return capsys.readouterr().out


def test_the_life_of_a_preset(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(here / "look.png", np.full((32, 32, 3), 90, np.uint8))
    assert said(capsys, "new", "mine", "--mood", "Calm.", "--grade", "grain=0.05", "--image", "look.png") == f"{here}/presets/mine.json\n"
    shown = json.loads(said(capsys, "show", "mine", "--json"))
    assert shown["text"] == {"mood": "Calm."} and shown["grade"]["grain"] == 0.05 and len(shown["references"]) == 1
    said(capsys, "edit", "mine", "--mood", "", "--theme", "Rain.", "--grade", "grain=", "--grade", "tones=#000000,#ffffff", "--no-images")
    shown = json.loads(said(capsys, "show", "mine", "--json"))
    assert shown["text"] == {"theme": "Rain."} and shown["grade"] == {"tones": ["#000000", "#ffffff"], "toning": 0.6}
    assert "references" not in shown
    said(capsys, "clone", "papercraft", "yours")
    assert said(capsys, "export", "yours", "yours.json") == "yours.json\n"
    said(capsys, "delete", "yours")
    assert said(capsys, "import", "yours.json", "--name", "again") == "again\n"
    listed = said(capsys, "list")
    assert all(name in listed for name in ("film-noir", "黑色电影", "mine", "again")) and "yours" not in listed
    assert "relief=0.8" in said(capsys, "show", "again")
    names = [one["name"] for one in json.loads(said(capsys, "list", "--json"))]
    assert names[-2:] == ["again", "mine"]


@pytest.mark.parametrize("preset", [preset.name for preset in misora.presets().all()])
def test_every_preset_changes_the_pixels_and_replays(here: Path, preset: str) -> None:
    plain = misora.generate("a dog runs left", rewrite=False, **SMALL)
    styled = misora.generate("a dog runs left", rewrite=False, preset=preset, **SMALL)
    assert np.abs(styled.frames.astype(int) - plain.frames).mean() > 4
    assert styled.recipe.preset == preset and styled.recipe.grade
    assert np.array_equal(misora.replay(styled.save(here / "v.webp")).frames, styled.frames)


def test_a_replay_needs_no_preset(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "new", "mine", "--grade", "saturation=0")
    video = misora.image("a dog", size="64x64", steps=1, preset="mine")
    said(capsys, "delete", "mine")
    assert np.array_equal(misora.replay(video.recipe).frames, video.frames)


def test_the_command_says_what_the_preset_gave(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "a cat stands", "--preset", "night-neon", "--size", "64x64", "--steps", "1", "--out", "a.png"]) == 0
    assert "from the preset: in the city, at night" in capsys.readouterr().err


def test_a_preset_by_hand(here: Path) -> None:
    grey = misora.Preset("grey", grade=misora.presets().get("film-noir").grade)
    assert misora.image("a dog", size="64x64", steps=1, preset=grey).recipe.preset == "grey"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["generate", "a dog", "--preset", "noir"], "preset='noir' is not known; nearest: film-noir"),
        (["presets", "show", "none"], "preset='none' is not known"),
        (["presets", "new", "Two Words"], "preset.name='Two Words'"),
        (["presets", "new", "mine", "--grade", "grain"], "grade='grain' is not NAME=VALUE"),
        (["presets", "new", "mine", "--grade", "grain=lots"], "grade.grain='lots' is not a number"),
        (["presets", "new", "mine", "--grade", "sparkle=1"], "grade.sparkle is not known"),
        (["presets", "new", "mine", "--image", "none.png"], "none.png does not exist"),
        (["presets", "edit", "film-noir", "--mood", "Happy."], "clone it first"),
        (["presets", "delete", "film-noir"], "clone it first"),
        (["presets", "import", "none.json"], "cannot read none.json"),
    ],
)
def test_mistakes_get_one_sentence(here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and says in captured.err
    assert list(here.iterdir()) == []

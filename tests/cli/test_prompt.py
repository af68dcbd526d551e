"""``misora prompt`` shows what would happen; ``misora generate`` does it, moment by moment."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import misora
from misora.cli.main import run
from misora.prompting.rewriter import rewrite

TABLES = Path(__file__).resolve().parents[1] / "prompting" / "tables"


def test_it_says_everything_that_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prompt", "a wolf with a hat runs left in the medow, no birds, then it jumps"]) == 0
    lines = capsys.readouterr().out.splitlines()
    said = {line[:12].strip(): line[12:] for line in lines}
    assert said["caption 1"].startswith("A dog runs to the left") and said["caption 2"].startswith("A dog jumps")
    assert said["taken as"] == "wolf → dog, medow → meadow"
    assert (said["not wanted"], said["not known"], said["written by"]) == ("no birds", "hat", "offline")
    assert said["added"] == "during the day"


def test_json_is_the_python_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prompt", "一只狼在雪地里向左跑", "--json", "--preset", "film-noir"]) == 0
    data = json.loads(capsys.readouterr().out)
    expected = rewrite("一只狼在雪地里向左跑", preset=misora.presets().get("film-noir"))
    assert data["text"] == expected.text and data["from_preset"] == list(expected.from_preset) and data["from_preset"]


def test_a_prompt_that_is_not_understood_is_said_to_stay(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prompt", "abstract painting"]) == 0
    out = capsys.readouterr().out
    assert "caption     abstract painting" in out and "nobody: it is your own prompt" in out and "abstract, painting" in out


def test_a_table_is_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("a dog runs left\tdog run left\t-\t-\t-\na cat\tdog - -\tbeach\t-\t-\n")
    assert run(["prompt", "--table", str(table), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["shares"]["subject"] == {"right": 1, "total": 2, "interval": pytest.approx([0.0945, 0.9055], abs=1e-3)}
    assert data["failures"] == [{"prompt": "a cat", "fields": ["subject", "place"]}]
    assert run(["prompt", "--table", str(table)]) == 0
    assert "misread (subject, place): a cat" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["prompt"], "prompt is empty"),
        (["prompt", " "], "prompt is empty"),
        (["prompt", "a dog", "--preset", "none"], "preset='none' is not known"),
        (["prompt", "--table", "none.tsv"], "cannot read none.tsv"),
    ],
)
def test_mistakes_get_one_sentence(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and says in captured.err


def test_moments_share_the_time_and_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "v.webp"
    small = ["--seconds", "0.75", "--size", "64x64", "--steps", "2", "--seed", "3", "--out", str(out)]
    assert run(["generate", "a dog runs left, then it jumps", *small]) == 0
    assert "  0.00 to 0.38 s: A dog runs" in capsys.readouterr().err
    video = misora.replay(out)
    assert [(span.caption[:11], span.start, span.end) for span in video.recipe.spans] == [
        ("A dog runs ", 0.0, 0.375),
        ("A dog jumps", 0.375, None),
    ]
    again = misora.generate("a dog runs left, then it jumps", seconds=0.75, size="64x64", steps=2, seed=3)
    other = misora.generate("a dog runs left", seconds=0.75, size="64x64", steps=2, seed=3)
    assert np.array_equal(video.frames, again.frames) and not np.array_equal(video.frames, other.frames)
    assert again.recipe == video.recipe == misora.Recipe.from_json(video.recipe.to_json())


def test_a_still_shows_the_first_moment() -> None:
    assert misora.image("a dog runs left, then it jumps", size="64x64", steps=1).recipe.caption.startswith("A dog runs")


def test_a_draft_is_finished_at_full_size(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["generate", "a dog runs left", "--draft", "--seconds", "0.3", "--size", "192x128", "--seed", "3", "--out", "d.mp4"]) == 0
    assert run(["finish", "d.mp4", "--steps", "2"]) == 0
    assert capsys.readouterr().out == "d.mp4\nd-full.mp4\n"
    assert run(["finish", "d-full.mp4"]) == 2
    assert "is no draft, so there is nothing to finish" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d-full.mp4", "d.mp4"]

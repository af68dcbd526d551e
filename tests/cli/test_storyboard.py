from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from misora.cli.main import run
from misora.media.encode import write_video
from misora.media.probe import probe

STORY = """\
format: misora/storyboard/1
size: 64x64
steps: 1
seed: 2
cards:
  - {at: 0, text: a dog runs}
  - {at: 0.5, text: a cat, seconds: 0.25}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "story.yaml").write_text(STORY)
    return tmp_path


@pytest.mark.parametrize("verb", [["storyboard"], ["storyboard", "make"]])
def test_a_storyboard_becomes_a_film_of_its_name(verb: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*verb, "story.yaml"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "story.mp4\n" and "cards[0]: A dog runs" in captured.err and "cards[1]: A cat" in captured.err
    assert probe(here / "story.mp4").num_frames == 18
    assert run(["replay", "story.mp4", "--out", "again.mp4"]) == 0
    assert (here / "story.mp4").read_bytes() == (here / "again.mp4").read_bytes()


def test_a_story_becomes_a_storyboard_and_that_a_film(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["storyboard", "new", "--from", "A dog runs. Then a cat jumps.", "--out", "new.yaml"]) == 0
    assert capsys.readouterr().out == "new.yaml\n" and "text: a cat jumps" in (here / "new.yaml").read_text()
    assert run(["storyboard", "new", "--from", "A dog runs.", "--out", "new.yaml"]) == 2
    assert "new.yaml exists already" in capsys.readouterr().err


def test_a_clip_becomes_a_storyboard(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_video(here / "clip.mp4", np.zeros((12, 64, 64, 3), np.uint8), 24.0)
    assert run(["storyboard", "new", "--from", "clip.mp4"]) == 2  # story.yaml is taken
    assert run(["storyboard", "new", "--from", "clip.mp4", "--out", "shots.yaml"]) == 0
    assert "the texts are empty" in capsys.readouterr().err and "clip: clip.mp4" in (here / "shots.yaml").read_text()


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["storyboard", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == "misora/storyboard/1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["storyboard", "none.yaml"], "cannot read none.yaml: no such file"),
        (["storyboard", "typo.yaml"], "typo.yaml line 4: cards[0].txet is not known; did you mean text?"),
        (["storyboard", "story.yaml", "--out", "a.txt"], "does not end as a video does"),
        (["storyboard", "new", "--from", " ", "--out", "a.yaml"], "the story is empty"),
        (["storyboard", "new", "--from", "none.mp4", "--out", "a.yaml"], "none.mp4 does not exist"),
        (["storyboard", "story.yaml", "--steps", "0"], "steps=0 is outside 1 to 200"),
    ],
)
def test_a_mistake_gets_one_sentence_and_leaves_nothing(
    arguments: list[str], says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "typo.yaml").write_text("format: misora/storyboard/1\ncards:\n  - at: 0\n    txet: a dog\n")
    before = sorted(here.iterdir())
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and says in captured.err and sorted(here.iterdir()) == before

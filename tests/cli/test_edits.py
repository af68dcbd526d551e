"""The editing verbs: where the result goes, what is said, and every mistake in one sentence with exit code 2."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from misora.cli.main import run
from misora.media.encode import write_video
from misora.media.probe import probe
from tiny import write_tiny_upsampler

REMIX = ["remix", "clip.mp4", "a cat", "--steps", "1"]
SMALL = ["--steps", "1", "--seed", "3", "--prompt", "a dog runs"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "clip.mp4", np.full((12, 64, 64, 3), 90, np.uint8), 24.0)
    (tmp_path / "notes.mp4").write_text("no clip")
    return tmp_path


VERBS = {
    "extend": (["extend", "clip.mp4", "--seconds", "0.25"], 18),
    "extend backward": (["extend", "clip.mp4", "--seconds", "0.25", "--backward"], 18),
    "fill": (["fill", "clip.mp4", "--start", "0.2", "--end", "0.3"], 12),
    "connect": (["connect", "clip.mp4", "clip.mp4", "--seconds", "0.25"], 30),
    "recut": (["recut", "clip.mp4", "0.25-0.5", "gap:0.25", "2/0-0.25", "--with", "clip.mp4"], 18),
    "blend": (["blend", "clip.mp4", "clip.mp4", "--curve", "mix"], 12),
    "reframe": (["reframe", "clip.mp4", "--aspect", "3:2"], 12),
    "restyle": (["restyle", "clip.mp4", "--preset", "film-noir"], 12),
    "loop": (["loop", "clip.mp4", "--length", "0.25"], 18),
}


def test_remix_takes_its_prompt_as_an_argument(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*REMIX, "--strength", "0.9", "--start", "0.1", "--end", "0.4", "--box", "0,0,32,64"]) == 0
    assert capsys.readouterr().out == "clip-remix.mp4\n"
    assert run(["replay", "clip-remix.mp4", "--image", "clip.mp4", "--out", "again.mp4"]) == 0
    assert (here / "clip-remix.mp4").read_bytes() == (here / "again.mp4").read_bytes()


@pytest.mark.parametrize("case", VERBS)
def test_a_verb_writes_beside_the_clip_and_replays(case: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, frames = VERBS[case]
    assert run([*arguments, *SMALL]) == 0
    captured = capsys.readouterr()
    name = f"clip-{arguments[0]}.mp4"
    assert captured.out == f"{name}\n" and "new frames as the model reads them: A dog runs" in captured.err
    assert probe(here / name).num_frames == frames
    assert run(["replay", name, "--image", "clip.mp4", "--out", "again.mp4"]) == 0
    assert (here / name).read_bytes() == (here / "again.mp4").read_bytes()


@pytest.fixture
def upsampler(here: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights with an upsampler, and a clip large enough to be sampled small."""
    monkeypatch.setenv("MISORA_WEIGHTS", str(write_tiny_upsampler(Path(shutil.copytree(tiny_weights, here / "weights")))))
    write_video(here / "clip.mp4", np.full((2, 290, 290, 3), 90, np.uint8), 24.0)


@pytest.mark.usefixtures("upsampler")
def test_new_frames_of_a_large_clip_are_sampled_small(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*VERBS["restyle"][0], *SMALL, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"]["sampled"] == [240, 240]


@pytest.mark.usefixtures("upsampler")
@pytest.mark.parametrize("verb", ["restyle", "reframe"])
def test_native_samples_them_at_full_size(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*VERBS[verb][0], *SMALL, "--json", "--native"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"].get("sampled") is None


@pytest.mark.parametrize("arguments", [*(arguments for arguments, _ in VERBS.values()), REMIX, ["storyboard", "clip.mp4"]])
def test_every_edit_takes_native(arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "clip.mp4").unlink()
    assert run([*arguments, "--native"]) == 2
    assert "clip.mp4" in capsys.readouterr().err, "it is the file that is missing, not the option"


def test_a_name_that_is_taken_is_left_alone_and_json_tells_the_lineage(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "clip-loop.mp4").touch()
    assert run(["loop", "clip.mp4", "--length", "0.25", *SMALL, "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert captured.err == "" and report["path"] == "clip-loop-2.mp4" and (here / "clip-loop.mp4").read_bytes() == b""
    assert report["recipe"]["edit"] == {"tool": "loop", "length": 0.25} and report["recipe"]["inputs"][0]["role"] == "parent"


MISTAKES = {
    "no prompt": (["extend", "clip.mp4"], "prompt is missing, and clip.mp4 carries no recipe to take one from"),
    "missing clip": (["extend", "none.mp4", *SMALL], "none.mp4 does not exist"),
    "damaged clip": (["loop", "notes.mp4", *SMALL], "notes.mp4 is damaged, or not a clip"),
    "zero seconds": (["extend", "clip.mp4", "--seconds", "0", *SMALL], "seconds=0 must be above 0 and at most 60"),
    "hole outside": (["fill", "clip.mp4", "--start", "0.2", "--end", "9", *SMALL], "end=9 is outside the clip, 0 to 0.5 s; nearest: 0.5"),
    "unknown length": (["loop", "clip.mp4", "--length", "huge", *SMALL], "length='huge' is not known; choose one of short, normal, long"),
    "remix strength": ([*REMIX, "--strength", "2"], "strength=2 is outside 0 to 1; nearest: 1"),
    "remix box": ([*REMIX, "--box", "0,0,999,9"], "box=0,0,999,9 is outside the clip's 64x64; nearest: 0,0,64,9"),
    "remix without words": (["remix", "clip.mp4", " "], "prompt is empty"),
    "curve": (["blend", "clip.mp4", "clip.mp4", "--curve", "0:2", *SMALL], "curve[0] has influence 2, outside 0 to 1; nearest: 1"),
    "piece": (["recut", "clip.mp4", "all", *SMALL], "'all' is neither START-END nor gap:SECONDS"),
    "shape": (["reframe", "clip.mp4", "--aspect", "1:1", *SMALL], "the clip has that shape already, 64x64"),
    "look": (["restyle", "clip.mp4"], "preset and prompt are missing"),
    "unknown look": (["restyle", "clip.mp4", "--preset", "nice", *SMALL], "nice"),
    "out of another kind": (["loop", "clip.mp4", "--out", "a.png", *SMALL], "does not end as a video does"),
    "steps": (["loop", "clip.mp4", "--prompt", "a dog", "--steps", "0"], "steps=0 is outside 1 to 200; nearest: 1"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_gets_one_sentence_and_leaves_nothing(case: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, says = MISTAKES[case]
    before = sorted(here.iterdir())
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and captured.err.startswith("misora: ") and says in captured.err
    assert sorted(here.iterdir()) == before

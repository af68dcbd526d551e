"""Every tool by the same record, whichever door it is asked for at: Python, the command line, HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misora.cli.main import run
from misora.editing.blend import Blend
from misora.editing.connect import Connect
from misora.editing.extend import Extend
from misora.editing.fill import Fill
from misora.editing.loop import Loop
from misora.editing.recut import Recut, parse_piece
from misora.editing.reframe import Reframe
from misora.editing.remix import Remix
from misora.editing.restyle import Restyle
from misora.editing.tool import Tool, to_data
from misora.editing.tools import TOOLS
from misora.media.encode import write_video
from studios import Rig, make_rig

ASKED: list[tuple[Tool, list[str], str, dict[str, Any]]] = [
    (Extend(0.5, True), ["--seconds", "0.5", "--backward"], "extensions", {"seconds": "0.5", "backward": True}),
    (Fill(0.125, 0.25), ["--start", "0.125", "--end", "0.25"], "fills", {"start": 0.125, "end": 0.25}),
    (Connect(0.5), ["CLIP", "--seconds", "0.5"], "connections", {"seconds": 0.5}),
    (Loop(0.5), ["--length", "0.5"], "loops", {"length": "0.5"}),
    (
        Remix(0.8, box=(0, 0, 32, 32)),
        ["a cat", "--strength", "0.8", "--box", "0,0,32,32"],
        "edits",
        {"strength": 0.8, "box": [0, 0, 32, 32]},
    ),
    (Restyle(), ["--preset", "film-noir"], "restyles", {"preset": "film-noir"}),
    (
        Recut(tuple(parse_piece(piece) for piece in ("0.25-0.5", "gap:0.25", "2/0-0.25"))),
        ["0.25-0.5", "gap:0.25", "2/0-0.25", "--with", "CLIP"],
        "recuts",
        {"pieces": ["0.25-0.5", "gap:0.25", "2/0-0.25"]},
    ),
    (
        Blend(((0, 0), (0.25, 0.5), (0.5, 1))),
        ["CLIP", "--curve", "0:0,0.25:0.5,0.5:1"],
        "blends",
        {"curve": [[0, 0], [0.25, 0.5], [0.5, 1]]},
    ),
    (Reframe(aspect="2:1"), ["--aspect", "2:1"], "reframes", {"aspect": "2:1"}),
]
"""The record, what is typed after the clip, the route and what is sent beside the clips."""
TWO = ("connections", "blends", "recuts")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Half a second of 64x64 at 8 frames a second."""
    path = tmp_path / "clip.mp4"
    write_video(path, np.full((4, 64, 64, 3), 120, np.uint8), 8)
    return path


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A studio whose worker paints."""
    rig = make_rig(tmp_path)
    yield rig
    rig.client.close()
    rig.bench.engine.database.close()


def test_no_tool_is_missing() -> None:
    assert {tool.name for tool, *_ in ASKED} == set(TOOLS) - {"storyboard"}


@pytest.mark.usefixtures("tiny_weights_in_use")
@pytest.mark.parametrize(("tool", "arguments", "route", "fields"), ASKED, ids=[tool.name for tool, *_ in ASKED])
def test_all_doors_lead_to_the_same_record(
    tool: Tool, arguments: list[str], route: str, fields: dict[str, Any], rig: Rig, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [] if tool.name == "remix" else ["--prompt", "a cat"]
    given = [str(clip) if text == "CLIP" else text for text in arguments]
    assert run([tool.name, str(clip), *given, *words, "--steps", "1", "--seed", "3", "--json"]) == 0
    typed = json.loads(capsys.readouterr().out)["recipe"]

    file = rig.ok(rig.client.post("/v1/files", files={"file": ("clip.mp4", clip.read_bytes())}))
    videos = {"videos": [{"id": file["id"]}] * 2} if route in TWO else {"video": {"id": file["id"]}}
    sent = rig.ok(rig.client.post(f"/v1/videos/{route}", json=fields | videos | {"prompt": "a cat", "seed": 3}))
    rig.work()
    answered = rig.get(f"/v1/videos/{sent['id']}/recipe")

    record = json.loads(json.dumps(to_data(tool)))
    assert typed["edit"] == answered["edit"] == record
    assert typed["prompt"] == answered["prompt"] and typed["inputs"] == answered["inputs"]
    assert (typed["shape"], typed["seed"]) == (answered["shape"], 3)

"""The editing routes: from a video, a file or an upload to a job of the right tool, carried out by a worker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studios import Rig

TOOLS = [
    ("edits", {"prompt": "the same in snow"}, {"tool": "remix", "strength": "mild"}, 4),
    ("extensions", {"seconds": "1"}, {"tool": "extend", "seconds": 1.0, "backward": False}, 12),
    ("extensions", {"seconds": "0.5", "backward": True}, {"tool": "extend", "seconds": 0.5, "backward": True}, 8),
    ("fills", {"start": 0.125, "end": 0.25}, {"tool": "fill", "start": 0.125, "end": 0.25}, 4),
    ("loops", {"length": "0.5"}, {"tool": "loop", "length": 0.5}, 8),
]


@pytest.mark.parametrize(("route", "fields", "tool", "num_frames"), TOOLS)
def test_each_tool_edits_a_video_of_the_account(
    rig: Rig, route: str, fields: dict[str, Any], tool: dict[str, Any], num_frames: int
) -> None:
    parent = rig.made()
    edit = rig.ok(rig.client.post(f"/v1/videos/{route}", json=fields | {"video": {"id": parent["id"]}}))
    assert edit["kind"] == tool["tool"] and edit["remixed_from_video_id"] == parent["id"]
    assert edit["seconds"] == f"{num_frames / 8:g}"
    job = rig.bench.engine.job(edit["id"])
    assert tool.items() <= job.request["tool"].items()
    rig.work()
    done = rig.get(f"/v1/videos/{edit['id']}")
    assert done["status"] == "completed", done["error"]
    assert rig.bench.engine.outputs(edit["id"])["video"].num_frames == num_frames
    assert [one["id"] for one in rig.get(f"/v1/videos/{edit['id']}/lineage")["ancestors"]] == [parent["id"]]
    assert rig.get(f"/v1/videos/{edit['id']}/recipe")["edit"]["tool"] == tool["tool"]


def test_an_edit_may_be_painted_without_a_plan(rig: Rig) -> None:
    parent = rig.made()
    body = {"prompt": "in snow", "video": {"id": parent["id"]}}
    as_json = rig.ok(rig.client.post("/v1/videos/edits", json=body | {"planned": False}))
    as_form = rig.ok(rig.client.post("/v1/videos/edits", data={"prompt": "in snow", "video[id]": parent["id"], "planned": "false"}))
    assert [rig.bench.engine.job(edit["id"]).request["planned"] for edit in (as_json, as_form)] == [False, False]
    assert rig.work() == 2
    assert rig.get(f"/v1/videos/{as_json['id']}")["status"] == "completed"


def test_remix_by_id_and_connect(rig: Rig) -> None:
    parent = rig.made()
    remix = rig.ok(rig.client.post(f"/v1/videos/{parent['id']}/remix", json={"prompt": "at night", "strength": 0.8, "box": [0, 0, 32, 32]}))
    both = {"videos": [{"id": parent["id"]}, {"id": parent["id"]}], "seconds": 0.5}
    joined = rig.ok(rig.client.post("/v1/videos/connections", json=both))
    assert rig.work() == 2
    assert rig.get(f"/v1/videos/{remix['id']}")["status"] == "completed"
    assert rig.get(f"/v1/videos/{joined['id']}")["seconds"] == "1.5"


def test_an_uploaded_clip_is_edited_in_the_clients_three_forms(rig: Rig, clip: bytes) -> None:
    uploaded = rig.ok(rig.client.post("/v1/videos/edits", data={"prompt": "in snow"}, files={"video": ("clip.mp4", clip)}))
    file = rig.ok(rig.client.post("/v1/files", data={"purpose": "user_data"}, files={"file": ("clip.mp4", clip)}))
    bracketed = rig.ok(rig.client.post("/v1/videos/edits", data={"prompt": "in snow", "video[id]": file["id"]}))
    as_json = rig.ok(rig.client.post("/v1/videos/edits", json={"prompt": "in snow", "video": {"id": file["id"]}}))
    requests = [rig.bench.engine.job(edit["id"]).request for edit in (uploaded, bracketed, as_json)]
    assert requests[0] == requests[1] == requests[2]
    assert requests[0]["clips"] == [file["id"]]


@pytest.mark.parametrize(
    ("route", "fields", "param"),
    [
        ("extensions", {}, "video"),
        ("fills", {"start": 2, "end": 1}, "end"),
        ("edits", {"prompt": "x", "strength": "violent"}, "strength"),
        ("edits", {"prompt": "x", "strength": 3}, "strength"),
        ("edits", {"prompt": "x", "box": [5, 5, 1, 1]}, "box"),
        ("loops", {"length": "eternal"}, "length"),
        ("connections", {"videos": []}, "videos"),
    ],
)
def test_edits_that_cannot_be(rig: Rig, clip: bytes, route: str, fields: dict[str, Any], param: str) -> None:
    file = rig.ok(rig.client.post("/v1/files", files={"file": ("clip.mp4", clip)}))
    video = {} if param in ("video", "videos") else {"video": {"id": file["id"]}}
    assert rig.error(rig.client.post(f"/v1/videos/{route}", json=fields | video), 400)["param"] == param


def test_an_unfinished_video_cannot_be_edited_and_a_foreign_one_is_not_there(rig: Rig) -> None:
    video = rig.create()
    assert rig.error(rig.client.post(f"/v1/videos/{video['id']}/remix", json={"prompt": "x"}), 409)["code"] == "video_not_ready"
    rig.error(rig.client.post("/v1/videos/video_0/remix", json={"prompt": "x"}), 404)


FURTHER = [
    ("blends", {"curve": "mix"}, {"tool": "blend", "curve": "mix"}, 2, (4, 64, 64)),
    ("blends", {"curve": [[0, 0], [0.25, 0.5], [0.5, 1]]}, {"tool": "blend"}, 2, (4, 64, 64)),
    ("recuts", {"pieces": ["0.25-", "gap:1:a cat", "2/0-0.25"]}, {"tool": "recut"}, 2, (12, 64, 64)),
    ("reframes", {"aspect": "2:1"}, {"tool": "reframe", "aspect": "2:1"}, 1, (4, 64, 128)),
    ("restyles", {"preset": "film-noir"}, {"tool": "restyle", "strength": "subtle"}, 1, (4, 64, 64)),
]


@pytest.mark.parametrize(("route", "fields", "tool", "clips", "shape"), FURTHER)
def test_tools_of_other_shapes_are_priced_as_they_come_out(
    rig: Rig, route: str, fields: dict[str, Any], tool: dict[str, Any], clips: int, shape: tuple[int, int, int]
) -> None:
    parent = rig.made()
    given = {"videos": [{"id": parent["id"]}] * clips} if route in ("blends", "recuts") else {"video": {"id": parent["id"]}}
    edit = rig.ok(rig.client.post(f"/v1/videos/{route}", json=fields | given | {"prompt": "a dog runs"}))
    job = rig.bench.engine.job(edit["id"])
    assert tool.items() <= job.request["tool"].items()
    rig.work()
    done = rig.get(f"/v1/videos/{edit['id']}")
    assert done["status"] == "completed", done["error"]
    video = rig.bench.engine.outputs(edit["id"])["video"]
    assert (video.num_frames, video.height, video.width) == shape
    assert (edit["seconds"], edit["size"]) == (f"{shape[0] / 8:g}", f"{shape[2]}x{shape[1]}") == (done["seconds"], done["size"])


STORY = {
    "format": "misora/storyboard/1",
    "size": "64x64",
    "fps": 8,
    "seed": 3,
    "characters": {"rex": "a dog"},
    "cards": [
        {"at": 0, "text": "{rex} runs on the beach, then it jumps", "seconds": 1},
        {"at": 1, "transition": "cut", "clip": "parent.mp4"},
        {"at": 2, "image": "first.png", "text": "a cow stands in the meadow", "seconds": 0.5},
    ],
}


@pytest.mark.parametrize("as_text", [False, True])
def test_a_storyboard_becomes_a_film(rig: Rig, picture: bytes, as_text: bool) -> None:
    parent = rig.made()
    image = rig.ok(rig.client.post("/v1/files", files={"file": ("any.png", picture)}))
    media = {"parent.mp4": {"id": parent["id"]}, "first.png": {"id": image["id"]}}
    body = {"storyboard": json.dumps(STORY) if as_text else STORY, "media": media}
    film = rig.ok(rig.client.post("/v1/videos/storyboards", json=body))
    assert (film["kind"], film["seconds"], film["size"]) == ("storyboard", "2.5", "64x64")
    rig.work()
    done = rig.get(f"/v1/videos/{film['id']}")
    assert done["status"] == "completed", done["error"]
    assert rig.bench.engine.outputs(film["id"])["video"].num_frames == 20
    told = rig.get(f"/v1/videos/{film['id']}/recipe")["edit"]["board"]["cards"]
    assert len(told[0]["beats"]) == 2 and "{rex}" not in told[0]["text"]


@pytest.mark.parametrize(
    ("route", "fields", "param"),
    [
        ("blends", {"curve": "sudden"}, "curve"),
        ("blends", {"curve": [[0, 2]]}, "curve"),
        ("recuts", {"pieces": ["0-1", "3/0-1"]}, "pieces"),
        ("recuts", {"pieces": ["9-10"]}, "pieces"),
        ("recuts", {"pieces": ["gap:1"]}, "pieces"),
        ("reframes", {}, "size"),
        ("reframes", {"aspect": "wide"}, "aspect"),
        ("restyles", {"preset": "no-such"}, "preset"),
        ("storyboards", {"storyboard": STORY}, "media"),
        ("storyboards", {"storyboard": STORY | {"cards": [{"at": 0, "txet": "a dog"}]}}, "cards[0].txet"),
        ("storyboards", {"storyboard": "cards: ["}, ""),
        ("storyboards", {"storyboard": STORY | {"cards": [{"at": 0, "text": "a dog"}], "preset": "no such look"}}, "preset"),
    ],
)
def test_further_edits_that_cannot_be(rig: Rig, clip: bytes, route: str, fields: dict[str, Any], param: str) -> None:
    file = {"id": rig.ok(rig.client.post("/v1/files", files={"file": ("clip.mp4", clip)}))["id"]}
    given = {"blends": {"videos": [file, file]}, "recuts": {"videos": [file]}, "storyboards": {}}.get(route, {"video": file})
    before = rig.get("/v1/videos")["data"]
    error = rig.error(rig.client.post(f"/v1/videos/{route}", json={"prompt": "a dog"} | fields | given if given else fields), 400)
    assert (error["param"] or "").startswith(param), error
    assert rig.get("/v1/videos")["data"] == before


@pytest.mark.parametrize(
    ("route", "fields"),
    [
        ("recuts", {"pieces": ["0-0.25", "gap:1:a porn film"]}),
        ("storyboards", {"storyboard": STORY | {"cards": [{"at": 0, "text": "a porn film"}]}}),
        ("storyboards", {"storyboard": STORY | {"characters": {"rex": "a porn star"}, "cards": [{"at": 0, "text": "{rex}"}]}}),
    ],
)
def test_words_inside_a_tool_are_judged_too(rig: Rig, clip: bytes, route: str, fields: dict[str, Any]) -> None:
    file = {"id": rig.ok(rig.client.post("/v1/files", files={"file": ("clip.mp4", clip)}))["id"]}
    given = {"videos": [file], "prompt": "a dog"} if route == "recuts" else {}
    assert rig.error(rig.client.post(f"/v1/videos/{route}", json=fields | given), 400)["code"] == "moderation_blocked"

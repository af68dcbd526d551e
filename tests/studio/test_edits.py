"""The editing routes: from a video, a file or an upload to a job of the right tool, carried out by a worker."""

from __future__ import annotations

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

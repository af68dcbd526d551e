"""A video from request to file, in every form in which clients ask, and what they are told when they may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from misora.studio.accepting import order_image
from misora.studio.schemas import ImageBody
from studios import SMALL, Rig


def test_a_video_is_accepted_made_and_served(rig: Rig) -> None:
    accepted = rig.create("a dog runs", seed=7)
    assert accepted["object"] == "video" and accepted["status"] == "queued" and accepted["size"] == "64x64"
    assert accepted["seconds"] == "0.5" and accepted["error"] is None and accepted["completed_at"] is None
    assert rig.work() == 1
    done = rig.get(f"/v1/videos/{accepted['id']}")
    assert done["status"] == "completed" and done["progress"] == 100 and done["caption"] == "a painted scene"
    for variant, kind in (("video", "video/mp4"), ("thumbnail", "image/webp"), ("spritesheet", "image/webp")):
        answer = rig.client.get(f"/v1/videos/{done['id']}/content", params={"variant": variant})
        assert answer.headers["content-type"] == kind and answer.headers["x-content-type-options"] == "nosniff"
        assert len(answer.content) == int(answer.headers["content-length"]) > 100


@pytest.mark.parametrize("form", ["json", "data", "files"])
def test_json_and_forms_ask_for_the_same(rig: Rig, form: str) -> None:
    fields = {
        "prompt": "a cat walks",
        "seconds": "0.5",
        "size": "64x64",
        "fps": "8",
        "seed": "3",
        "rewrite_prompt": "false",
        "planned": "false",
    }
    body: Any = {name: (None, value) for name, value in fields.items()} if form == "files" else fields
    video = rig.ok(rig.client.post("/v1/videos", **{form: body}))
    assert rig.bench.engine.job(video["id"]).request == {
        "prompt": "a cat walks", "seconds": 0.5, "size": "64x64", "fps": 8.0, "seed": 3, "rewrite_prompt": False,
        "planned": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "param", "said"),
    [
        ({"prompt": ""}, "prompt", "at least 1 character"),
        ({"prompt": "   "}, "prompt", "describe the scene"),
        ({"seconds": "0"}, "seconds", "greater than 0"),
        ({"seconds": 61}, "seconds", "nearest: 60"),
        ({"seconds": "soon"}, "seconds", "'soon'"),
        ({"size": "64"}, "size", "832x480"),
        ({"size": "4096x64"}, "width", "nearest: 2048"),
        ({"fps": 200}, "fps", "nearest: 60"),
        ({"model": "dream-9"}, "model", "choose misora"),
        ({"quality": "best"}, "quality", "choose turbo or base"),
        ({"quality": "turbo", "guidance": 3}, "guidance", "goes with quality=base"),
        ({"promt": "x"}, "promt", "nearest: prompt"),
        ({"preset": "sepulchral"}, "preset", "sepulchral"),
        ({"keyframes": [{"media": "file_x", "seconds": "soon"}]}, None, "keyframes.0.seconds"),
        ({"input_reference": {"url": "x"}}, "input_reference", "image_url"),
        ({"prompt": "torture with blood"}, "prompt", "not allowed"),
    ],
)
def test_what_can_be_mended_is_a_400_that_says_how(rig: Rig, fields: dict[str, Any], param: str | None, said: str) -> None:
    error = rig.error(rig.client.post("/v1/videos", json=SMALL | {"prompt": "a dog runs"} | fields), 400)
    assert said in error["message"]
    assert param is None or error["param"] == param
    assert rig.get("/v1/videos")["data"] == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"prompt": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"<x/>", "text/xml", 415),
        (b"--x", "multipart/form-data; boundary=y", 400),
        (b"x", "multipart/form-data", 400),
        (b"a[b=1", "application/x-www-form-urlencoded", 400),
    ],
)
def test_bodies_that_cannot_be_read(rig: Rig, content: bytes, kind: str, status: int) -> None:
    rig.error(rig.client.post("/v1/videos", content=content, headers={"content-type": kind}), status)


def test_lists_are_walked_by_their_cursor_in_both_orders(rig: Rig) -> None:
    made = [rig.create(f"dog {number}")["id"] for number in range(5)]
    for order, expected in (("asc", made), ("desc", made[::-1])):
        seen: list[str] = []
        after: str | None = None
        while True:
            page = rig.ok(rig.client.get("/v1/videos", params={"limit": 2, "order": order} | ({"after": after} if after else {})))
            seen += [video["id"] for video in page["data"]]
            assert page["first_id"] == page["data"][0]["id"] and page["last_id"] == page["data"][-1]["id"]
            if not page["has_more"]:
                break
            after = page["last_id"]
        assert seen == expected


def test_a_still_is_no_video_of_the_list(rig: Rig) -> None:
    rig.bench.submit(rig.bench.engine.local_account().id)
    assert len(rig.get("/v1/videos")["data"]) == 1
    assert rig.get("/v1/videos?limit=1")["has_more"] is False


def test_a_quality_of_other_services_changes_nothing_of_a_still(rig: Rig) -> None:
    account = rig.bench.engine.local_account()
    asked = [ImageBody(prompt="a dog", quality=quality) for quality in ("hd", "base")]
    requests = [order_image(rig.studio, account, body).submission.request for body in asked]
    assert [request.get("quality") for request in requests] == [None, "base"]


def test_a_deleted_video_is_gone_and_one_in_work_is_cancelled_by_it(rig: Rig) -> None:
    video = rig.create()
    assert rig.ok(rig.client.delete(f"/v1/videos/{video['id']}")) == {"id": video["id"], "object": "video.deleted", "deleted": True}
    assert rig.work() == 0
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/content"), ("GET", "/recipe"), ("POST", "/cancel"), ("GET", "/preview")):
        rig.error(rig.client.request(method, f"/v1/videos/{video['id']}{path}"), 404)


def test_a_key_makes_a_repeated_request_one_job_with_one_answer(rig: Rig, picture: bytes) -> None:
    def ask(prompt: str) -> Any:
        return rig.client.post("/v1/videos", data=SMALL | {"prompt": prompt}, files={"input_reference": ("a.png", picture)},
                               headers={"Idempotency-Key": "once"})  # fmt: skip

    first = ask("a dog runs")
    rig.work()
    again = ask("a dog runs")
    assert rig.ok(first) and again.content == first.content
    assert len(rig.get("/v1/videos")["data"]) == 1
    assert rig.error(ask("a cat runs"), 409)["code"] == "conflict"


def test_takes_differ_in_their_seed_only(rig: Rig) -> None:
    takes = rig.create(seed=5, n=3)["takes"]
    assert [rig.bench.engine.job(take).request["seed"] for take in takes] == [5, 6, 7]


def test_pause_resume_cancel(rig: Rig) -> None:
    path = f"/v1/videos/{rig.create()['id']}"
    paused = rig.ok(rig.client.post(f"{path}/pause"))
    assert (paused["status"], paused["state"]) == ("queued", "paused")
    assert rig.work() == 0
    assert rig.ok(rig.client.post(f"{path}/resume"))["state"] == "queued"
    cancelled = rig.ok(rig.client.post(f"{path}/cancel"))
    assert (cancelled["status"], cancelled["error"]["code"]) == ("failed", "cancelled")
    assert rig.error(rig.client.post(f"{path}/resume"), 409)["code"] == "conflict"


def test_an_unfinished_video_has_no_content_yet(rig: Rig) -> None:
    video = rig.create()
    answer = rig.client.get(f"/v1/videos/{video['id']}/content")
    assert rig.error(answer, 409)["code"] == "video_not_ready"
    assert int(answer.headers["retry-after"]) > 0
    assert int(rig.client.get(f"/v1/videos/{video['id']}").headers["openai-poll-after-ms"]) > 0


def test_the_estimate_is_what_is_held_and_holds_nothing(rig: Rig) -> None:
    offer = rig.ok(rig.client.post("/v1/videos/estimate", json={"prompt": "a dog runs", "seconds": 5, "size": "832x480", "n": 2}))
    assert offer == {"object": "estimate", "credits": 40, "lane": "priority"}
    assert rig.get("/v1/videos")["data"] == []


def test_events_tell_the_end_and_close(rig: Rig) -> None:
    done = rig.made()
    with rig.client.stream("GET", f"/v1/videos/{done['id']}/events") as stream:
        text = "".join(stream.iter_text())
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]
    assert [block["event"] for block in blocks] == ["video", "done"]
    assert json.loads(blocks[0]["data"])["status"] == "completed" == json.loads(blocks[1]["data"])["status"]
    assert rig.studio.load.streams == 0


def test_a_failed_and_a_blocked_video_say_why(rig: Rig) -> None:
    rig.bench.painter.raises["a fault"] = ValueError("out of paint")
    rig.bench.painter.caption = "porn"
    video = rig.made("a dog runs")
    assert (video["status"], video["state"], video["error"]["code"]) == ("failed", "blocked", "moderation_blocked")

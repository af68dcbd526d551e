"""Who may ask: nobody without a key where keys are asked for, no page but ours where they are not; other people's things are hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from misora.studio.egress import Egress
from studios import SMALL, Rig

OPEN = {"/healthz"}
"""Routes that need no key: they tell nothing of anybody."""


def routes(rig: Rig) -> list[tuple[str, str]]:
    """Every method and path of the OpenAPI document."""
    return [(method.upper(), path) for path, methods in rig.app.openapi()["paths"].items() for method in methods]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "evil.example:8400"},
        {"host": "[::1"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_without_accounts_foreign_names_and_pages_are_refused(rig: Rig, headers: dict[str, str]) -> None:
    rig.error(rig.client.post("/v1/videos", json=SMALL | {"prompt": "a dog runs"}, headers=headers), 400)
    assert rig.get("/v1/videos")["data"] == []


@pytest.mark.parametrize("headers", [{"host": "localhost:1"}, {"host": "[::1]:8400"}, {"origin": "http://127.0.0.1:8400"}])
def test_without_accounts_our_own_are_served(rig: Rig, headers: dict[str, str]) -> None:
    rig.get("/v1/videos", **headers)


@pytest.mark.parametrize(
    "key", ["", "Bearer", "Bearer x", "Bearer msk_", "Bearer msk_000000000000_secret", "Basic abc", "Bearer " + "a" * 9000]
)
def test_every_route_asks_for_a_key(guarded: Rig, key: str) -> None:
    asked = [(method, path) for method, path in routes(guarded) if path not in OPEN]
    assert len(asked) > 25
    for method, path in asked:
        answer = guarded.client.request(method, path.replace("{", "").replace("}", ""), headers={"authorization": key} if key else {})
        assert answer.status_code == 401, (method, path, answer.text)


def test_other_peoples_things_are_not_there(guarded: Rig, clip: bytes) -> None:
    owner, other = {"authorization": guarded.key("ada")}, {"authorization": guarded.key("bob")}
    video = guarded.ok(guarded.client.post("/v1/videos", json=SMALL | {"prompt": "a dog runs"}, headers=owner))["id"]
    file = guarded.ok(guarded.client.post("/v1/files", files={"file": ("a.mp4", clip)}, headers=owner))["id"]
    character = guarded.ok(guarded.client.post("/v1/videos/characters", data={"name": "Momo", "video[id]": file}, headers=owner))["id"]
    guarded.app.state.studio = replace(guarded.studio, egress=Egress(resolver=lambda host, port: ["93.184.216.34"]))
    hook = {"name": "hook", "url": "https://example.com/hook", "event_types": ["video.completed"]}
    endpoint = guarded.ok(guarded.client.post("/v1/webhook_endpoints", json=hook, headers=owner))["id"]
    begun = {"bytes": len(clip), "filename": "a.mp4", "mime_type": "video/mp4"}
    upload = guarded.ok(guarded.client.post("/v1/uploads", json=begun, headers=owner))["id"]
    guarded.work()
    ids = {"video_id": video, "file_id": file, "character_id": character, "endpoint_id": endpoint, "upload_id": upload}
    tried = 0
    for method, path in routes(guarded):
        if "{" not in path or path.endswith("{name}"):
            continue
        for theirs in (other, {}):
            answer = guarded.client.request(method, path.format(**ids), headers=theirs, json={"prompt": "x"} if method == "POST" else None)
            assert answer.status_code == (404 if theirs else 401), (method, path, answer.text)
            assert "ada" not in answer.text
        tried += 1
    assert tried >= 14
    named: list[tuple[str, dict[str, Any]]] = [
        ("/v1/videos/extensions", {"video": {"id": file}}),
        ("/v1/videos/edits", {"prompt": "x", "video": character}),
        ("/v1/videos", SMALL | {"prompt": "x", "input_reference": {"file_id": file}}),
        ("/v1/videos", SMALL | {"prompt": "x", "characters": [{"id": character}]}),
    ]
    named.append(("/v1/videos/extensions", {"video": {"id": video}}))
    for path, body in named:
        error = guarded.error(guarded.client.post(path, json=body, headers=other), 404)
        assert "of yours" in error["message"] and error["param"] in (*body, "characters.0.id")
    assert guarded.ok(guarded.client.get("/v1/videos", headers=other))["data"] == []
    assert guarded.ok(guarded.client.get("/v1/files", headers=other))["data"] == []


def test_a_key_is_for_its_scopes(guarded: Rig) -> None:
    key = {"authorization": guarded.key("ada", scopes=("files",))}
    guarded.ok(guarded.client.get("/v1/files", headers=key))
    assert "not for videos" in guarded.error(guarded.client.get("/v1/videos", headers=key), 401)["message"]
    guarded.error(guarded.client.get("/metrics", headers=key), 401)


def test_the_plan_says_how_much(guarded: Rig) -> None:
    key = {"authorization": guarded.key("ada", plan="free")}
    ask = lambda **fields: guarded.client.post("/v1/videos", json={"prompt": "a dog runs"} | fields, headers=key)  # noqa: E731
    assert "nearest: 5" in guarded.error(ask(seconds=20), 400)["message"]
    assert "nearest: a short side of 480" in guarded.error(ask(size="1280x720"), 400)["message"]
    guarded.ok(ask(seconds=5))
    spent = ask(seconds=5)
    assert guarded.error(spent, 429)["code"] == "credits_exhausted"
    assert int(spent.headers["retry-after"]) > 0 and spent.headers["x-should-retry"] == "false"
    pot = guarded.ok(guarded.client.get("/v1/credits", headers=key))["pots"][0]
    assert pot["credits"] == {"granted": 20, "charged": 0, "held": 20, "left": 0}

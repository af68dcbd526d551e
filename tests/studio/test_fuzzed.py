"""Every route against bodies that nobody should send: an answer of the documented kind, never a fault of the server."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from studios import Rig

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 2**70, "", " ", "0", "nan", "\x00", "../../etc/passwd", "🐕" * 40, "x" * 5000, [], [[]], {}, {"id": None},
    {"id": "video_0"}, {"image_url": "file:///etc/passwd"}, {"image_url": "http://127.0.0.1:1/"}, [None], [{"media": "x"}],
)  # fmt: skip
ROUNDS = 12


def bodies(example: dict[str, Any], names: list[str], rng: random.Random) -> Iterator[Any]:
    """The route's own example with one or two fields odd, and bodies that are no object at all."""
    for _ in range(ROUNDS):
        changed = dict(example)
        for name in rng.sample([*names, "no_such_field"], k=rng.randint(1, 2)):
            changed[name] = rng.choice(ODD)
        yield changed
    yield from ([], "text", 7, None)


def posts(rig: Rig) -> list[tuple[str, dict[str, Any]]]:
    """Every route that takes JSON, with what it takes."""
    posted = {path: methods["post"] for path, methods in rig.app.openapi()["paths"].items() if "requestBody" in methods.get("post", {})}
    content = {path: route["requestBody"]["content"] for path, route in posted.items()}
    return [(path, takes["application/json"]) for path, takes in content.items() if "application/json" in takes]


def test_odd_bodies_are_answered_as_documented(rig: Rig) -> None:
    rng, video = random.Random(1), rig.made()
    routes = posts(rig)
    assert len(routes) > 18
    for path, takes in routes:
        names = list(takes["schema"]["properties"])
        for body in bodies(takes["example"], names, rng):
            if path == "/v1/images/generations":
                body = {"prompt": ""} if not isinstance(body, dict) else body | {"prompt": rng.choice(["", " ", 7, None])}
            answer = rig.client.post(path.replace("{video_id}", video["id"]), json=body)
            assert answer.status_code in (200, 400, 404, 409, 413, 415, 429), (path, body, answer.text)
            if answer.status_code != 200:
                rig.error(answer, answer.status_code)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1e9", "order=sideways", "after=" + "x" * 200, "after=%00", "limit=-1"])
def test_odd_queries_too(rig: Rig, query: str) -> None:
    for path in ("/v1/videos", "/v1/files", "/v1/webhook_endpoints"):
        answer = rig.client.get(f"{path}?{query}")
        assert answer.status_code in (200, 400), (path, answer.text)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b"{"),
        ("application/json", b"\xff\xfe"),
        ("application/json", b'{"prompt": NaN}'),
        ("application/json", b"[" * 100_000),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("application/x-www-form-urlencoded", b"a[[=1&b]=2"),
        ("text/html", b"<p>"),
    ],
)
def test_bodies_that_are_not_what_they_say(rig: Rig, kind: str, content: bytes) -> None:
    answer = rig.client.post("/v1/videos", content=content, headers={"content-type": kind})
    assert rig.error(answer, answer.status_code) and answer.status_code in (400, 415)

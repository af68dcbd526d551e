"""Keys that no longer open and things that are no longer there, on every route of the document and in every manner of asking."""

from __future__ import annotations

from typing import Any

import pytest

from misora.store.keys import create_key, revoke_key
from misora.store.tables import accounts
from studios import SMALL, Rig

MANNERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"range": "bytes=0-9"}),
    ("GET", {"accept": "text/event-stream"}),
)


def routes(rig: Rig) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, methods in rig.app.openapi()["paths"].items() for method in methods if path != "/healthz"]


def told(manner: str, status: int) -> tuple[int, ...]:
    """What may be answered: ``status``, or that a route takes no HEAD, which is so for everybody and everything."""
    return (status, 405) if manner == "HEAD" else (status,)


def asked(rig: Rig, method: str, path: str, headers: dict[str, str]) -> Any:
    return rig.client.request(method, path, headers=headers, json={"prompt": "x"} if method == "POST" else None)


@pytest.mark.parametrize("why", ["revoked", "expired", "banned", "another secret"])
def test_a_key_that_no_longer_opens_opens_nothing(guarded: Rig, why: str) -> None:
    header = guarded.key("ada")
    key_id = header.split("_")[1]
    with guarded.bench.engine.database.transaction() as tx:
        if why == "revoked":
            revoke_key(tx, key_id, at=1.0)
        elif why == "expired":
            account_id = tx.execute(accounts.select().where(accounts.c.name == "ada")).one().id
            header = f"Bearer {create_key(tx, account_id, at=1.0, scopes=('videos', 'files'), expires_at=2.0)[1]}"
        elif why == "banned":
            tx.execute(accounts.update().where(accounts.c.name == "ada").values(state="banned"))
        else:
            header = header[:-1] + ("a" if header[-1] != "a" else "b")
    tried = 0
    for method, path in routes(guarded):
        address = path.replace("{", "").replace("}", "")
        for manner, more in MANNERS if method == "GET" else [(method, {})]:
            answer = asked(guarded, manner, address, {"authorization": header} | more)
            assert answer.status_code in told(manner, 401), (why, manner, path, answer.text)
            tried += 1
    assert tried > 60


def test_what_was_deleted_is_there_for_nobody(guarded: Rig, clip: bytes) -> None:
    owner, other = {"authorization": guarded.key("ada")}, {"authorization": guarded.key("bob")}
    video = guarded.ok(guarded.client.post("/v1/videos", json=SMALL | {"prompt": "a dog runs"}, headers=owner))["id"]
    file = guarded.ok(guarded.client.post("/v1/files", files={"file": ("a.mp4", clip)}, headers=owner))["id"]
    guarded.work()
    address = f"/v1/videos/{video}/content"
    for variant in ("video", "thumbnail", "spritesheet"):
        assert guarded.client.get(address, params={"variant": variant}, headers=owner).status_code == 200
    guarded.ok(guarded.client.delete(f"/v1/videos/{video}", headers=owner))
    guarded.ok(guarded.client.delete(f"/v1/files/{file}", headers=owner))
    tried = 0
    for method, path in routes(guarded):
        if not ({"{video_id}", "{file_id}"} & set(path.split("/"))):
            continue
        for manner, more in MANNERS if method == "GET" else [(method, {})]:
            for query in ("", "?variant=thumbnail", "?variant=spritesheet") if path.endswith("/content") else ("",):
                for who in (owner, other):
                    answer = asked(guarded, manner, path.format(video_id=video, file_id=file) + query, who | more)
                    assert answer.status_code in told(manner, 404), (manner, path, query, answer.status_code)
                    tried += 1
    assert tried > 60

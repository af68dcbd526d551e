"""The doorkeeper's count of requests in work."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from misora.studio.metrics import Metrics
from misora.studio.middleware import Doorkeeper
from misora.studio.service import Options


async def statuses(*, leaving: bool) -> list[int]:
    """What a second request is answered while the first still waits, and a third when it has gone."""
    released, inside = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wait":
            if leaving:
                scope["state"]["seat"].leave()
            inside.set()
            await released.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    door = Doorkeeper(app, Options(max_at_once=1), Metrics(dict))
    waiting = asyncio.create_task(ask(door, "/wait"))
    await inside.wait()
    second = await ask(door, "/now")
    released.set()
    return [await waiting, second, await ask(door, "/now")]


async def ask(door: Doorkeeper, path: str) -> int:
    """The status of one request."""
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"localhost")]}
    await door(scope, receive, send)
    return int(told[0]["status"])


def test_a_request_in_work_keeps_others_out_until_it_ends() -> None:
    assert asyncio.run(statuses(leaving=False)) == [200, 503, 200]


def test_whoever_only_waits_takes_nobodys_place() -> None:
    assert asyncio.run(statuses(leaving=True)) == [200, 200, 200]

"""Around every request: its name, its size, its place among the others, a line in the log. Plain ASGI, so that streams stay streams.

The log has method, route, status, time, account and request id; never a query, a body or a prompt.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from misora.base.errors import MisoraError
from misora.studio.doors import check_caller
from misora.studio.errors import Busy, TooLarge, TooSlow, to_answer
from misora.studio.load import Seat, Seats
from misora.studio.metrics import Metrics
from misora.studio.service import Options

access_log = logging.getLogger("misora.access")

BODY_SECONDS = 30.0
MIN_BYTES_PER_SECOND = 16 << 10
"""A body has half a minute, and a second more for each 16 KiB that have come."""


class Doorkeeper:
    """Names the request, refuses what is foreign, too large or too much, measures and logs the rest."""

    def __init__(self, app: ASGIApp, options: Options, metrics: Metrics) -> None:
        self.app = app
        self.options = options
        self.metrics = metrics
        self.seats = Seats()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = Visit(scope)
        seat = scope["state"]["seat"] = self.seats.take()
        try:
            refused = self.refusal(scope)
            app = self.app if refused is None else error_response(refused)
            body = Body(receive, self.options.max_body_bytes, seat)
            await app(scope, body.receive if comes_with_body(scope) else receive, visit.answering(send))
        finally:
            seat.leave()
            visit.end(self.metrics)

    def refusal(self, scope: Scope) -> MisoraError | None:
        """Why the request goes no further, judged by its head alone."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.options.max_body_bytes:
            return TooLarge(f"the body has {length} bytes; at most {self.options.max_body_bytes} are read")
        if self.seats.taken > self.options.max_at_once and scope["path"] != "/healthz":
            return Busy(f"{self.seats.taken} requests are in work; try again in a moment")
        try:
            check_caller(self.options, headers)
        except MisoraError as error:
            return error
        return None


class Visit:
    """One request from its first byte to its last."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.id = f"req_{secrets.token_hex(12)}"
        self.status = 0
        self.started = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = self.id

    def answering(self, send: Send) -> Send:
        """``send`` that adds the request's name to the head of the answer."""

        async def forward(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.scope["state"]["seat"].leave()
                self.status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", self.id.encode())]
            await send(message)

        return forward

    def end(self, metrics: Metrics) -> None:
        """Counts and logs it."""
        seconds = time.perf_counter() - self.started
        route = route_of(self.scope)
        metrics.count(self.scope["method"], route, self.status, seconds)
        line = {
            "request_id": self.id, "method": self.scope["method"], "route": route, "status": self.status, "ms": round(seconds * 1000, 1),
            "account": self.scope["state"].get("account_id"),
        }  # fmt: skip
        access_log.info(json.dumps(line))


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The pattern that matched (``/v1/videos/{video_id}``), never the path itself, which names things."""
    return getattr(scope.get("route"), "path", "none")


def comes_with_body(scope: MutableMapping[str, Any]) -> bool:
    """Whether the head announces a body."""
    return any(name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in scope["headers"])


class Body:
    """A request's body as it comes: not beyond its size, not below its pace, and without a place among the requests in work."""

    def __init__(self, receive: Receive, most: int, seat: Seat) -> None:
        self.source = receive
        self.most = most
        self.seat = seat
        self.taken = 0
        self.is_whole = False
        self.started: float | None = None

    async def receive(self) -> Message:
        """The next part; after the last, whatever the connection says.

        Raises:
            TooLarge: The body has more bytes than are read.
            TooSlow: It came too slowly.
        """
        if self.is_whole:
            return await self.source()
        message = await self.next_part()
        self.taken += len(message.get("body", b""))
        self.is_whole = not message.get("more_body", False)
        if self.taken > self.most:
            raise TooLarge(f"the body has more than {self.most} bytes, the most that is read")
        return message

    async def next_part(self) -> Message:
        was_in_work = self.seat.is_taken
        self.seat.leave()
        try:
            async with asyncio.timeout_at(self.deadline()):
                return await self.source()
        except TimeoutError as error:
            raise TooSlow(
                f"{self.taken} bytes of the body came in {self.elapsed():.0f} s; it has {BODY_SECONDS:.0f} s, "
                f"and one more for each {MIN_BYTES_PER_SECOND} bytes; send less at once, or uploads in parts"
            ) from error
        finally:
            if was_in_work:
                self.seat.take_again()

    def deadline(self) -> float:
        """When the next part must have come, by the event loop's clock."""
        if self.started is None:
            self.started = asyncio.get_running_loop().time()
        return self.started + BODY_SECONDS + self.taken / MIN_BYTES_PER_SECOND

    def elapsed(self) -> float:
        return asyncio.get_running_loop().time() - (self.started or 0.0)


def error_response(error: MisoraError) -> JSONResponse:
    """An error as its answer."""
    answer = to_answer(error)
    return JSONResponse(answer.body(), answer.status, dict(answer.headers))

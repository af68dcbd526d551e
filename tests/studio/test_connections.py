"""Slow clients: they lose their connections on a clock that the tests turn, and hundreds of them on a real port keep nobody out."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from uvicorn.server import ServerState

from databases import free_port
from misora.base.errors import MisoraError
from misora.studio import connections
from misora.studio.app import on_misora_error
from misora.studio.bodies import read_body
from misora.studio.connections import HEAD_SECONDS, STALL_SECONDS, TimedConnection
from misora.studio.errors import TooLarge, TooSlow
from misora.studio.load import Seats
from misora.studio.metrics import Metrics
from misora.studio.middleware import BODY_SECONDS, MIN_BYTES_PER_SECOND, Body, Doorkeeper
from misora.studio.service import Options
from misora.studio.serving import Address, build_server

HEAD = b"GET /x HTTP/1.1\r\nhost: localhost\r\n"


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when it is told to."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for _ in range(4):
            self.call_soon(self.stop)
            self.run_forever()


class Wire(asyncio.Transport):
    """The server's end of a connection; what is written to it is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.is_cut = b"", False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.is_cut = True

    def close(self) -> None:
        self.is_cut = True

    def is_closing(self) -> bool:
        return self.is_cut


@pytest.fixture
def loop() -> Iterator[Clock]:
    loop = Clock()
    yield loop
    loop.close()


async def answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def connect(loop: Clock) -> tuple[TimedConnection, Wire]:
    """A new connection to an application that answers ok."""
    config = uvicorn.Config(answer, http=TimedConnection, log_config=None, access_log=False, timeout_keep_alive=15)
    connection, wire = TimedConnection(config, ServerState(), {}, loop), Wire()
    connection.connection_made(wire)
    return connection, wire


@pytest.mark.parametrize("sent", [b"", HEAD], ids=["nothing", "half a head"])
def test_a_head_has_one_deadline(loop: Clock, sent: bytes) -> None:
    connection, wire = connect(loop)
    if sent:
        connection.data_received(sent)
    loop.advance(HEAD_SECONDS - 1)
    connection.data_received(b"x-slow: 1\r\n")
    assert not wire.is_cut
    loop.advance(1)
    assert wire.is_cut and not wire.written


def test_a_whole_head_is_answered_and_the_next_has_its_own_deadline(loop: Clock) -> None:
    connection, wire = connect(loop)
    connection.data_received(HEAD + b"\r\n")
    loop.advance(1)
    assert wire.written.endswith(b"ok")
    loop.advance(HEAD_SECONDS)
    assert not wire.is_cut
    connection.data_received(HEAD)
    loop.advance(HEAD_SECONDS - 1)
    connection.data_received(b"x-slow: 1\r\n")
    assert not wire.is_cut
    loop.advance(1)
    assert wire.is_cut


def test_an_answer_that_is_not_read_is_dropped(loop: Clock) -> None:
    connection, wire = connect(loop)
    connection.data_received(HEAD + b"\r\n")
    connection.pause_writing()
    loop.advance(STALL_SECONDS - 1)
    connection.resume_writing()
    loop.advance(1)
    assert not wire.is_cut
    connection.pause_writing()
    loop.advance(STALL_SECONDS)
    assert wire.is_cut


def test_a_lost_connection_leaves_no_timer(loop: Clock) -> None:
    connection, _ = connect(loop)
    connection.pause_writing()
    connection.connection_lost(None)
    assert connection.overdue is not None and connection.overdue.cancelled()
    assert connection.stalled is not None and connection.stalled.cancelled()


def test_no_more_connections_than_there_are_files_for(loop: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 0)
    assert connect(loop)[1].is_cut


def body(*parts: bytes, most: int = 1 << 30) -> tuple[Body, asyncio.Queue[Any]]:
    """A body of which ``parts`` have come, and where more may come."""
    queue: asyncio.Queue[Any] = asyncio.Queue()
    for part in parts:
        queue.put_nowait({"type": "http.request", "body": part, "more_body": True})
    return Body(queue.get, most, Seats().take()), queue


def test_a_body_has_its_time_and_more_for_what_has_come(loop: Clock) -> None:
    large = b"x" * (MIN_BYTES_PER_SECOND * 5)
    arriving, _ = body(large)
    assert len(loop.run_until_complete(arriving.receive())["body"]) == len(large)
    waiting = loop.create_task(arriving.receive())
    loop.advance(BODY_SECONDS + 4)
    assert not waiting.done()
    loop.advance(1)
    with pytest.raises(TooSlow, match=f"{len(large)} bytes of the body came in 35 s"):
        waiting.result()


def test_a_body_that_only_comes_takes_nobodys_place(loop: Clock) -> None:
    arriving, queue = body()
    waiting = loop.create_task(arriving.receive())
    loop.advance(0)
    assert arriving.seat.seats.taken == 0
    queue.put_nowait({"type": "http.request", "body": b"x", "more_body": False})
    loop.advance(0)
    assert waiting.result()["body"] == b"x" and arriving.seat.seats.taken == 1
    listening = loop.create_task(arriving.receive())
    loop.advance(10 * BODY_SECONDS)
    assert not listening.done() and arriving.seat.seats.taken == 1
    listening.cancel()
    loop.advance(0)


def test_a_place_that_was_given_up_is_not_taken_again(loop: Clock) -> None:
    arriving, _ = body(b"x")
    arriving.seat.leave()
    loop.run_until_complete(arriving.receive())
    assert arriving.seat.seats.taken == 0


def test_a_body_without_a_length_is_not_read_beyond_the_bound(loop: Clock) -> None:
    arriving, _ = body(b"xx", b"xx", most=3)
    loop.run_until_complete(arriving.receive())
    with pytest.raises(TooLarge, match="more than 3 bytes"):
        loop.run_until_complete(arriving.receive())


def reader() -> FastAPI:
    """An application behind the doorkeeper that reads what it is sent."""
    app = FastAPI()
    app.state.studio = SimpleNamespace(options=Options())
    app.add_api_route("/body", read_body, methods=["GET", "POST"])
    app.add_exception_handler(MisoraError, on_misora_error)
    app.add_middleware(Doorkeeper, options=Options(), metrics=Metrics(dict))
    return app


@contextmanager
def served(app: FastAPI) -> Iterator[Address]:
    """``app`` on a loopback port."""
    address = Address(port=free_port())
    server = build_server(app, address)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    yield address
    server.should_exit = True
    thread.join()


def test_five_hundred_slow_clients_keep_nobody_out(caplog: pytest.LogCaptureFixture) -> None:
    half_body = b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n{"
    with served(reader()) as address, ExitStack() as stack:
        assert Options().max_at_once < 100
        for begun in [HEAD, half_body] * 250:
            slow = stack.enter_context(socket.create_connection((address.host, address.port)))
            slow.sendall(begun)
        for _ in range(3):
            with urllib.request.urlopen(f"http://{address.host}:{address.port}/body", timeout=60) as found:
                assert json.load(found) == {}
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []

"""Runs the web process, and beside it the workers, each a process of its own; one that dies is started again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from misora.base.errors import InputError
from misora.engine.processes import run_processes
from misora.studio.connections import TimedConnection
from misora.studio.postman import Postman, delivering
from misora.studio.service import Options, Studio

LOCAL = ("127.0.0.1", "localhost", "::1")
WORKER = (sys.executable, "-m", "misora.cli.main", "worker")
KEEP_ALIVE_SECONDS = 15
LEAVING_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str = "127.0.0.1"
    port: int = 8400

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/v1"


def check_address(address: Address, options: Options) -> None:
    """Raises InputError when others could reach a server that asks nobody who they are."""
    if not options.accounts and address.host not in LOCAL:
        raise InputError(
            f"host={address.host!r} can be reached from elsewhere, and without accounts everybody could use it; "
            "add --accounts, or leave it at 127.0.0.1",
            field="host",
        )
    if not 0 < address.port < 65_536:
        raise InputError(f"port={address.port} is outside 1 to 65535; nearest: {min(max(address.port, 1), 65_535)}", field="port")


def serve(app: FastAPI, address: Address, *, workers: int) -> None:
    """Serves, and delivers webhooks, until it is told to stop; then lets the workers hand their jobs back."""
    studio: Studio = app.state.studio
    with working(workers), delivering(Postman(studio.engine.database, studio.egress, studio.clock)):
        build_server(app, address).run()


def build_server(app: FastAPI, address: Address) -> uvicorn.Server:
    """The web server, ready to run; its own access log is off, for it would show paths and queries."""
    config = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        http=TimedConnection,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LEAVING_SECONDS,
    )
    return uvicorn.Server(config)


@contextmanager
def working(count: int) -> Iterator[None]:
    """``count`` worker processes while the block runs; 0 leaves them to ``misora worker``."""
    stopping = threading.Event()
    keeper = threading.Thread(target=lambda: run_processes(WORKER, count, stopping=stopping), name="workers")
    if count:
        keeper.start()
    try:
        yield
    finally:
        stopping.set()
        if count:
            keeper.join()

"""Rows 1 and 5: a web server, a worker and a database as processes of their own, each killed with SIGKILL while a client goes on asking."""

from __future__ import annotations

import http.client
import json
import logging
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from databases import free_port, migrated, postgresql
from engines import PLANS, SMALL, Painter
from misora.engine.judging import load_rules
from misora.engine.kinds import check_request
from misora.engine.leases import Timing
from misora.engine.service import Engine
from misora.engine.signing import RecipeSigner
from misora.engine.work import Tools
from misora.engine.worker import Worker
from misora.store.database import open_database
from misora.store.vault import LocalVault
from misora.studio.app import create_app
from misora.studio.service import Studio
from misora.studio.serving import Address, build_server
from soak.ground import Ground, ending_of, forked

Harm = Callable[["Client"], None]
TIMING = Timing(lease=3.0, beat=0.3, sweep=0.5, max_attempts=20, retry=0.1)
"""Attempts enough for a machine on which a worker is silent for three seconds because it gets no processor."""
JOBS, KILLS = 6, 3
PATIENCE_SECONDS = 240.0


@dataclass
class Town:
    """An install and its processes.

    Args:
        url: Of the database.
        processes: Web server and worker, by name.
    """

    place: Path
    url: str
    port: int = field(default_factory=free_port)
    processes: dict[str, int] = field(default_factory=dict)

    def engine(self) -> Engine:
        return Engine(open_database(self.url), LocalVault(self.place / "vault"), PLANS, time.time, TIMING)

    def start(self, name: str) -> None:
        self.processes[name] = forked({"web": self.serve, "worker": self.work}[name])

    def kill(self, name: str) -> None:
        child = self.processes.pop(name)
        os.kill(child, signal.SIGKILL)
        assert ending_of(child) == signal.SIGKILL, f"{name} had ended before it was killed"

    def start_again(self, name: str, _: Client) -> None:
        self.kill(name)
        self.start(name)

    def leave(self) -> None:
        """Asks every process to end, and waits."""
        for child in self.processes.values():
            os.kill(child, signal.SIGTERM)
        for child in self.processes.values():
            ending_of(child)

    def serve(self) -> None:
        logging.disable()
        app = create_app(Studio(self.engine(), check_request, load_rules()))
        build_server(app, Address(port=self.port)).run()

    def work(self) -> None:
        logging.disable()
        engine = self.engine()
        worker = Worker(engine, Tools(Painter(), load_rules(), RecipeSigner(), engine.vault))
        signal.signal(signal.SIGTERM, lambda *_: worker.stopping.set())
        worker.run()


@dataclass
class Client:
    """Asks until it is answered; notes every answer that no client should ever get."""

    port: int
    faults: list[str] = field(default_factory=list)
    waits: int = 0

    def expect_unavailable(self) -> None:
        """While the database is away, every request that needs it is told to come back."""
        self.wait_for_the_web()
        for method, path, body in (
            ("GET", "/v1/videos", None),
            ("POST", "/v1/videos", SMALL | {"prompt": "nobody"}),
            ("GET", "/healthz", None),
        ):
            status, retry_after, data = self.once(method, path, body)
            if status != 503 or retry_after is None:
                self.faults.append(f"without a database, {method} {path}: {status} {data[:200]!r}")

    def wait_for_the_web(self) -> None:
        """Until the server answers anything: it may have been killed a moment ago."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not self.once("GET", "/v1/nowhere")[0]:
            assert time.monotonic() < end, "the web server does not come back"
            threading.Event().wait(0.05)

    def once(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = "") -> tuple[int, str | None, bytes]:
        """Status, ``Retry-After`` and body; 0 when there was no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {})
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("retry-after"), answer.read()
        except (OSError, http.client.HTTPException):
            return 0, None, b""
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = "") -> bytes:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            status, retry_after, data = self.once(method, path, body, key)
            if status == 200:
                return data
            if status and (status != 503 or retry_after is None):
                self.faults.append(f"{method} {path}: {status} {data[:200]!r}")
                return b"{}"
            self.waits += 1
            threading.Event().wait(0.05)
        raise AssertionError(f"{method} {path} was not answered in {PATIENCE_SECONDS:.0f} s")


def live_through(town: Town, rng: random.Random, harms: dict[str, Harm]) -> None:
    """Jobs are asked for, made and fetched while harm is done; afterwards nothing is lost and nothing was done twice."""
    client = Client(town.port)
    moments = sorted(rng.sample(range(1, 2 * JOBS), KILLS))
    accepted: list[str] = []
    for moment in range(2 * JOBS):
        if moment in moments:
            harms[rng.choice(sorted(harms))](client)
        if moment < JOBS:
            video = json.loads(client.ask("POST", "/v1/videos", SMALL | {"prompt": f"take {moment}"}, key=f"key {moment}"))
            accepted.append(video.get("id", ""))
        else:
            wait_until_made(client, accepted[moment - JOBS])
    for job_id in accepted:
        assert client.ask("GET", f"/v1/videos/{job_id}/content")[4:8] == b"ftyp"
    assert client.faults == [] and len(set(accepted)) == JOBS


def wait_until_made(client: Client, job_id: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    status = ""
    while status != "completed":
        status = json.loads(client.ask("GET", f"/v1/videos/{job_id}")).get("status", "no answer")
        assert status in ("queued", "in_progress", "completed") and time.monotonic() < end, (job_id, status)
        threading.Event().wait(0.05)


def expect_all_well(town: Town) -> None:
    engine = town.engine()
    made = engine.jobs(limit=100).data
    assert {job.state for job in made} == {"completed"} and len(made) == JOBS
    assert [f"{one.invariant} {one.subject} {one.said}" for one in engine.audit()] == []
    engine.database.close()


def kill_the_processes(seed: int, ground: Ground) -> None:
    """Row 1: web server and worker over SQLite."""
    rng = random.Random(seed)
    with ground.place() as place:
        run(Town(place, f"sqlite:///{place}/misora.db"), rng, {})


def kill_postgresql_too(seed: int, ground: Ground) -> None:
    """Row 5: web server, worker and PostgreSQL itself, which is away for as long as it takes to recover."""
    if "killable" not in ground.kept:
        ground.kept["killable"] = ground.servers.enter_context(postgresql())
    server = ground.kept["killable"]
    database = migrated(server.url)
    ground.empty(database)

    def kill_database(client: Client) -> None:
        server.kill()
        client.expect_unavailable()
        server.start()

    with ground.place() as place:
        run(Town(place, server.url), random.Random(seed), {"database": kill_database})


def run(town: Town, rng: random.Random, more_harm: dict[str, Harm]) -> None:
    harms = {name: partial(town.start_again, name) for name in ("web", "worker")}
    try:
        for name in harms:
            town.start(name)
        live_through(town, rng, harms | more_harm)
    finally:
        town.leave()
    expect_all_well(town)

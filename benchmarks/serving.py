"""How many requests a second the web process answers, how fast, and what it costs to start: a real `misora serve` on a full database.

    python benchmarks/serving.py [--rate 150] [--seconds 20] [--clients 16] [--crowd 0] [--accounts]

Of a hundred requests 70 ask for a video, 15 fetch a range of its file, 10 list and 5 create. Requests are sent at a fixed rate, whether
or not earlier ones were answered, and a request's time counts from when it was due; the second row sends each as soon as one is answered.
With ``--crowd`` so many clients do that at once, more than are let in, and the last row is the first rate again, right after them.
The clients are threads of this process, so a core that both share is measured with them.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from machine import facts, markdown

from misora.base.settings import load_settings
from misora.base.shapes import VideoShape
from misora.engine.service import Engine, open_engine
from misora.engine.submission import Submission
from misora.store.accounts import create_account
from misora.store.assets import NewAsset
from misora.store.keys import create_key

SHAPE = VideoShape(97, 480, 832, 24)
FILE_BYTES, RANGE_BYTES = 1 << 20, 1 << 16
MIX = ["status"] * 70 + ["range"] * 15 + ["list"] * 10 + ["create"] * 5
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Install:
    """A folder with finished and waiting videos, and the header by which they may be read."""

    place: Path
    videos: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        return {"MISORA_DATABASE": f"sqlite:///{self.place}/misora.db", "MISORA_VAULT": str(self.place / "vault")}

    def fill(self, engine: Engine, finished: int, *, accounts: bool) -> None:
        with engine.database.transaction() as tx:
            if accounts:
                account_id = create_account(tx, "ada", "local", at=engine.clock()).id
                self.headers = {"authorization": f"Bearer {create_key(tx, account_id, at=engine.clock())[1]}"}
        account_id = account_id if accounts else engine.local_account().id
        for number in range(finished):
            engine.submit(Submission(account_id, "generate", {"prompt": f"take {number}"}, SHAPE))
            job = engine.claim("benchmark")
            assert job is not None
            path = self.place / "video.mp4"
            path.write_bytes(random.Random(number).randbytes(FILE_BYTES))
            clip = NewAsset("video", engine.vault.put(path), "video/mp4", verdict={"allowed": True}, signature="benchmark")
            self.videos.append(engine.publish(job, [clip]).id)


@dataclass
class Server:
    """A running ``misora serve``."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu_seconds(self) -> float:
        """Processor seconds so far, those of the kernel on its behalf included (Linux)."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / TICKS

    def most_memory(self) -> int:
        """Most resident memory so far in MB (Linux)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 // 1_000_000


@contextmanager
def serving(install: Install, port: int, *, accounts: bool) -> Iterator[tuple[Server, float]]:
    """The server and how many seconds it took until it answered."""
    command = [sys.executable, "-m", "misora.cli.main", "serve", "--workers", "0", "--port", str(port), *(["--accounts"] * accounts)]
    began = time.perf_counter()
    with (install.place / "log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | install.settings, stderr=log, stdout=log)
    try:
        while not is_up(port):
            if process.poll() is not None:
                raise SystemExit((install.place / "log").read_text())
            time.sleep(0.01)
        yield Server(process, port), time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def is_up(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@dataclass
class Run:
    """Threads that send the mix, and what they saw."""

    install: Install
    port: int
    rate: float
    seconds: float
    times: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in set(MIX)})
    statuses: list[int] = field(default_factory=list)
    put_off: list[bool] = field(default_factory=list)
    took: float = 0.0

    def go(self, clients: int) -> Run:
        self.tickets = itertools.count()
        self.start = time.perf_counter()
        threads = [threading.Thread(target=self.client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.took = time.perf_counter() - self.start
        return self

    def client(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while True:
            ticket = next(self.tickets)
            due = self.start + ticket / self.rate if self.rate else time.perf_counter()
            if due - self.start >= self.seconds:
                return
            time.sleep(max(0.0, due - time.perf_counter()))
            name, status, put_off = self.send(connection, ticket)
            self.times[name].append(time.perf_counter() - due)
            self.statuses.append(status)
            self.put_off.append(put_off)

    def send(self, connection: http.client.HTTPConnection, ticket: int) -> tuple[str, int, bool]:
        """One request of the mix, which its number decides: its kind, its status, and whether it was told to come back."""
        draw = random.Random(ticket)
        name, video = draw.choice(MIX), draw.choice(self.install.videos)
        headers = dict(self.install.headers)
        if name == "create":
            body = json.dumps({"prompt": f"a dog runs {ticket}", "seconds": "4"})
            connection.request("POST", "/v1/videos", body, headers | {"content-type": "application/json"})
        elif name == "range":
            first = draw.randrange(FILE_BYTES - RANGE_BYTES)
            headers["range"] = f"bytes={first}-{first + RANGE_BYTES - 1}"
            connection.request("GET", f"/v1/videos/{video}/content", headers=headers)
        else:
            connection.request("GET", "/v1/videos?limit=20" if name == "list" else f"/v1/videos/{video}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return name, answer.status, answer.status in (429, 503) and answer.getheader("retry-after") is not None


def report(run: Run, asked: str, cpu: float) -> list[str]:
    """A row: what was asked for, how much was done, how fast, how many were put off or failed, processor time for each."""
    times = sorted(itertools.chain(*run.times.values()))
    cut = statistics.quantiles(times, n=100)
    put_off = sum(run.put_off)
    faults = sum(status >= 500 for status in run.statuses) - put_off
    figures = [f"{1000 * cut[at - 1]:.0f}" for at in (50, 95, 99)]
    return [asked, str(len(times)), f"{len(times) / run.took:.0f}", *figures, str(put_off), str(faults), f"{1000 * cpu / len(times):.2f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=150, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--crowd", type=int, default=0, help="clients at once in two more rows; 0 leaves them out")
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--port", type=int, default=8491)
    parser.add_argument("--accounts", action="store_true")
    args = parser.parse_args()
    rows = [["sent", "N", "answered a second", "ms, median", "p95", "p99", "told to come back", "other 5xx", "server's CPU ms a request"]]
    with tempfile.TemporaryDirectory() as folder:
        install = Install(Path(folder))
        engine = open_engine(load_settings(os.environ | install.settings))
        install.fill(engine, args.videos, accounts=args.accounts)
        engine.database.close()
        with serving(install, args.port, accounts=args.accounts) as (server, waited):
            start = f"Start: {waited:.2f} s, {server.cpu_seconds():.2f} CPU s, {server.most_memory()} MB"
            loads = [
                (args.rate, args.clients),
                (0.0, args.clients),
                *([(0.0, args.crowd), (args.rate, args.clients)] if args.crowd else []),
            ]
            for rate, clients in loads:
                before = server.cpu_seconds()
                run = Run(install, args.port, rate, args.seconds).go(clients)
                asked = f"{rate:g} a second" if rate else f"as fast as possible, {clients} clients"
                rows.append(report(run, asked, server.cpu_seconds() - before))
            memory = server.most_memory()
    print(facts(), f"{start}; after the load {memory} MB", markdown(rows), sep="\n\n")


if __name__ == "__main__":
    main()

"""What the queue adds to a job, and whether a long queue is slower than a short one: SQLite on disk, commits synced, nothing rendered.

    python benchmarks/queue_overhead.py [--jobs 10000] [--turns 200]

A turn is what a worker does around the making: claim, one beat, one small file into the vault, publish.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from machine import facts, markdown, seconds_of, spread

from misora.base.shapes import VideoShape
from misora.engine.leases import Beat
from misora.engine.plans import Plan
from misora.engine.service import Engine
from misora.engine.submission import Submission
from misora.store.accounts import create_account
from misora.store.assets import NewAsset
from misora.store.database import open_database
from misora.store.migrate import migrate
from misora.store.vault import LocalVault

PLANS = {"endless": Plan("endless", 0, 0, 60, 2048, max_running=10**6, max_waiting=10**6, unlimited=True)}
SHAPE = VideoShape(48, 480, 832, 24)
ACCOUNTS = 100


@dataclass
class Queue:
    """An engine in ``place``, its accounts, and what a client and a worker do there."""

    engine: Engine
    place: Path
    accounts: list[str]
    waiting: int = 0

    def __post_init__(self) -> None:
        self._numbers = itertools.count()

    def submit(self) -> None:
        number = next(self._numbers)
        account = self.accounts[number % len(self.accounts)]
        self.engine.submit(Submission(account, "generate", {"prompt": f"take {number}"}, SHAPE))
        self.waiting += 1

    def turn(self) -> None:
        job = self.engine.claim("benchmark")
        assert job is not None
        self.engine.beat(job, Beat(50, "render"))
        path = self.place / "video.mp4"
        path.write_text(job.id)
        output = NewAsset("video", self.engine.vault.put(path), "video/mp4", verdict={"allowed": True}, signature="benchmark")
        self.engine.publish(job, [output])
        self.waiting -= 1

    def page(self) -> None:
        self.engine.jobs(limit=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=200)
    args = parser.parse_args()
    rows = [["step", "jobs waiting", "ms, median (least to most)", "N"]]
    with tempfile.TemporaryDirectory() as folder:
        queue = open_queue(Path(folder))
        for waiting in (args.turns + 1, args.jobs):
            while queue.waiting < waiting:
                queue.submit()
            for name, act in (("accept", queue.submit), ("turn", queue.turn), ("page of 100", queue.page)):
                rows.append([name, f"{waiting:,}", milliseconds(act, args.turns), str(args.turns)])
        queue.engine.database.close()
    print(facts(), markdown(rows), sep="\n\n")


def open_queue(place: Path) -> Queue:
    """An empty install with ``ACCOUNTS`` accounts."""
    database = open_database(f"sqlite:///{place}/misora.db")
    migrate(database)
    engine = Engine(database, LocalVault(place / "vault"), PLANS)
    with database.transaction() as tx:
        accounts = [create_account(tx, f"account {number}", "endless", at=0.0).id for number in range(ACCOUNTS)]
    return Queue(engine, place, accounts)


def milliseconds(act: Callable[[], None], runs: int) -> str:
    return spread([1000 * seconds for seconds in seconds_of(act, runs)], digits=1)


if __name__ == "__main__":
    main()

"""A worker process killed with SIGKILL at every step and at every commit: nothing is lost, nothing is published or charged twice.

The worker is a process of its own over a SQLite file; it is forked, so that a kill costs milliseconds. ``make soak`` asks for more of
the random kills with ``--kills``.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from engines import Bench, Clock, make_bench
from misora.engine.work import STEPS
from misora.store.database import open_database
from misora.store.migrate import migrate

MOMENTS = [*STEPS, "begin", "commit", "committed"]
"""Steps of the work, and the moments around each transaction."""
MOST_TRANSACTIONS = 3
"""Claim, publish; a third shows that the list is complete: the worker lives through it."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    database = open_database(f"sqlite:///{tmp_path}/misora.db")
    migrate(database)
    database.close()
    return tmp_path


def opened(place: Path, clock: Clock | None = None) -> Bench:
    bench = make_bench(open_database(f"sqlite:///{place}/misora.db"), place)
    bench.engine.clock = bench.clock = clock or bench.clock
    return bench


def in_a_process_that_dies(work: Callable[[], None]) -> int:
    """Runs ``work`` in a fork; returns the signal that ended it, 0 when it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def kill_at(moment: str, nth: int) -> Callable[[str], None]:
    """Called with the name of each moment; kills this process at the ``nth`` one of that name."""
    left = [nth]

    def reached(name: str) -> None:
        left[0] -= name == moment
        if name == moment and left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def work_and_die(place: Path, moment: str, nth: int, clock: Clock) -> int:
    def work() -> None:
        bench = opened(place, clock)
        reached = kill_at(moment, nth)
        bench.engine.database.hook = reached
        bench.worker(reached).run_until_idle()

    return in_a_process_that_dies(work)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_loses_nothing_and_the_job_is_published_and_charged_once(place: Path, moment: str) -> None:
    bench = opened(place)
    account, clock = bench.account(), bench.clock
    job = bench.submit(account)
    bench.engine.database.close()
    kills = 0
    for nth in range(1, 1 + (MOST_TRANSACTIONS if moment in ("begin", "commit", "committed") else 1)):
        kills += work_and_die(place, moment, nth, clock) == signal.SIGKILL
        clock.pass_seconds(31)
        survivor = opened(place, clock)
        survivor.engine.sweep()
        assert survivor.engine.job(job.id).state in ("queued", "completed")
        survivor.engine.database.close()
    assert kills >= 1
    last = opened(place, clock)
    last.worker().run_until_idle()
    done = last.engine.job(job.id)
    assert (done.state, set(last.engine.outputs(job.id))) == ("completed", {"video", "thumbnail", "spritesheet"})
    assert last.engine.credits(account)[0].credits_charged == 1
    clock.pass_seconds(3 * 3600)
    last.engine.collect_garbage()
    assert last.findings() == []
    last.engine.database.close()


def test_a_job_whose_every_worker_is_killed_is_given_up_and_others_go_on(place: Path) -> None:
    bench = opened(place)
    account, clock = bench.account(), bench.clock
    poison, good = bench.submit(account, "poison"), bench.submit(account, "good")

    def work() -> None:
        inner = opened(place, clock)
        inner.painter.before_step = lambda job, _: os.kill(os.getpid(), signal.SIGKILL) if job.request["prompt"] == "poison" else None
        inner.worker().run_until_idle()

    bench.engine.database.close()
    deaths = 0
    for _ in range(5):
        deaths += in_a_process_that_dies(work) == signal.SIGKILL
        clock.pass_seconds(31)
        keeper = opened(place, clock)
        keeper.engine.sweep()
        keeper.engine.database.close()
    last = opened(place, clock)
    assert deaths == 3
    assert (last.engine.job(poison.id).state, last.engine.job(poison.id).error_code) == ("failed", "worker_lost")
    assert last.engine.job(good.id).state == "completed"
    assert last.engine.credits(account)[0].credits_charged == 1
    assert last.findings() == []
    last.engine.database.close()


def test_kills_at_random_moments_lose_and_charge_nothing_twice(place: Path, pytestconfig: pytest.Config) -> None:
    rng, kills = random.Random(11), 0
    first = opened(place)
    accounts, clock, accepted = [first.account("ada"), first.account("bob")], first.clock, []
    first.engine.database.close()
    for number in range(pytestconfig.getoption("--kills")):
        client = opened(place, clock)
        accepted.append(client.submit(rng.choice(accounts), f"take {number}").id)
        client.engine.sweep()
        client.engine.database.close()
        kills += work_and_die(place, rng.choice(MOMENTS), rng.randint(1, 3), clock) == signal.SIGKILL
        clock.pass_seconds(31)
    last = opened(place, clock)
    last.engine.sweep()
    last.worker().run_until_idle()
    jobs = [last.engine.job(job_id) for job_id in accepted]
    assert kills >= len(accepted) // 3
    for job in jobs:
        assert job.state == "completed" or (job.state, job.error_code, job.attempts) == ("failed", "worker_lost", 3)
    charged = sum(last.engine.credits(account)[0].videos_charged for account in accounts)
    assert charged == sum(job.state == "completed" for job in jobs) > 0
    clock.pass_seconds(2 * 3600)
    last.engine.collect_garbage()
    assert last.findings() == []
    last.engine.database.close()


def test_a_zombie_that_wakes_after_its_lease_cannot_publish(place: Path) -> None:
    """As SIGSTOP and SIGCONT would do it: the first worker sleeps through its lease right before it publishes."""
    bench = opened(place)
    account, clock = bench.account(), bench.clock
    job = bench.submit(account)
    second = opened(place, clock)

    def sleep_through(step: str) -> None:
        if step == "publish" and bench.engine.job(job.id).lease_token == 1:
            clock.pass_seconds(31)
            second.engine.sweep()
            assert second.worker().run_until_idle() == 1

    assert bench.worker(sleep_through).run_once()
    done = bench.engine.job(job.id)
    assert (done.state, done.lease_token, done.attempts) == ("completed", 2, 2)
    assert bench.engine.credits(account)[0].credits_charged == 1
    assert bench.findings() == []
    for one in (bench, second):
        one.engine.database.close()

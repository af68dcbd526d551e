"""A worker process killed with SIGKILL at every step and around every commit: nothing is lost, nothing is published or charged twice.

Kills at random moments, zombies, killed rescues and poisoned jobs are drawn by ``tests/soak``.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from misora.engine.leases import Timing
from soak.ground import Ground, expect_rest, opened
from soak.kills import MOMENTS, MOST_TRANSACTIONS, work_and_die


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    ground = Ground.in_memory()
    yield ground
    ground.close()


@pytest.fixture
def place(ground: Ground) -> Iterator[Path]:
    with ground.place() as place:
        yield place


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_loses_nothing_and_the_job_is_published_and_charged_once(place: Path, moment: str) -> None:
    bench = opened(place)
    account, clock = bench.account(), bench.clock
    job = bench.submit(account)
    bench.engine.database.close()
    kills, timing = 0, Timing(max_attempts=1 + MOST_TRANSACTIONS)
    for nth in range(1, 1 + (MOST_TRANSACTIONS if moment in ("begin", "commit", "committed") else 1)):
        kills += work_and_die(place, moment, nth, clock, timing) == signal.SIGKILL
        clock.pass_seconds(31)
        survivor = opened(place, clock, timing)
        survivor.engine.sweep()
        assert survivor.engine.job(job.id).state in ("queued", "completed")
        survivor.engine.database.close()
    assert kills >= 1
    last = opened(place, clock)
    last.worker().run_until_idle()
    done = last.engine.job(job.id)
    assert (done.state, set(last.engine.outputs(job.id))) == ("completed", {"video", "thumbnail", "spritesheet"})
    assert last.engine.credits(account)[0].credits_charged == 1
    expect_rest(last)
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

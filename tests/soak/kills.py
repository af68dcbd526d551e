"""Rows 1, 1b, 1c, 1d: processes killed, frozen and restarted at every moment, over a SQLite file; forks, so that a kill costs little."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

from engines import Bench, Clock
from misora.engine.leases import Timing
from misora.engine.work import STEPS
from misora.store.assets import NewAsset
from soak.ground import Ground, ending_of, expect_rest, forked, in_a_process, opened, send_at, visiting

MOMENTS = (*STEPS, "begin", "commit", "committed")
"""Steps of the work, and the moments around each transaction."""
MOST_TRANSACTIONS = 7
"""Claim, one for each of four frames that are kept, publish; one more shows that the list is complete: the worker lives through it."""
LEASE_AND_MORE = 31.0


def work_and_die(place: Path, moment: str, nth: int, clock: Clock, timing: Timing | None = None) -> int:
    """A worker that is killed at the ``nth`` ``moment``; returns the signal that ended it."""

    def work() -> None:
        bench = opened(place, clock, timing)
        reached = send_at(signal.SIGKILL, moment, nth)
        bench.engine.database.hook = reached
        bench.worker(reached).run_until_idle()

    return in_a_process(work)


def expect_done(place: Path, clock: Clock, jobs: dict[str, str]) -> None:
    """All of ``jobs`` (id to account) are made, published and paid once."""
    with visiting(place, clock) as last:
        last.engine.sweep()
        last.worker().run_until_idle()
        for job_id in jobs:
            done = last.engine.job(job_id)
            assert (done.state, set(last.engine.outputs(job_id))) == ("completed", {"video", "thumbnail", "spritesheet"}), done
        for account in set(jobs.values()):
            assert last.engine.credits(account)[0].videos_charged == list(jobs.values()).count(account)
        expect_rest(last)


def kill_a_worker(seed: int, ground: Ground) -> None:
    """Row 1: at a step or around a transaction that chance picks, once or twice before the job is made."""
    rng, clock = random.Random(seed), Clock()
    with ground.place() as place:
        with visiting(place, clock) as first:
            account = first.account()
            job = first.submit(account, f"take {seed}")
        for _ in range(rng.randint(1, 2)):
            work_and_die(place, rng.choice(MOMENTS), rng.randint(1, MOST_TRANSACTIONS), clock)
            clock.pass_seconds(LEASE_AND_MORE)
            with visiting(place, clock) as keeper:
                keeper.engine.sweep()
                assert keeper.engine.job(job.id).state in ("queued", "completed")
        expect_done(place, clock, {job.id: account})


def make_bare(bench: Bench, reached: Callable[[str], None]) -> None:
    """What a worker does around making a video, with a file of a few bytes for the video."""
    job = bench.engine.claim("bare")
    assert job is not None
    path = bench.folder / "bare.mp4"
    path.write_text(job.id)
    reached("keep")
    blob = bench.engine.vault.put(path)
    reached("publish")
    bench.engine.publish(job, [NewAsset("video", blob, "video/mp4", verdict={"allowed": True}, signature="bare")])


def kill_a_transaction(seed: int, ground: Ground) -> None:
    """Row 1: the same without pictures, ten jobs and ten kills, so that many moments are tried in a short time."""
    rng, clock = random.Random(seed), Clock()
    kinds = ("keep", "publish", "begin", "commit", "committed")
    with ground.place() as place:
        # Opened once: what SQLAlchemy has compiled serves every fork, and no connection is open when one begins.
        bench = opened(place, clock)
        account = bench.account()
        bench.submit(account)
        make_bare(bench, lambda _: None)
        for _ in range(10):
            bench.engine.database.close()

            def work(moment: str = rng.choice(kinds), nth: int = rng.randint(1, 2)) -> None:
                bench.engine.sweep()
                bench.submit(account)
                reached = send_at(signal.SIGKILL, moment, nth if moment in kinds[2:] else 1)
                bench.engine.database.hook = reached
                make_bare(bench, reached)

            in_a_process(work)
            clock.pass_seconds(LEASE_AND_MORE)
        bench.engine.sweep()
        while bench.engine.jobs(account, state="queued").data:
            make_bare(bench, lambda _: None)
        ends = [(job.state, job.error_code, job.attempts) for job in bench.engine.jobs(account, limit=100).data]
        assert len(ends) == 11
        assert all(state == "completed" or (state, code, tries) == ("failed", "worker_lost", 3) for state, code, tries in ends), ends
        assert bench.engine.credits(account)[0].videos_charged == sum(state == "completed" for state, _, _ in ends)
        expect_rest(bench)
        bench.engine.database.close()


def kill_a_client(seed: int, ground: Ground) -> None:
    """Row 6: the process that accepts is killed around its commit; the same key afterwards is one job and one hold."""
    rng, clock = random.Random(seed), Clock()
    with ground.place() as place:
        with visiting(place, clock) as first:
            account = first.account()

        def ask() -> None:
            bench = opened(place, clock)
            bench.engine.database.hook = send_at(signal.SIGKILL, rng.choice(("begin", "commit", "committed")), 1)
            bench.submit(account, key="one key")

        assert in_a_process(ask) == signal.SIGKILL
        clock.pass_seconds(25 * 3600)  # the key outlives a day too
        with visiting(place, clock) as again:
            ids = {again.submit(account, key="one key").id for _ in range(3)}
            assert len(ids) == 1 == len(again.engine.jobs(account).data)
            assert sum(pot.videos_held for pot in again.engine.credits(account)) == 1
            assert again.findings() == []


def wake_a_zombie(seed: int, ground: Ground) -> None:
    """Row 1b: a worker is stopped in the middle, sleeps through its lease, and wakes when another has made its job."""
    rng, clock = random.Random(seed), Clock()
    with ground.place() as place:
        with visiting(place, clock) as first:
            account = first.account()
            job = first.submit(account)
        step = rng.choice([one for one in STEPS if one != "read"])

        def work() -> None:
            bench = opened(place, clock)
            bench.worker(send_at(signal.SIGSTOP, step, 1)).run_until_idle()

        child = forked(work)
        os.waitpid(child, os.WUNTRACED)
        clock.pass_seconds(LEASE_AND_MORE)
        with visiting(place, clock) as second:
            assert [one.id for one in second.engine.sweep()] == [job.id]
            assert second.worker().run_until_idle() == 1
        os.kill(child, signal.SIGCONT)
        assert ending_of(child) == 0
        with visiting(place, clock) as last:
            done = last.engine.job(job.id)
            assert (done.state, done.lease_token, done.attempts) == ("completed", 2, 2)
        expect_done(place, clock, {job.id: account})


def kill_the_rescue(seed: int, ground: Ground) -> None:
    """Row 1c: the sweep itself is killed, more jobs are silent than one sweep takes, workers come back under the name of a dead one."""
    rng, clock = random.Random(seed), Clock()
    with ground.place() as place:
        with visiting(place, clock) as first:
            account = first.account()
            jobs = {first.submit(account, f"take {number}").id: account for number in range(3)}
            for _ in jobs:
                assert first.engine.claim("a host name") is not None
        clock.pass_seconds(LEASE_AND_MORE)

        def sweep() -> None:
            bench = opened(place, clock)
            bench.engine.database.hook = send_at(signal.SIGKILL, rng.choice(("begin", "commit", "committed")), 1)
            bench.engine.sweep(limit=1)

        assert in_a_process(sweep) == signal.SIGKILL
        with visiting(place, clock) as keeper:
            for _ in jobs:
                keeper.engine.sweep(limit=1)
            assert {keeper.engine.job(job_id).state for job_id in jobs} == {"queued"}
            again = keeper.engine.claim("a host name")
            assert again is not None and again.lease_token == 2
        clock.pass_seconds(LEASE_AND_MORE)
        expect_done(place, clock, jobs)


def make_a_poison_job(seed: int, ground: Ground) -> None:
    """Row 1d: a job that kills whoever makes it is given up after three attempts; what stands beside it is made meanwhile."""
    rng, clock = random.Random(seed), Clock()
    with ground.place() as place:
        with visiting(place, clock) as first:
            account, other = first.account(), first.account("bob")
            prompts = ["poison", "good", "good", "good"]
            rng.shuffle(prompts)
            jobs = {first.submit(rng.choice((account, other)), prompt).id: prompt for prompt in prompts}

        def work() -> None:
            bench = opened(place, clock)
            bench.painter.before_step = lambda job, _: os.kill(os.getpid(), signal.SIGKILL) if job.request["prompt"] == "poison" else None
            bench.worker().run_until_idle()

        deaths = 0
        for _ in range(4):
            deaths += in_a_process(work) == signal.SIGKILL
            clock.pass_seconds(LEASE_AND_MORE)
            with visiting(place, clock) as keeper:
                keeper.engine.sweep()
        with visiting(place, clock) as last:
            assert deaths == 3
            for job_id, prompt in jobs.items():
                job = last.engine.job(job_id)
                assert (job.state, job.error_code) == (("failed", "worker_lost") if prompt == "poison" else ("completed", None))
            assert sum(last.engine.credits(one)[0].videos_charged for one in (account, other)) == 3
            expect_rest(last)

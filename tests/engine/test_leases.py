from __future__ import annotations

import threading

import pytest

from engines import Bench
from misora.base.errors import ConflictError
from misora.engine.leases import Beat, LeaseLost
from misora.engine.service import JobNotFound
from misora.store.jobs import load_preview
from misora.store.records import Job


def claimed(bench: Bench, worker: str = "w") -> Job:
    job = bench.engine.claim(worker)
    assert job is not None
    return job


def test_a_claim_is_a_lease_with_a_new_token(any_bench: Bench) -> None:
    account = any_bench.account()
    any_bench.submit(account)
    job = claimed(any_bench)
    assert (job.state, job.lease_worker, job.lease_token, job.attempts) == ("in_progress", "w", 1, 1)
    assert any_bench.engine.claim("v") is None
    assert any_bench.findings() == []


def test_beats_keep_it_and_silence_loses_it(any_bench: Bench) -> None:
    any_bench.submit(any_bench.account())
    lease = claimed(any_bench)
    for _ in range(5):
        any_bench.clock.pass_seconds(25)
        any_bench.engine.beat(lease, Beat(50, "denoise"))
        assert any_bench.engine.sweep() == ()
    any_bench.clock.pass_seconds(31)
    (job,) = any_bench.engine.sweep()
    assert (job.state, job.lease_worker) == ("queued", None)
    second = claimed(any_bench, "v")
    assert second.lease_token == 2
    for late in (
        lambda: any_bench.engine.beat(lease, Beat()),
        lambda: any_bench.engine.publish(lease, []),
        lambda: any_bench.engine.note(lease, {}),
        lambda: any_bench.engine.hand_back(lease),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert any_bench.engine.job(lease.id).lease_worker == "v"


def test_a_job_that_kills_its_workers_is_given_up_and_not_charged(any_bench: Bench) -> None:
    account = any_bench.account()
    job = any_bench.submit(account)
    for _ in range(3):
        claimed(any_bench)
        any_bench.clock.pass_seconds(31)
        any_bench.engine.sweep()
    ended = any_bench.engine.job(job.id)
    assert (ended.state, ended.error_code, ended.attempts) == ("failed", "worker_lost", 3)
    assert any_bench.engine.credits(account)[0].credits_left == 1000
    assert any_bench.findings() == []


def test_a_full_batch_delays_none_for_ever(bench: Bench) -> None:
    for number in range(5):
        bench.submit(bench.account(f"account {number}"))
        claimed(bench)
        bench.clock.pass_seconds(1)
    bench.clock.pass_seconds(60)
    swept = [job.id for _ in range(5) for job in bench.engine.sweep(limit=1)]
    assert len(set(swept)) == 5


def test_cancelling_ends_the_lease_at_once(any_bench: Bench) -> None:
    account = any_bench.account()
    any_bench.submit(account)
    lease = claimed(any_bench)
    assert any_bench.engine.cancel(lease.id, account).state == "cancelled"
    assert any_bench.engine.cancel(lease.id, account).state == "cancelled"
    with pytest.raises(LeaseLost):
        any_bench.engine.beat(lease, Beat())
    with pytest.raises(ConflictError, match="cancelled"):
        any_bench.engine.pause(lease.id, account)
    assert any_bench.engine.credits(account)[0].credits_left == 1000


def test_a_pause_is_a_wish_until_the_worker_follows_it(any_bench: Bench) -> None:
    any_bench.submit(any_bench.account())
    lease = claimed(any_bench)
    assert any_bench.engine.pause(lease.id).state == "in_progress"
    assert any_bench.engine.beat(lease, Beat()).wish == "pause"
    assert any_bench.engine.resume(lease.id).wish == "run"
    any_bench.engine.pause(lease.id)
    any_bench.engine.note(lease, {"parts": {}})
    paused = any_bench.engine.pause_here(lease)
    assert (paused.state, paused.attempts, paused.checkpoint) == ("paused", 0, {"parts": {}})
    assert any_bench.engine.claim("w") is None
    assert any_bench.engine.resume(lease.id).state == "queued"
    assert claimed(any_bench).checkpoint == {"parts": {}}


def test_a_worker_that_dies_instead_of_pausing_leaves_it_paused(bench: Bench) -> None:
    lease = bench.submit(bench.account())
    claimed(bench)
    bench.engine.pause(lease.id)
    bench.clock.pass_seconds(31)
    assert [job.state for job in bench.engine.sweep()] == ["paused"]


def test_progress_never_goes_back_and_the_preview_goes_with_the_job(bench: Bench) -> None:
    bench.submit(bench.account())
    lease = claimed(bench)
    bench.engine.beat(lease, Beat(40, "denoise", b"picture"))
    assert bench.engine.beat(lease, Beat(30, "denoise")).progress == 40
    assert bench.engine.preview(lease.id) == (b"picture", "image/webp")
    bench.engine.cancel(lease.id)
    with bench.engine.database.reading() as tx:
        assert load_preview(tx, lease.id) is None


def test_no_worker_takes_more_than_the_plan_allows_at_once(any_bench: Bench) -> None:
    account = any_bench.account()
    for _ in range(8):
        any_bench.submit(account)
    taken: list[Job | None] = []

    def take() -> None:
        taken.extend(any_bench.engine.claim(threading.current_thread().name) for _ in range(3))

    threads = [threading.Thread(target=take) for _ in range(1 if any_bench.engine.database.is_sqlite else 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([job for job in taken if job is not None]) == 3
    assert len({job.id for job in taken if job is not None}) == 3


def test_what_is_not_there_and_what_is_somebody_elses_look_the_same(bench: Bench) -> None:
    job = bench.submit(bench.account())
    other = bench.account("bob")
    for ask in (bench.engine.job, bench.engine.cancel, bench.engine.outputs, bench.engine.delete):
        with pytest.raises(JobNotFound) as theirs:
            ask(job.id, other)
        with pytest.raises(JobNotFound) as nobodys:
            ask("video_none", other)
        assert str(theirs.value).replace(job.id, "") == str(nobodys.value).replace("video_none", "")


def test_lists_go_page_by_page_both_ways(bench: Bench) -> None:
    account = bench.account()
    ids = [bench.submit(account).id for _ in range(5)]
    first = bench.engine.jobs(account, limit=2)
    assert [job.id for job in first.data] == [ids[4], ids[3]] and first.has_more
    last = bench.engine.jobs(account, limit=3, after=ids[3])
    assert [job.id for job in last.data] == [ids[2], ids[1], ids[0]] and not last.has_more
    assert [job.id for job in bench.engine.jobs(account, newest_first=False).data] == ids
    bench.engine.delete(ids[0], account)
    assert ids[0] not in [job.id for job in bench.engine.jobs(account).data]

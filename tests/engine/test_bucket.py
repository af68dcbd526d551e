"""An engine whose files lie in a bucket: made, deleted and collected, while the store fails one call in ten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from buckets import Server, Shop
from engines import Bench, make_bench
from misora.engine.leases import Timing
from misora.store.database import Database


@pytest.fixture
def shop(s3: Server, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(s3, tmp_path, lambda: 1e10)
    yield shop
    shop.close()


def over(bench: Bench, shop: Shop) -> Bench:
    """``bench`` with its files in the bucket of ``shop``, whose clock is the world's."""
    bench.engine.vault = shop.vault
    bench.clock.now = 1e10
    return bench


def test_jobs_are_made_once_and_paid_once_while_the_store_fails(database: Database, shop: Shop, tmp_path: Path) -> None:
    bench = over(make_bench(database, tmp_path, Timing(garbage=0.0)), shop)
    account = bench.account()
    shop.trouble.share = shop.trouble.lost_answers = 0.1
    jobs = [bench.submit(account, f"take {number}") for number in range(4)]
    bench.worker().run_until_idle()
    assert [bench.engine.job(job.id).state for job in jobs] == ["completed"] * 4 and shop.trouble.refused > 3
    assert bench.engine.credits(account)[0].videos_charged == 4
    for job in jobs[1:]:
        bench.engine.delete(job.id, account)
    assert bench.engine.collect_garbage() > 0
    assert bench.findings() == []
    video = bench.engine.outputs(jobs[0].id)["video"]
    assert bench.engine.open_asset(video).read_bytes()[4:8] == b"ftyp"


def test_a_store_that_is_away_ends_no_job_for_good(database: Database, shop: Shop, tmp_path: Path) -> None:
    bench = over(make_bench(database, tmp_path), shop)
    job = bench.submit(bench.account())
    shop.trouble.share = 1.0
    bench.worker().run_until_idle()
    waiting = bench.engine.job(job.id)
    assert (waiting.state, waiting.error_code) == ("queued", "store_unavailable")
    shop.trouble.share = 0.0
    bench.clock.pass_seconds(60)
    bench.worker().run_until_idle()
    assert bench.engine.job(job.id).state == "completed" and bench.findings() == []

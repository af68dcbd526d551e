from __future__ import annotations

import threading

import pytest

from engines import Bench
from misora.base.errors import ConflictError, InputError, QuotaError
from misora.store.accounts import set_plan
from misora.store.ledger import EXTRA, Amount, grant


def left(bench: Bench, account_id: str) -> tuple[int, int]:
    pot = bench.engine.credits(account_id)[0]
    return pot.credits_left, pot.videos_left


def test_a_job_is_accepted_with_its_price_held_and_told(any_bench: Bench) -> None:
    account = any_bench.account()
    job = any_bench.submit(account)
    assert (job.state, job.lane, job.credits, job.attempts) == ("queued", "priority", 1, 0)
    assert left(any_bench, account) == (999, 999)
    assert any_bench.engine.job(job.id, account) == job
    assert any_bench.findings() == []


def test_one_key_is_one_job_and_one_charge(any_bench: Bench) -> None:
    account = any_bench.account()
    first = any_bench.submit(account, key="k")
    assert any_bench.submit(account, key="k") == first
    assert left(any_bench, account) == (999, 999)
    with pytest.raises(ConflictError, match="another request"):
        any_bench.submit(account, "a cat runs", key="k")
    assert any_bench.submit(any_bench.account("bob"), key="k").id != first.id


def test_what_a_plan_does_not_allow_names_the_nearest_that_it_does(bench: Bench) -> None:
    account = bench.account(plan="free")
    with pytest.raises(InputError, match="nearest: 5") as caught:
        bench.submit(account, seconds=8)
    assert caught.value.field == "seconds"
    with pytest.raises(InputError, match="nearest: a short side of 480"):
        bench.submit(account, size="1280x720")


def test_without_credits_a_plan_refuses_or_goes_to_the_relaxed_lane(bench: Bench) -> None:
    free, pro = bench.account(plan="free"), bench.account("bob", "pro")
    with pytest.raises(QuotaError, match="costs 21 credits and 20 are left") as caught:
        bench.submit(free, size="848x480", seconds=5, fps=24)
    assert caught.value.code == "credits_exhausted"
    relaxed = [bench.submit(pro, size="1920x1080", seconds=20) for _ in range(3)]
    assert [job.lane for job in relaxed] == ["priority", "relaxed", "relaxed"] and relaxed[1].credits == 0
    assert bench.findings() == []


def test_videos_are_counted_too(bench: Bench) -> None:
    account = bench.account(plan="free")
    for _ in range(10):
        job = bench.submit(account)
        bench.engine.claim("w")
        bench.engine.cancel(job.id)
    assert left(bench, account) == (20, 10)
    accepted = []
    with pytest.raises(QuotaError, match="10 jobs are waiting") as caught:
        accepted += [bench.submit(account) for _ in range(11)]
    assert caught.value.code == "too_many_jobs"


def test_a_larger_plan_adds_the_difference_at_once_and_never_twice(bench: Bench) -> None:
    account = bench.account(plan="free")
    bench.submit(account)
    for plan in ("pro", "free", "pro"):
        with bench.engine.database.transaction() as tx:
            set_plan(tx, account, plan)
        bench.submit(account)
    assert left(bench, account) == (1000 - 4, 1000 - 4)
    assert bench.findings() == []


def test_a_new_month_is_a_new_pot_and_bought_credits_stay(bench: Bench) -> None:
    account = bench.account(plan="free")
    with bench.engine.database.transaction() as tx:
        grant(tx, account, EXTRA, Amount(500, 500), reference="bought", at=bench.clock())
    assert bench.submit(account, size="832x480", seconds=5).period == "2026-09"
    assert bench.submit(account, size="832x480", seconds=5).period == EXTRA
    bench.clock.pass_seconds(31 * 86_400)
    assert bench.submit(account, size="832x480", seconds=5).period == "2026-10"


def test_creates_that_race_are_accepted_exactly_up_to_the_limit(any_bench: Bench) -> None:
    account = any_bench.account(plan="free")
    outcomes: list[str] = []

    def create() -> None:
        for _ in range(8):
            try:
                outcomes.append(any_bench.submit(account, size="320x240", seconds=5).state)
            except QuotaError as error:
                outcomes.append(error.code)

    threads = [threading.Thread(target=create) for _ in range(1 if any_bench.engine.database.is_sqlite else 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    price = any_bench.engine.jobs(account).data[0].credits
    assert outcomes.count("queued") == min(20 // price, 8 * len(threads), 10)
    assert any_bench.findings() == []

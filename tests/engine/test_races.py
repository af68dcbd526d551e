"""Processes that ask at the same moment, over one SQLite file: a key is one job, a limit is a limit, whoever comes first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engines import Bench, make_bench
from misora.base.errors import ConflictError, QuotaError
from misora.store.database import open_database
from misora.store.migrate import migrate

PROCESSES = 4
ROUNDS = 3


@pytest.fixture
def place(tmp_path: Path) -> Path:
    database = open_database(f"sqlite:///{tmp_path}/misora.db")
    migrate(database)
    database.close()
    return tmp_path


def opened(place: Path) -> Bench:
    return make_bench(open_database(f"sqlite:///{place}/misora.db"), place)


def account_of(place: Path, plan: str) -> str:
    bench = opened(place)
    account = bench.account(plan=plan)
    bench.engine.database.close()
    return account


def at_once(place: Path, act: Callable[[Bench, int], list[str]]) -> list[str]:
    """Runs ``act(bench, number)`` in ``PROCESSES`` forks that begin together; returns the lines of all."""
    start_read, start_write = os.pipe()
    answers_read, answers_write = os.pipe()
    children = []
    for number in range(PROCESSES):
        child = os.fork()
        if child == 0:
            try:
                os.close(start_write)
                bench = opened(place)
                os.read(start_read, 1)
                for line in act(bench, number):
                    os.write(answers_write, f"{line}\n".encode())
            finally:
                os._exit(0)
        children.append(child)
    os.close(answers_write)
    os.close(start_read)
    os.close(start_write)
    with os.fdopen(answers_read) as answers:
        lines = answers.read().splitlines()
    for child in children:
        os.waitpid(child, 0)
    return lines


def test_one_key_asked_for_by_many_at_once_is_one_job_and_one_charge(place: Path) -> None:
    account = account_of(place, "pro")

    def ask(bench: Bench, number: int) -> list[str]:
        return [bench.submit(account, key=f"key {take}").id for take in range(ROUNDS)]

    ids = at_once(place, ask)
    bench = opened(place)
    assert len(ids) == PROCESSES * ROUNDS and len(set(ids)) == ROUNDS
    assert len(bench.engine.jobs(account).data) == ROUNDS
    assert bench.engine.credits(account)[0].credits_held == ROUNDS
    assert bench.findings() == []
    bench.engine.database.close()


def test_creates_and_cancels_that_race_never_pass_the_limit(place: Path) -> None:
    account = account_of(place, "free")

    def ask(bench: Bench, number: int) -> list[str]:
        said = []
        for take in range(6):
            try:
                job = bench.submit(account, f"take {number} {take}")
                said.append("accepted")
                if take % 3 == 2:
                    said.append(bench.engine.cancel(job.id, account).state)
            except (QuotaError, ConflictError) as error:
                said.append(type(error).__name__)
        return said

    said = at_once(place, ask)
    bench = opened(place)
    pot = bench.engine.credits(account)[0]
    live = said.count("accepted") - said.count("cancelled")
    assert (pot.videos_held, pot.videos_charged) == (live, 0)
    assert live <= 10 and said.count("ConflictError") == 0
    assert said.count("QuotaError") == PROCESSES * 6 - said.count("accepted")
    assert bench.findings() == []
    bench.engine.database.close()


def test_workers_that_claim_at_once_never_hold_the_same_job(place: Path) -> None:
    account = account_of(place, "pro")
    bench = opened(place)
    for take in range(6):
        bench.submit(account, f"take {take}")
    bench.engine.database.close()

    def take(bench: Bench, number: int) -> list[str]:
        claims = [bench.engine.claim(f"worker {number}") for _ in range(2)]
        return [job.id for job in claims if job is not None]

    claimed = at_once(place, take)
    assert len(claimed) == len(set(claimed)) == 3  # as many as the plan lets run at once

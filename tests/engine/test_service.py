"""The engine's front door: what every request asks for costs as little as it can."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import memory_database
from engines import Bench, make_bench
from misora.engine.service import JobNotFound
from misora.store.accounts import set_plan


def test_the_local_account_is_written_once_and_read_ever_after(tmp_path: Path) -> None:
    writes: list[str] = []
    engine = make_bench(memory_database(writes.append), tmp_path).engine
    made = engine.local_account()
    assert writes.count("commit") == 1
    assert engine.local_account() == made and writes.count("commit") == 1
    with engine.database.transaction() as tx:
        set_plan(tx, made.id, "pro")
    assert engine.local_account().plan == "pro"
    engine.database.close()


def test_a_result_is_a_job_with_its_files_once_it_has_some(bench: Bench) -> None:
    account = bench.account()
    job = bench.submit(account)
    assert bench.engine.result(job.id, account) == (bench.engine.job(job.id), {})
    bench.worker().run_until_idle()
    done, files = bench.engine.result(job.id, account)
    assert (done.state, files) == ("completed", bench.engine.outputs(job.id)) and "thumbnail" in files
    with pytest.raises(JobNotFound):
        bench.engine.result(job.id, "acct_other")

"""Each invariant broken by hand, and found."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engines import Bench
from misora.store.tables import assets, entries, events, jobs, pots

BREAKAGES = {
    "I1": [sa.delete(jobs), sa.update(jobs).values(finished_at=None)],
    "I2": [
        sa.delete(entries).where(entries.c.kind == "charge"),
        sa.update(entries).where(entries.c.kind == "charge").values(kind="release"),
        sa.update(pots).values(credits_charged=pots.c.credits_charged + 1),
    ],
    "I5": [sa.update(events).where(events.c.type == "video.completed").values(data={"from": "in_progress", "token": 7})],
    "I6": [
        sa.update(jobs).values(state="failed"),
        sa.delete(events).where(events.c.type == "video.in_progress"),
        sa.delete(events),
        sa.delete(assets),
    ],
}
CASES = [(number, breakage) for number, breakages in BREAKAGES.items() for breakage in breakages]


def made(bench: Bench) -> str:
    job = bench.submit(bench.account())
    bench.worker().run_until_idle()
    return job.id


@pytest.mark.parametrize(("number", "breakage"), CASES)
def test_a_broken_row_is_found(bench: Bench, number: str, breakage: sa.Executable) -> None:
    made(bench)
    assert bench.findings() == []
    with bench.engine.database.transaction() as tx:
        tx.execute(breakage)
    assert number in {finding.split()[0] for finding in bench.findings()}


def test_a_flipped_bit_and_a_lost_file_are_found(bench: Bench) -> None:
    files = bench.engine.outputs(made(bench))
    path = bench.engine.open_asset(files["video"])
    spoiled = bytearray(path.read_bytes())
    spoiled[50] ^= 4
    path.write_bytes(spoiled)
    bench.engine.vault.remove(files["thumbnail"].digest)
    found = bench.findings()
    assert [finding.split()[0] for finding in found] == ["I3", "I7"]
    assert [one.invariant for one in bench.engine.audit(read_files=False)] == ["I7"]


def test_old_bytes_without_a_row_and_overdue_leases_are_found(bench: Bench) -> None:
    job_id = made(bench)
    bench.submit(bench.account("bob"))
    bench.engine.claim("silent")
    bench.engine.delete(job_id)
    assert bench.findings() == []
    bench.clock.pass_seconds(3 * 3600)
    assert sorted(finding.split()[0] for finding in bench.findings()) == ["I7", "I7", "I7", "I8"]
    assert bench.engine.collect_garbage() == 3
    assert [job.state for job in bench.engine.sweep()] == ["queued"]
    assert bench.findings() == []

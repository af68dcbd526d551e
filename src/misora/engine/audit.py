"""Checks of everything that must always hold, on any install at any time: ``misora audit``. Reads only.

I1 an accepted job never vanishes and ends once; I2 one hold and one settlement a job, pots equal their lines; I3 what is served is
what was judged and signed; I4 no pot below zero; I5 what was published was published under the last claim; I6 states move along the
graph, and completed means there is a file; I7 no row without its bytes, no old bytes without a row; I8 no lease long overdue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import sqlalchemy as sa

from misora.engine.leases import Timing
from misora.engine.states import FINAL, GRAPH, State, event_type
from misora.store.assets import needed_digests
from misora.store.records import Job, to_record
from misora.store.tables import OUTPUT_ROLES, assets, entries, events, jobs, pots
from misora.store.vault import BlobDamaged, BlobMissing, Vault

Row = sa.Row[tuple[object, ...]]
ENDS = {State.COMPLETED: "charge", State.FAILED: "release", State.CANCELLED: "release", State.BLOCKED: "release"}


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold: its number, what it is about, and what is wrong."""

    invariant: str
    subject: str
    said: str


def audit(tx: sa.Connection, vault: Vault, timing: Timing, *, at: float, read_files: bool = True) -> list[Finding]:
    """Everything that is wrong; an empty list is a healthy install.

    Args:
        read_files: Whether every file, and every page of SQLite, is read and compared with what it was; slow on a large library.
    """
    return [
        *check_jobs(tx),
        *check_money(tx),
        *check_pots(tx),
        *check_files(tx, vault, read_files=read_files),
        *check_garbage(tx, vault, at - 2 * timing.garbage),
        *(check_pages(tx) if read_files else ()),
        *check_leases(tx, at - 2 * (timing.lease + timing.sweep)),
    ]


def check_jobs(tx: sa.Connection) -> Iterator[Finding]:
    """I1, I5 and I6, from each job's events."""
    histories: dict[str, list[Row]] = defaultdict(list)
    for event in tx.execute(sa.select(events).order_by(events.c.sequence)):
        histories[event.job_id].append(event)
    delivered = set(tx.execute(sa.select(assets.c.job_id).where(assets.c.role.in_(("video", "image")))).scalars())
    for row in tx.execute(sa.select(jobs)):
        job = to_record(Job, row)
        yield from check_history(job, histories.pop(job.id, []))
        if job.state == State.COMPLETED and job.id not in delivered:
            yield Finding("I6", job.id, "is completed and has no file")
    for job_id in histories:
        yield Finding("I1", job_id, "has events and no row: it vanished")


def check_history(job: Job, history: list[Row]) -> Iterator[Finding]:
    """One job's events against the graph and its row."""
    states = [State(event.type.removeprefix("video.")) for event in history]
    if not states or states[0] is not State.QUEUED:
        yield Finding("I6", job.id, "does not begin as queued")
        return
    for before, after in pairwise(states):
        if after not in GRAPH[before]:
            yield Finding("I6", job.id, f"went from {before} to {after}")
    if states[-1].value != job.state:
        yield Finding("I6", job.id, f"is {job.state} and its last event says {states[-1]}")
    if sum(state in FINAL for state in states) != int(State(job.state) in FINAL):
        yield Finding("I1", job.id, "did not end exactly once")
    if (job.finished_at is not None) != (State(job.state) in FINAL):
        yield Finding("I1", job.id, f"is {job.state} and its finished_at is {job.finished_at}")
    tokens = [event.data["token"] for event in history if event.type == event_type(State.IN_PROGRESS)]
    if len(set(tokens)) != len(tokens):
        yield Finding("I5", job.id, f"was claimed twice under one token: {tokens}")
    if job.state == State.COMPLETED and (not tokens or history[-1].data["token"] != tokens[-1]):
        yield Finding("I5", job.id, "was published under another token than its last claim's")


def check_money(tx: sa.Connection) -> Iterator[Finding]:
    """I2: each job held once and settled as its state says."""
    lines: dict[str, list[str]] = defaultdict(list)
    for entry in tx.execute(sa.select(entries.c.reference, entries.c.kind).where(entries.c.step != "grant")):
        lines[entry.reference].append(entry.kind)
    keys: dict[tuple[str, str], int] = defaultdict(int)
    for job in tx.execute(sa.select(jobs.c.id, jobs.c.state, jobs.c.account_id, jobs.c.idempotency_key)):
        wanted = sorted(["hold", *([ENDS[State(job.state)]] if State(job.state) in ENDS else [])])
        if sorted(lines.pop(job.id, [])) != wanted:
            yield Finding("I2", job.id, f"is {job.state}, so its ledger lines should be {', '.join(wanted)}")
        if job.idempotency_key is not None:
            keys[job.account_id, job.idempotency_key] += 1
    for (account_id, key), number in keys.items():
        if number > 1:
            yield Finding("I2", account_id, f"has {number} jobs under the key {key!r}")
    for reference in lines:
        yield Finding("I2", reference, "has ledger lines and no job")


def check_pots(tx: sa.Connection) -> Iterator[Finding]:
    """I2 and I4: pots equal the sums of their lines and are never below zero."""
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in tx.execute(sa.select(entries)):
        pot = sums[entry.account_id, entry.period]
        for unit in ("credits", "videos"):
            amount = getattr(entry, unit)
            pot[f"{unit}_granted"] += amount * (entry.kind == "grant")
            pot[f"{unit}_charged"] += amount * (entry.kind == "charge")
            pot[f"{unit}_held"] += amount * ((entry.step == "open") - (entry.step == "close"))
    for pot_row in tx.execute(sa.select(pots)):
        name = f"{pot_row.account_id} {pot_row.period}"
        for column, total in sums[pot_row.account_id, pot_row.period].items():
            if getattr(pot_row, column) != total:
                yield Finding("I2", name, f"{column} is {getattr(pot_row, column)}, its lines sum to {total}")
        for unit in ("credits", "videos"):
            granted, charged, held = (getattr(pot_row, f"{unit}_{what}") for what in ("granted", "charged", "held"))
            if held < 0 or charged < 0 or charged + held > granted:
                yield Finding("I4", name, f"{unit}: {charged} charged and {held} held of {granted}")


def check_files(tx: sa.Connection, vault: Vault, *, read_files: bool) -> Iterator[Finding]:
    """I3 and I7: every file that can be asked for is there, unharmed, judged and signed."""
    for asset in tx.execute(sa.select(assets).where(assets.c.deleted_at.is_(None))):
        if asset.role in OUTPUT_ROLES and not ((asset.verdict or {}).get("allowed") and asset.signature):
            yield Finding("I3", asset.id, "may be served and lacks its verdict or signature")
        try:
            if read_files:
                vault.fetch(asset.digest)
            elif not vault.contains(asset.digest):
                raise BlobMissing(f"the vault does not hold {asset.digest}")
        except BlobMissing as error:
            yield Finding("I7", asset.id, str(error))
        except BlobDamaged as error:
            yield Finding("I3", asset.id, str(error))


def check_pages(tx: sa.Connection) -> Iterator[Finding]:
    """I3: what jobs and files are told from is sound. A page that does not match its checksum raises ``StoreUnavailable``."""
    if tx.dialect.name == "sqlite":
        for (said,) in tx.exec_driver_sql("PRAGMA integrity_check"):
            if said != "ok":
                yield Finding("I3", "database", " ".join(str(said).splitlines()[:2]))


def check_garbage(tx: sa.Connection, vault: Vault, older_than: float) -> Iterator[Finding]:
    """I7, the other way: bytes that no row needs are gone in time."""
    needed = needed_digests(tx)
    for stored in vault.stored():
        if stored.digest not in needed and stored.put_at < older_than:
            yield Finding("I7", stored.digest, "is old and belongs to no file; does a worker run `collect_garbage`?")


def check_leases(tx: sa.Connection, overdue: float) -> Iterator[Finding]:
    """I8: a job whose worker fell silent waits for a sweep, not for ever."""
    for job in tx.execute(
        sa.select(jobs.c.id, jobs.c.lease_worker).where(jobs.c.state == "in_progress", jobs.c.lease_expires_at < overdue)
    ):
        yield Finding("I8", job.id, f"is held by {job.lease_worker}, silent for too long; does any worker run?")

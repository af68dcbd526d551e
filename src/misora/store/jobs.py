"""Rows of jobs: added, read, listed, and changed only under a condition. Which change is allowed when is the engine's business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from misora.base.errors import ConflictError
from misora.store.records import Job, to_record
from misora.store.tables import jobs, previews


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list; ``has_more`` says whether another lies behind it."""

    data: tuple[Job, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The oldest waiting job of an account in a lane, and when it was made."""

    account_id: str
    lane: str
    sequence: int
    created_at: float


def add_job(tx: sa.Connection, values: Mapping[str, Any]) -> Job:
    """A new row; columns that only matter later start at their zero."""
    start = {
        "version": 1, "attempts": 0, "lease_token": 0, "wish": "run", "stage": "", "progress": 0,
        "available_at": values["created_at"], "updated_at": values["created_at"],
    }  # fmt: skip
    tx.execute(sa.insert(jobs).values(**(start | dict(values))))
    return load_job(tx, values["id"])


def load_job(tx: sa.Connection, job_id: str) -> Job:
    """A job that is known to exist; raises ``NoResultFound`` otherwise."""
    return to_record(Job, tx.execute(sa.select(jobs).where(jobs.c.id == job_id)).one())


def find_job(tx: sa.Connection, job_id: str, account_id: str | None = None, *, to_change: bool = False) -> Job | None:
    """A job that was not deleted, of ``account_id`` when one is given; ``to_change`` keeps others from changing it meanwhile."""
    wanted = sa.select(jobs).where(jobs.c.id == job_id, jobs.c.deleted_at.is_(None))
    if to_change:
        wanted = wanted.with_for_update()
    if account_id is not None:
        wanted = wanted.where(jobs.c.account_id == account_id)
    row = tx.execute(wanted).one_or_none()
    return None if row is None else to_record(Job, row)


def find_by_key(tx: sa.Connection, account_id: str, idempotency_key: str) -> Job | None:
    """The job that was accepted under this key, deleted ones included."""
    row = tx.execute(sa.select(jobs).where(jobs.c.account_id == account_id, jobs.c.idempotency_key == idempotency_key)).one_or_none()
    return None if row is None else to_record(Job, row)


def list_jobs(
    tx: sa.Connection,
    *,
    account_id: str | None = None,
    state: str | None = None,
    kinds: Sequence[str] | None = None,
    after: str | None = None,
    limit: int = 20,
    newest_first: bool = True,
) -> Page:
    """Jobs that were not deleted, in order of arrival; ``after`` is the id of the last job of the page before.

    An ``after`` that names no job gives an empty page: it may have been removed since.
    """
    chosen = sa.select(jobs).where(jobs.c.deleted_at.is_(None))
    if account_id is not None:
        chosen = chosen.where(jobs.c.account_id == account_id)
    if state is not None:
        chosen = chosen.where(jobs.c.state == state)
    if kinds is not None:
        chosen = chosen.where(jobs.c.kind.in_(kinds))
    if after is not None:
        mark = sa.select(jobs.c.sequence).where(jobs.c.id == after).scalar_subquery()
        chosen = chosen.where(jobs.c.sequence < mark if newest_first else jobs.c.sequence > mark)
    order = jobs.c.sequence.desc() if newest_first else jobs.c.sequence
    rows = [to_record(Job, row) for row in tx.execute(chosen.order_by(order).limit(limit + 1))]
    return Page(tuple(rows[:limit]), len(rows) > limit)


def update_job(tx: sa.Connection, job: Job, **values: Any) -> Job:
    """Changes ``job`` and returns it as it is now; raises ConflictError when somebody else has changed it since it was read."""
    changed = tx.execute(
        sa.update(jobs).where(jobs.c.sequence == job.sequence, jobs.c.version == job.version).values(version=job.version + 1, **values)
    )
    if changed.rowcount != 1:
        raise ConflictError(f"{job.id} was changed by somebody else at the same moment; try again")
    return load_job(tx, job.id)


def waiting_heads(tx: sa.Connection, now: float) -> tuple[Head, ...]:
    """For each account and lane the oldest job that may start: one pass over the index of waiting jobs (6 ms for 10,000 on SQLite)."""
    oldest = (
        sa.select(
            jobs.c.account_id,
            jobs.c.lane,
            sa.func.min(jobs.c.sequence).label("sequence"),
            sa.func.min(jobs.c.created_at).label("created_at"),
        )
        .where(jobs.c.state == "queued", jobs.c.available_at <= now, jobs.c.deleted_at.is_(None))
        .group_by(jobs.c.account_id, jobs.c.lane)
    )
    return tuple(Head(**row._mapping) for row in tx.execute(oldest))


def running_counts(tx: sa.Connection) -> dict[str, int]:
    """How many jobs of each account a worker holds now."""
    counted = sa.select(jobs.c.account_id, sa.func.count()).where(jobs.c.state == "in_progress").group_by(jobs.c.account_id)
    return {row[0]: row[1] for row in tx.execute(counted)}


def count_active(tx: sa.Connection, account_id: str) -> int:
    """How many jobs of an account have not ended."""
    active = (jobs.c.account_id == account_id, jobs.c.state.in_(("queued", "in_progress", "paused")))
    return tx.execute(sa.select(sa.func.count()).select_from(jobs).where(*active)).scalar_one()


def count_states(tx: sa.Connection) -> dict[str, int]:
    """How many jobs are in each state."""
    counted = sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)
    return {row[0]: row[1] for row in tx.execute(counted)}


def expired_leases(tx: sa.Connection, now: float, *, limit: int = 100) -> tuple[Job, ...]:
    """Jobs whose worker has not been heard of in time, the longest silent first; locked until the transaction ends."""
    silent = (
        sa.select(jobs)
        .where(jobs.c.state == "in_progress", jobs.c.lease_expires_at <= now)
        .order_by(jobs.c.lease_expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return tuple(to_record(Job, row) for row in tx.execute(silent))


def find_job_by_sequence(tx: sa.Connection, sequence: int) -> Job | None:
    """A job by its order of arrival, locked until the transaction ends."""
    row = tx.execute(sa.select(jobs).where(jobs.c.sequence == sequence, jobs.c.deleted_at.is_(None)).with_for_update()).one_or_none()
    return None if row is None else to_record(Job, row)


def save_preview(tx: sa.Connection, job: Job, picture: bytes, media_type: str) -> None:
    """Keeps the latest rough picture of a job, in place of the one before."""
    tx.execute(sa.delete(previews).where(previews.c.job_id == job.id))
    tx.execute(sa.insert(previews).values(job_id=job.id, version=job.version, media_type=media_type, picture=picture))


def load_preview(tx: sa.Connection, job_id: str) -> tuple[bytes, str] | None:
    """The latest rough picture and its media type."""
    row = tx.execute(sa.select(previews.c.picture, previews.c.media_type).where(previews.c.job_id == job_id)).one_or_none()
    return None if row is None else (bytes(row.picture), row.media_type)


def drop_preview(tx: sa.Connection, job_id: str) -> None:
    tx.execute(sa.delete(previews).where(previews.c.job_id == job_id))

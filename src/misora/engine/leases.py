"""Who holds a job: claimed for a time, kept by a beat, taken back when the worker falls silent.

Each claim raises the job's token. A worker proves that it still holds the job by showing the token; one that slept too long shows an
old one and is refused, whatever it has made. Work may so be done twice, but is published once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from misora.base.errors import MisoraError
from misora.engine.batching import are_alike
from misora.engine.plans import Plans, plan_of
from misora.engine.schedule import Candidate, in_order
from misora.engine.states import State, move
from misora.store.accounts import load_accounts, mark_served
from misora.store.database import lock
from misora.store.jobs import expired_leases, find_job, find_job_by_sequence, running_counts, save_preview, update_job, waiting_heads
from misora.store.records import Job


class LeaseLost(MisoraError):
    """The job was cancelled, or was given to another worker because this one was silent for too long."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds and counts of the queue.

    Args:
        lease: A worker that is silent for so long loses its job.
        beat: How often it is heard of.
        sweep: How often silent workers are looked for.
        max_attempts: Claims after which a job that kills its workers is given up.
        retry: Wait after a failed attempt, doubled by each further one.
        garbage: Age before which a blob without a row is left alone.
        checkpoint: How long a worker goes on before it keeps a step in the middle of a part again.
    """

    lease: float = 30.0
    beat: float = 2.0
    sweep: float = 10.0
    max_attempts: int = 3
    retry: float = 5.0
    garbage: float = 3600.0
    checkpoint: float = 5.0


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says of itself: percent, the name of the step, and perhaps a rough picture."""

    progress: int = 0
    stage: str = ""
    preview: bytes | None = None
    preview_type: str = "image/webp"


def claim(tx: sa.Connection, worker: str, plans: Plans, timing: Timing, *, at: float, like: Job | None = None) -> Job | None:
    """Gives ``worker`` the job that comes next, or None when nothing may start.

    Args:
        worker: New for every start of a process, never a host's name, so that no worker can be taken for one that died.
        like: A job that it holds; the next is only given where it may be made together with this one.
    """
    lock(tx, "claims")
    heads = waiting_heads(tx, at)
    if not heads:
        return None
    accounts = load_accounts(tx, [head.account_id for head in heads])
    candidates = [
        Candidate(head.account_id, head.lane, head.sequence, at - head.created_at, accounts[head.account_id].served_at) for head in heads
    ]
    limits = {account.id: plan_of(plans, account.plan).max_running for account in accounts.values()}
    for candidate in in_order(candidates, running_counts(tx), limits):
        job = find_job_by_sequence(tx, candidate.sequence)
        # On PostgreSQL its owner may have cancelled it since the heads were read.
        if job is not None and job.state == State.QUEUED:
            if like is not None and not (job.attempts == 0 and are_alike(job, like)):
                return None
            mark_served(tx, candidate.account_id, at)
            return move(tx, job, State.IN_PROGRESS, at=at, **lease_values(job, worker, timing, at))
    return None


def lease_values(job: Job, worker: str, timing: Timing, at: float) -> dict[str, Any]:
    """Columns of a job that has just been claimed."""
    return {
        "attempts": job.attempts + 1, "lease_token": job.lease_token + 1, "lease_worker": worker, "lease_expires_at": at + timing.lease,
        "started_at": job.started_at or at, "progress": job.progress if job.checkpoint else 0, "stage": "",
    }  # fmt: skip


def held_job(tx: sa.Connection, lease: Job) -> Job:
    """The job of ``lease`` (as ``claim`` gave it), locked; raises LeaseLost when it is no longer this lease's."""
    job = find_job(tx, lease.id, to_change=True)
    if job is None or job.state != State.IN_PROGRESS or job.lease_token != lease.lease_token:
        raise LeaseLost(f"{lease.id} is no longer held under token {lease.lease_token}")
    return job


def beat(tx: sa.Connection, lease: Job, said: Beat, timing: Timing, *, at: float) -> Job:
    """Keeps the lease and notes progress; the returned job's ``wish`` says whether to pause. Raises LeaseLost."""
    job = held_job(tx, lease)
    progress = min(99, max(job.progress, said.progress))
    job = update_job(tx, job, lease_expires_at=at + timing.lease, progress=progress, stage=said.stage, updated_at=at)
    if said.preview is not None:
        save_preview(tx, job, said.preview, said.preview_type)
    return job


def sweep(tx: sa.Connection, timing: Timing, *, at: float, limit: int = 100) -> tuple[Job, ...]:
    """Takes jobs from workers that have been silent for longer than a lease; returns them as they are now.

    The longest silent come first, so that a full batch delays none for ever. Each is in a transaction of the caller's.
    """
    return tuple(take_back(tx, job, timing, at) for job in expired_leases(tx, at, limit=limit))


def take_back(tx: sa.Connection, job: Job, timing: Timing, at: float) -> Job:
    """Pauses, requeues or gives up a job whose worker fell silent."""
    if job.attempts >= timing.max_attempts:
        message = f"{job.attempts} workers stopped while they made it; it was given up and not charged"
        return move(tx, job, State.FAILED, at=at, error_code="worker_lost", error_message=message)
    if job.wish == "pause":
        return move(tx, job, State.PAUSED, at=at)
    return move(tx, job, State.QUEUED, at=at, available_at=at)

"""How a worker's turn ends: published, blocked, failed, paused or handed back; each one transaction under the lease's token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from misora.base.errors import Refused
from misora.engine.leases import Timing, held_job
from misora.engine.states import State, move
from misora.store.assets import NewAsset, add_asset
from misora.store.jobs import update_job
from misora.store.records import Job
from misora.store.vault import Vault


def publish(tx: sa.Connection, vault: Vault, lease: Job, outputs: Sequence[NewAsset], *, at: float) -> Job:
    """Files, state, charge and event, all or nothing. Raises LeaseLost, and then nothing of the work is seen."""
    job = held_job(tx, lease)
    for output in outputs:
        add_asset(tx, vault, output, account_id=job.account_id, job_id=job.id, at=at)
    return move(tx, job, State.COMPLETED, at=at, progress=100, stage="")


def block(tx: sa.Connection, lease: Job, refused: Refused, *, at: float) -> Job:
    """The rules do not allow what was made or asked for; nothing is charged."""
    code = "moderation_blocked" if refused.category != "unavailable" else "moderation_unavailable"
    return move(tx, held_job(tx, lease), State.BLOCKED, at=at, error_code=code, error_message=str(refused))


def fail(tx: sa.Connection, lease: Job, code: str, message: str, timing: Timing, *, at: float, retry: bool) -> Job:
    """Ends this attempt; with ``retry`` the job waits for another while it has attempts left.

    The other attempt begins anew, in case it was what had been kept that failed; a store that was away harmed nothing.
    """
    job = held_job(tx, lease)
    if retry and job.attempts < timing.max_attempts:
        wait, kept = timing.retry * 2 ** (job.attempts - 1), job.checkpoint if code == "store_unavailable" else None
        return move(tx, job, State.QUEUED, at=at, available_at=at + wait, error_code=code, error_message=message, checkpoint=kept)
    return move(tx, job, State.FAILED, at=at, error_code=code, error_message=message)


def note(tx: sa.Connection, lease: Job, checkpoint: Mapping[str, Any], *, at: float) -> Job:
    """Where whoever takes the job next may go on. Raises LeaseLost."""
    return update_job(tx, held_job(tx, lease), checkpoint=checkpoint, updated_at=at)


def pause_here(tx: sa.Connection, lease: Job, *, at: float) -> Job:
    """The worker heard the wish to pause, which is no failed attempt."""
    job = held_job(tx, lease)
    return move(tx, job, State.PAUSED, at=at, attempts=job.attempts - 1)


def hand_back(tx: sa.Connection, lease: Job, *, at: float) -> Job:
    """The worker is told to stop; the job waits for another, and this turn does not count as an attempt."""
    job = held_job(tx, lease)
    return move(tx, job, State.QUEUED, at=at, available_at=at, attempts=job.attempts - 1)

"""What the owner of a job can do with it: pause, resume, cancel, delete. Cancelling is immediate: the worker's lease ends with it."""

from __future__ import annotations

import sqlalchemy as sa

from misora.base.errors import ConflictError
from misora.engine.states import State, is_final, move
from misora.store.assets import delete_assets
from misora.store.jobs import update_job
from misora.store.records import Job


def pause(tx: sa.Connection, job: Job, *, at: float) -> Job:
    """Pauses a waiting job at once, a running one at its next step; pausing twice is no error."""
    if job.state == State.PAUSED:
        return job
    if job.state == State.IN_PROGRESS:
        return update_job(tx, job, wish="pause", updated_at=at)
    return move(tx, job, State.PAUSED, at=at)


def resume(tx: sa.Connection, job: Job, *, at: float) -> Job:
    """Queues a paused job again, or takes back a pause that the worker has not yet followed."""
    if job.state == State.IN_PROGRESS:
        return update_job(tx, job, wish="run", updated_at=at)
    if job.state == State.QUEUED:
        return job
    return move(tx, job, State.QUEUED, at=at, available_at=at)


def cancel(tx: sa.Connection, job: Job, *, at: float) -> Job:
    """Ends a job and gives its credits back; cancelling twice is no error, cancelling what has ended otherwise is."""
    if job.state == State.CANCELLED:
        return job
    if is_final(job):
        raise ConflictError(f"{job.id} is {job.state} and cannot be cancelled")
    return move(tx, job, State.CANCELLED, at=at)


def delete(tx: sa.Connection, job: Job, *, at: float) -> None:
    """Forgets a job and its files, cancelling it first when it has not ended; the ledger keeps its lines."""
    if not is_final(job):
        job = cancel(tx, job, at=at)
    delete_assets(tx, job_id=job.id, at=at)
    update_job(tx, job, deleted_at=at, updated_at=at)

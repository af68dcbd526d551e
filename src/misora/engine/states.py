"""The states of a job and the only moves between them; money and events follow the state, in the same transaction.

             ┌────────────── resume ──────────────┐
             ▼                                    │
submit → queued ── claim ──▶ in_progress ── pause ▶ paused
             ▲                 │  │  │  │           │
             └── lease lost ───┘  │  │  └▶ cancelled ◀┘ (and from queued)
                                  │  └▶ failed, blocked
                                  └▶ completed
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from misora.base.errors import ConflictError
from misora.store.events import add_event
from misora.store.jobs import drop_preview, update_job
from misora.store.ledger import charge, release
from misora.store.records import Job


class State(StrEnum):
    """Where a job stands; the last four are final."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"


GRAPH: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.IN_PROGRESS, State.PAUSED, State.CANCELLED}),
    State.IN_PROGRESS: frozenset(State) - {State.IN_PROGRESS},
    State.PAUSED: frozenset({State.QUEUED, State.CANCELLED}),
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.BLOCKED: frozenset(),
}
FINAL = frozenset(state for state, following in GRAPH.items() if not following)


def is_final(job: Job) -> bool:
    """Whether nothing will happen to ``job`` any more."""
    return State(job.state) in FINAL


def move(tx: sa.Connection, job: Job, to: State, *, at: float, **values: Any) -> Job:
    """Takes ``job`` to the state ``to``: row, money and event together.

    A completed job's hold becomes a charge; any other end gives it back. An end forgets unfinished work. Leaving ``in_progress`` ends the
    lease, so that whoever held it cannot publish any more.

    Raises:
        ConflictError: The graph has no such move, or somebody else moved the job since it was read.
    """
    if to not in GRAPH[State(job.state)]:
        raise ConflictError(f"{job.id} is {job.state} and cannot become {to}")
    lease = {} if to is State.IN_PROGRESS else {"lease_worker": None, "lease_expires_at": None}
    end = {"finished_at": at, "checkpoint": None} if to in FINAL else {}
    moved = update_job(tx, job, **({"state": to.value, "wish": "run", "updated_at": at} | lease | end | values))
    if to is State.COMPLETED:
        charge(tx, job.id, at=at)
    elif to in FINAL:
        release(tx, job.id, at=at)
    if to in FINAL:
        drop_preview(tx, job.id)
    add_event(tx, moved, event_type(to), at=at, data={"from": job.state, "token": moved.lease_token})
    return moved


def event_type(state: State) -> str:
    """``video.completed`` and so on."""
    return f"video.{state.value}"

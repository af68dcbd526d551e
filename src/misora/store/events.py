"""The outbox: an event is written in the transaction of what it tells, so neither can be without the other. Delivery is at least once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from misora.base.ids import new_id
from misora.store.records import Event, Job, to_record
from misora.store.tables import events
from misora.store.webhooks import queue_deliveries

ADD = sa.insert(events)


def add_event(tx: sa.Connection, job: Job, type: str, *, at: float, data: Mapping[str, Any] | None = None) -> None:
    """Writes that ``type`` ("video.completed") happened to ``job``, and that it is to be told to whoever asked for it."""
    event_id = new_id("evt")
    tx.execute(ADD, {"id": event_id, "account_id": job.account_id, "job_id": job.id, "type": type, "data": dict(data or {}), "at": at})
    queue_deliveries(tx, job.account_id, event_id, type, at=at)


def events_after(
    tx: sa.Connection, sequence: int, *, account_id: str | None = None, job_id: str | None = None, limit: int = 100
) -> tuple[Event, ...]:
    """Events behind ``sequence`` in the order in which they were written; 0 is from the beginning."""
    chosen = sa.select(events).where(events.c.sequence > sequence)
    if account_id is not None:
        chosen = chosen.where(events.c.account_id == account_id)
    if job_id is not None:
        chosen = chosen.where(events.c.job_id == job_id)
    return tuple(to_record(Event, row) for row in tx.execute(chosen.order_by(events.c.sequence).limit(limit)))

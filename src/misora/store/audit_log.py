"""Who did what: append-only. Nothing here updates or deletes, and no secret or prompt is written."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from misora.store.records import LogEntry, to_record
from misora.store.tables import audit_log


def write_log(tx: sa.Connection, actor: str, action: str, subject: str, *, at: float, **detail: Any) -> None:
    """``actor`` (an account, a key, "cli") did ``action`` ("key.create") to ``subject``."""
    tx.execute(sa.insert(audit_log).values(at=at, actor=actor, action=action, subject=subject, detail=detail))


def read_log(tx: sa.Connection, *, subject: str | None = None, limit: int = 100) -> tuple[LogEntry, ...]:
    """The last ``limit`` lines, newest first."""
    chosen = sa.select(audit_log).order_by(audit_log.c.sequence.desc()).limit(limit)
    rows = tx.execute(chosen if subject is None else chosen.where(audit_log.c.subject == subject))
    return tuple(to_record(LogEntry, row) for row in rows)

"""Rows of webhook endpoints and of deliveries.

A delivery is written in the transaction of its event, so that no endpoint misses one, and is taken under a condition, so that two senders
never take it at the same time. One that was taken and not accounted for comes due again: at least once, never lost.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from misora.base.ids import new_id
from misora.store.records import Delivery, Event, WebhookEndpoint, to_record
from misora.store.tables import deliveries, events, webhook_endpoints

EVENT_TYPES = ("video.completed", "video.failed")
"""What endpoints may ask for."""
OUTSIDE = {
    "video.completed": "video.completed",
    "video.failed": "video.failed",
    "video.blocked": "video.failed",
    "video.cancelled": "video.failed",
}
"""Events of the engine by what they are called outside; others are not told."""
SECRET_BYTES = 32
OLD_SECRET_SECONDS = 86_400.0


def add_endpoint(tx: sa.Connection, account_id: str, *, name: str, url: str, event_types: Sequence[str], at: float) -> WebhookEndpoint:
    """A new endpoint with a secret of its own."""
    endpoint_id = new_id("we")
    tx.execute(
        sa.insert(webhook_endpoints).values(
            id=endpoint_id,
            account_id=account_id,
            name=name,
            url=url,
            event_types=list(event_types),
            secret=new_secret(),
            created_at=at,
            updated_at=at,
        )
    )
    return load_endpoint(tx, endpoint_id)


def new_secret() -> str:
    """``whsec_`` and 256 bits of chance in base64, as receivers expect it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def load_endpoint(tx: sa.Connection, endpoint_id: str) -> WebhookEndpoint:
    """An endpoint that is known to exist, forgotten or not."""
    return _to_endpoint(tx.execute(sa.select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)).one())


def find_endpoint(tx: sa.Connection, endpoint_id: str, account_id: str) -> WebhookEndpoint | None:
    """An endpoint of the account that was not forgotten."""
    row = tx.execute(_alive(account_id).where(webhook_endpoints.c.id == endpoint_id)).one_or_none()
    return None if row is None else _to_endpoint(row)


def list_endpoints(tx: sa.Connection, account_id: str, *, after: str | None = None, limit: int = 1000) -> tuple[WebhookEndpoint, ...]:
    """The account's endpoints, the newest first, behind the one with the id ``after``."""
    chosen = _alive(account_id)
    if after is not None:
        mark = sa.select(webhook_endpoints.c.sequence).where(webhook_endpoints.c.id == after).scalar_subquery()
        chosen = chosen.where(webhook_endpoints.c.sequence < mark)
    return tuple(_to_endpoint(row) for row in tx.execute(chosen.order_by(webhook_endpoints.c.sequence.desc()).limit(limit)))


def change_endpoint(
    tx: sa.Connection,
    endpoint: WebhookEndpoint,
    *,
    at: float,
    name: str | None = None,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
) -> WebhookEndpoint:
    """The endpoint with what is given changed."""
    values = {"name": name, "url": url, "event_types": None if event_types is None else list(event_types)}
    return _update(tx, endpoint, {key: value for key, value in values.items() if value is not None}, at)


def rotate_secret(tx: sa.Connection, endpoint: WebhookEndpoint, *, at: float, keep_old: bool) -> WebhookEndpoint:
    """The endpoint with a new secret; the old one signs for a day more if ``keep_old``."""
    old = {"old_secret": endpoint.secret, "old_secret_until": at + OLD_SECRET_SECONDS} if keep_old else {"old_secret": None}
    return _update(tx, endpoint, {"secret": new_secret(), **old}, at)


def forget_endpoint(tx: sa.Connection, endpoint: WebhookEndpoint, *, at: float) -> None:
    """Nothing is sent to it any more, not even what waits."""
    _update(tx, endpoint, {"deleted_at": at}, at)
    waiting = (deliveries.c.endpoint_id == endpoint.id, deliveries.c.state == "waiting")
    tx.execute(sa.update(deliveries).where(*waiting).values(state="dead", error="the endpoint was deleted"))


def queue_deliveries(tx: sa.Connection, account_id: str, event_id: str, event_type: str, *, at: float) -> None:
    """Notes an event of the engine for every endpoint of the account that wants to hear of it."""
    outside = OUTSIDE.get(event_type)
    if outside is None:
        return
    for endpoint in list_endpoints(tx, account_id):
        if outside in endpoint.event_types:
            tx.execute(sa.insert(deliveries).values(endpoint_id=endpoint.id, event_id=event_id, state="waiting", attempts=0, due_at=at))


def is_any_due(tx: sa.Connection, now: float) -> bool:
    """Whether ``take_due`` would find something; needs no write lock, so that looking once a second holds nobody up."""
    due = sa.select(deliveries.c.sequence).where(deliveries.c.state == "waiting", deliveries.c.due_at <= now).limit(1)
    return tx.execute(due).first() is not None


def take_due(tx: sa.Connection, now: float, *, busy_seconds: float, limit: int) -> tuple[Delivery, ...]:
    """Deliveries that are due, each taken for ``busy_seconds``, after which it is due again unless it was accounted for."""
    due = (
        sa.select(deliveries)
        .where(deliveries.c.state == "waiting", deliveries.c.due_at <= now)
        .order_by(deliveries.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = []
    for row in tx.execute(due).all():
        values = {"attempts": row.attempts + 1, "due_at": now + busy_seconds}
        tx.execute(sa.update(deliveries).where(deliveries.c.sequence == row.sequence).values(**values))
        taken.append(to_record(Delivery, row))
    return tuple(taken)


def settle(
    tx: sa.Connection, delivery: Delivery, *, state: str, due_at: float, status_code: int | None = None, error: str | None = None
) -> None:
    """Writes down what became of a delivery, unless it is settled already."""
    unsettled = (deliveries.c.sequence == delivery.sequence, deliveries.c.state == "waiting")
    tx.execute(sa.update(deliveries).where(*unsettled).values(state=state, due_at=due_at, status_code=status_code, error=error))


def list_deliveries(tx: sa.Connection, endpoint_id: str, *, limit: int = 100) -> tuple[Delivery, ...]:
    """An endpoint's deliveries, the newest first."""
    chosen = sa.select(deliveries).where(deliveries.c.endpoint_id == endpoint_id).order_by(deliveries.c.sequence.desc())
    return tuple(to_record(Delivery, row) for row in tx.execute(chosen.limit(limit)))


def load_event(tx: sa.Connection, event_id: str) -> Event:
    """An event that is known to exist."""
    return to_record(Event, tx.execute(sa.select(events).where(events.c.id == event_id)).one())


def _alive(account_id: str) -> sa.Select[tuple[object, ...]]:
    return sa.select(webhook_endpoints).where(webhook_endpoints.c.account_id == account_id, webhook_endpoints.c.deleted_at.is_(None))


def _update(tx: sa.Connection, endpoint: WebhookEndpoint, values: dict[str, object], at: float) -> WebhookEndpoint:
    tx.execute(sa.update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint.id).values(**values, updated_at=at))
    return load_endpoint(tx, endpoint.id)


def _to_endpoint(row: sa.Row[tuple[object, ...]]) -> WebhookEndpoint:
    return WebhookEndpoint(**(dict(row._mapping) | {"event_types": tuple(row.event_types)}))

"""Brings events to webhook endpoints: at least once, each try later than the one before, in the end given up and kept on record."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from misora.base.errors import MisoraError, StoreUnavailable
from misora.store.database import Database
from misora.store.records import Delivery, Event, WebhookEndpoint
from misora.store.webhooks import OUTSIDE, is_any_due, load_endpoint, load_event, settle, take_due
from misora.studio.signatures import signed_headers

log = logging.getLogger(__name__)

RETRY_SECONDS = (5.0, 30.0, 120.0, 600.0, 3600.0, 10_800.0, 21_600.0, 43_200.0)
"""After each failed attempt; with the last one a day has passed, and the delivery is dead."""
BUSY_SECONDS = 60.0
"""How long a delivery belongs to whoever took it: several times what an address may take to answer."""
TOGETHER = 8
"""Deliveries that are sent side by side."""
LOOK_SECONDS = 1.0


class Sender(Protocol):
    """The way out."""

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int: ...


@dataclass(slots=True)
class Postman:
    """Sends what is due.

    Args:
        sender: ``egress.Egress``: addresses are checked again at every attempt.
        clock: Seconds since 1970.
    """

    database: Database
    sender: Sender
    clock: Callable[[], float]

    def run(self, stopping: threading.Event) -> None:
        """Looks for deliveries until ``stopping`` is set; a store that is away is waited for."""
        while not stopping.is_set():
            try:
                busy = self.deliver_due() > 0
            except StoreUnavailable as error:
                log.warning("%s", error)
                busy = False
            if not busy:
                stopping.wait(LOOK_SECONDS)

    def deliver_due(self) -> int:
        """Sends a few deliveries that are due, and returns how many."""
        with self.database.reading() as tx:
            if not is_any_due(tx, self.clock()):
                return 0
        with self.database.transaction() as tx:
            taken = take_due(tx, self.clock(), busy_seconds=BUSY_SECONDS, limit=TOGETHER)
            waiting = [(delivery, load_endpoint(tx, delivery.endpoint_id), load_event(tx, delivery.event_id)) for delivery in taken]
        # Side by side, so that one slow address does not hold up the others.
        with ThreadPoolExecutor(TOGETHER, thread_name_prefix="webhook") as pool:
            answers = list(pool.map(lambda one: self.send(one[1], one[2].id, message(one[2])), waiting))
        for (delivery, endpoint, event), answer in zip(waiting, answers, strict=True):
            self.account_for(delivery, endpoint, event, *answer)
        return len(waiting)

    def account_for(self, delivery: Delivery, endpoint: WebhookEndpoint, event: Event, status: int | None, error: str | None) -> None:
        """Writes down what became of an attempt, and when the next one is."""
        now = self.clock()
        delivered = status is not None and 200 <= status < 300
        last = delivery.attempts >= len(RETRY_SECONDS) or status == 410
        state = "delivered" if delivered else "dead" if last else "waiting"
        due_at = now if state != "waiting" else now + RETRY_SECONDS[delivery.attempts]
        with self.database.transaction() as tx:
            settle(tx, delivery, state=state, due_at=due_at, status_code=status, error=error)
        log.info("webhook %s to %s: %s, attempt %d, status %s", event.id, endpoint.id, state, delivery.attempts + 1, status)

    def send(self, endpoint: WebhookEndpoint, message_id: str, content: dict[str, Any]) -> tuple[int | None, str | None]:
        """The status that the endpoint answers with, or why there is none."""
        body = json.dumps(content, separators=(",", ":")).encode()
        now = self.clock()
        headers = {"Content-Type": "application/json", **signed_headers(endpoint.secrets_at(now), message_id, now, body)}
        try:
            return self.sender.post(endpoint.url, body, headers), None
        except MisoraError as error:
            return None, str(error)


def message(event: Event) -> dict[str, Any]:
    """An event as it is sent: what happened to which video; the video itself is asked for by its id."""
    return {"id": event.id, "object": "event", "created_at": int(event.at), "type": OUTSIDE[event.type], "data": {"id": event.job_id}}


@contextmanager
def delivering(postman: Postman) -> Iterator[None]:
    """Delivers in a thread while the block runs."""
    stopping = threading.Event()
    thread = threading.Thread(target=postman.run, args=(stopping,), name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(BUSY_SECONDS)

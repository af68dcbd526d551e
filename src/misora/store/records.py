"""A frozen record for each row that leaves the store; field names are the columns' names, which a test holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

R = TypeVar("R")


def to_record(kind: type[R], row: sa.Row[Any]) -> R:
    """``row`` as the record ``kind``."""
    return kind(**row._mapping)


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks; ``served_at`` is when a job of theirs last started, for fairness."""

    id: str
    name: str
    plan: str
    state: str
    adult: bool
    created_at: float
    served_at: float


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret; ``id`` is the part that may be shown."""

    id: str
    account_id: str
    digest: str
    label: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    used_at: float | None


@dataclass(frozen=True, slots=True)
class Pot:
    """Credits and videos of an account in one period ("2026-11", or "extra", which never ends)."""

    account_id: str
    period: str
    credits_granted: int
    credits_charged: int
    credits_held: int
    videos_granted: int
    videos_charged: int
    videos_held: int

    @property
    def credits_left(self) -> int:
        return self.credits_granted - self.credits_charged - self.credits_held

    @property
    def videos_left(self) -> int:
        return self.videos_granted - self.videos_charged - self.videos_held


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; ``reference`` is the job, or the reason of a grant."""

    sequence: int
    account_id: str
    period: str
    step: str
    kind: str
    reference: str
    credits: int
    videos: int
    at: float


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work and where it stands.

    Args:
        sequence: Order of arrival.
        kind, request: What to make: the name of a way of making, and its parameters as JSON.
        shape_key: Frames, height, width and rate as ``TxHxW@FPS``; jobs of one key may be made together.
        parent_id: The video that this one was remixed or extended from.
        lane: ``priority`` or ``relaxed``.
        credits, period: Price, and the pot that holds it.
        fingerprint: Digest of the request, to tell a repeated key from a reused one.
        available_at: Not before this time; later after a failed attempt.
        version: Grows with every change that a watcher may want to see.
        attempts: Times that a worker took it.
        lease_token: Grows with every claim; only its current value may publish.
        wish: ``run``, or ``pause`` while a worker has yet to hear of it.
        checkpoint: Where a worker may go on, as JSON; None is the beginning.
    """

    sequence: int
    id: str
    account_id: str
    kind: str
    request: Mapping[str, Any]
    model: str
    shape_key: str
    parent_id: str | None
    state: str
    lane: str
    credits: int
    period: str
    idempotency_key: str | None
    fingerprint: str
    created_at: float
    available_at: float
    started_at: float | None
    finished_at: float | None
    updated_at: float
    version: int
    attempts: int
    lease_token: int
    lease_worker: str | None
    lease_expires_at: float | None
    wish: str
    stage: str
    progress: int
    checkpoint: Mapping[str, Any] | None
    error_code: str | None
    error_message: str | None
    deleted_at: float | None


@dataclass(frozen=True, slots=True)
class Asset:
    """A file and whose it is. Outputs have a verdict and a signature; the schema refuses them without."""

    sequence: int
    id: str
    account_id: str
    job_id: str | None
    role: str
    name: str
    digest: str
    num_bytes: int
    media_type: str
    width: int | None
    height: int | None
    num_frames: int | None
    fps: float | None
    verdict: Mapping[str, Any] | None
    signature: str | None
    recipe: Mapping[str, Any] | None
    created_at: float
    deleted_at: float | None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that arrives in parts.

    Args:
        num_bytes: Of the whole, as announced.
        state: ``pending``, ``completed``, ``cancelled`` or ``expired``.
        asset_id: What it became.
    """

    sequence: int
    id: str
    account_id: str
    name: str
    num_bytes: int
    state: str
    created_at: float
    expires_at: float
    asset_id: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job; ``sequence`` is the order in which it was written."""

    sequence: int
    id: str
    account_id: str
    job_id: str
    type: str
    data: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An address that hears of an account's events.

    Args:
        event_types: Those it wants, as they are called outside ("video.completed").
        secret: Signs what is sent; the account saw it once.
        old_secret, old_secret_until: Signs too until then, after the secret was changed.
    """

    sequence: int
    id: str
    account_id: str
    name: str
    url: str
    event_types: tuple[str, ...]
    secret: str = field(repr=False)
    old_secret: str | None = field(repr=False)
    old_secret_until: float | None
    created_at: float
    updated_at: float
    deleted_at: float | None

    def secrets_at(self, at: float) -> tuple[str, ...]:
        """The secrets that sign at this time."""
        old = self.old_secret if self.old_secret_until is not None and self.old_secret_until > at else None
        return (self.secret,) if old is None else (self.secret, old)


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to an endpoint.

    Args:
        state: ``waiting``, ``delivered``, or ``dead`` when it was tried often enough.
        attempts: Times that it was taken to be sent.
        due_at: When it is to be sent next.
        status_code, error: What became of the last attempt.
    """

    sequence: int
    endpoint_id: str
    event_id: str
    state: str
    attempts: int
    due_at: float
    status_code: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Who did what to whom."""

    sequence: int
    at: float
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]

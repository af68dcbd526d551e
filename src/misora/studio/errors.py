"""Misora's errors as HTTP answers, in the shape that the official client turns into its own exceptions.

    {"error": {"message": "...", "type": "invalid_request_error", "param": "seconds", "code": "invalid_value"}}

| error | status |
| --- | --- |
| InputError, Refused | 400 |
| NotAllowed | 401 |
| NotFound, JobNotFound | 404 |
| TooSlow | 408, and the connection is closed |
| NotReady, ConflictError | 409 |
| TooLarge | 413 |
| WrongMedia | 415 |
| QuotaError | 429 with Retry-After |
| StoreUnavailable, Busy | 503 with Retry-After |
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from misora.base.errors import ConflictError, InputError, MediaError, MisoraError, QuotaError, Refused, StoreUnavailable
from misora.engine.service import JobNotFound


class NotAllowed(MisoraError):
    """No key, a key that opens nothing, or one that is not for this; which of them is not told."""


class NotFound(MisoraError):
    """There is no such thing, or it is somebody else's, which looks the same.

    Args:
        message: What there is not.
        field: Dotted path of the field that names it; None when the address does.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotReady(ConflictError):
    """The video is not finished, so it has no file to serve or to begin from."""


class TooLarge(MisoraError):
    """The body is beyond what is read."""


class TooSlow(MisoraError):
    """The body came so slowly that it is no longer waited for."""


class WrongMedia(MisoraError):
    """The body is of a type that is not read here."""


class Busy(MisoraError):
    """More is being done than this process does at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An error as it goes over the wire."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def to_answer(error: MisoraError) -> Answer:
    """What to say to whoever caused ``error``."""
    text = str(error)
    match error:
        case MediaError():
            return Answer(400, text, code="invalid_media", param=error.field)
        case InputError():
            return Answer(400, text, code="invalid_value", param=error.field)
        case Refused():
            return refusal(error)
        case NotAllowed():
            return Answer(401, text, "authentication_error", "invalid_api_key", headers={"WWW-Authenticate": "Bearer"})
        case NotFound():
            return Answer(404, text, code="not_found", param=error.field)
        case JobNotFound():
            return Answer(404, text, code="not_found")
        case TooSlow():
            return Answer(408, text, code="too_slow", headers={"Connection": "close"})
        case NotReady():
            return Answer(409, text, code="video_not_ready", headers={"Retry-After": "2"})
        case ConflictError():
            return Answer(409, text, code="conflict", headers={"x-should-retry": "false"})
        case TooLarge():
            return Answer(413, text, code="too_large")
        case WrongMedia():
            return Answer(415, text, code="unsupported_media_type")
        case QuotaError():
            return Answer(429, text, "rate_limit_error" if error.code == "too_many_jobs" else "insufficient_quota", error.code,
                          headers=quota_headers(error, time.time()))  # fmt: skip
        case StoreUnavailable() | Busy():
            return Answer(503, text, "server_error", "unavailable", headers={"Retry-After": "2"})
        case _:
            return Answer(503, text, "server_error", "unavailable", headers={"x-should-retry": "false", "Retry-After": "60"})


def refusal(error: Refused) -> Answer:
    """A judge that said no, and one that could not be asked, in which case trying again may help."""
    if error.category == "unavailable":
        return Answer(503, str(error), "server_error", "moderation_unavailable", error.field, {"Retry-After": "5"})
    return Answer(400, str(error), code="moderation_blocked", param=error.field)


def quota_headers(error: QuotaError, now: float) -> dict[str, str]:
    """Jobs end in seconds; credits come back on the first of the month, and a client need not try before."""
    if error.code == "too_many_jobs":
        return {"Retry-After": "5"}
    return {"Retry-After": str(seconds_to_next_month(now)), "x-should-retry": "false"}


def seconds_to_next_month(now: float) -> int:
    """Whole seconds until the 1st of the next month, UTC; at least one."""
    today = time.gmtime(now)
    days_in = (today.tm_mday - 1) * 86_400 + today.tm_hour * 3600 + today.tm_min * 60 + today.tm_sec
    return max(1, month_days(today.tm_year, today.tm_mon) * 86_400 - days_in)


def month_days(year: int, month: int) -> int:
    from calendar import monthrange

    return monthrange(year, month)[1]

"""A connection that must be used: whoever keeps one open without saying what he wants, or without taking what he asked for, loses it.

Slow clients cost a server its places and its file handles, whether they mean to (Slowloris) or not. Here a request's head has one deadline
from its first moment to its last byte, not one for each read; so has every 48 KiB of an answer. The pace of bodies is watched in
``middleware``, which can still answer with 408.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""From the connection, or from the first byte of a further request, to the end of a request's head."""
STALL_SECONDS = 30.0
"""How long a client may take for what is buffered for it, 48 KiB or more: it reads at 1.6 KiB/s at least."""
MAX_CONNECTIONS = 900
"""Below the 1,024 files that a process may usually have open."""


class TimedConnection(H11Protocol):
    """uvicorn's connection with deadlines for the head of each request and for the reading of answers."""

    overdue: asyncio.TimerHandle | None = None
    stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self.overdue = self.close_after(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.is_at_work:
            stop(self.overdue)
            self.overdue = None
        elif self.overdue is None:
            self.overdue = self.close_after(HEAD_SECONDS)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.stalled = self.close_after(STALL_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        stop(self.stalled)

    def connection_lost(self, exc: Exception | None) -> None:
        stop(self.overdue)
        stop(self.stalled)
        super().connection_lost(exc)

    @property
    def is_at_work(self) -> bool:
        """Whether a request has come whose answer is not finished."""
        return bool(self.cycle) and not self.cycle.response_complete  # None before the first request, whatever its annotation says

    def close_after(self, seconds: float) -> asyncio.TimerHandle:
        # abort, not close: what a client does not read would keep the socket open for ever.
        return self.loop.call_later(seconds, self.transport.abort)


def stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()

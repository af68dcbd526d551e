"""How much there is to do: requests in work in this process, and jobs that wait, looked up at most once a second."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from misora.store.database import Database
from misora.store.jobs import count_states

FRESH_SECONDS = 1.0


@dataclass(slots=True)
class Seats:
    """Requests in work together."""

    taken: int = 0

    def take(self) -> Seat:
        self.taken += 1
        return Seat(self)


@dataclass(slots=True)
class Seat:
    """One request's place; whoever only waits, for a body, for news or for a picture, or for its client to read, gives it up."""

    seats: Seats
    is_taken: bool = True

    def leave(self) -> None:
        if self.is_taken:
            self.is_taken = False
            self.seats.taken -= 1

    def take_again(self) -> None:
        if not self.is_taken:
            self.is_taken = True
            self.seats.taken += 1


@dataclass(slots=True)
class Load:
    """Counts that many requests share."""

    streams: int = 0
    """Requests that only wait: event streams, and pictures that are being made."""
    _states: dict[str, int] = field(default_factory=dict)
    _seen_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def states(self, database: Database, now: float) -> dict[str, int]:
        """How many jobs are in each state, as of a second ago at most."""
        with self._lock:
            if now - self._seen_at >= FRESH_SECONDS:
                with database.reading() as tx:
                    self._states = count_states(tx)
                self._seen_at = now
            return self._states

    def waiting(self, database: Database, now: float) -> int:
        """Jobs that wait for a worker."""
        return self.states(database, now).get("queued", 0)

"""Which job comes next: pure arithmetic on who waits and who runs; knows no database, clock or tensor.

The priority lane goes before the relaxed one. Within a lane the account with the fewest running jobs comes first, among equals the
one that was served longest ago, and within an account the oldest job: one account with a thousand jobs delays ten with one by at
most the jobs that are running. A relaxed job that has waited ``RELAXED_PATIENCE_SECONDS`` counts as a priority one, so it is slow but sure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

RELAXED_PATIENCE_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """The oldest waiting job of an account in a lane.

    Args:
        sequence: Order of arrival.
        waited_seconds: Since it arrived.
        served_at: When a job of the account last started.
    """

    account_id: str
    lane: str
    sequence: int
    waited_seconds: float
    served_at: float


def in_order(candidates: Iterable[Candidate], running: Mapping[str, int], limits: Mapping[str, int]) -> list[Candidate]:
    """The candidates that may start now, the next one first.

    Args:
        running: Jobs of each account that workers hold; an absent account has none.
        limits: Most jobs of each account at once.
    """
    free = [one for one in candidates if running.get(one.account_id, 0) < limits.get(one.account_id, 1)]
    return sorted(free, key=lambda one: (lane_rank(one), running.get(one.account_id, 0), one.served_at, one.sequence))


def lane_rank(candidate: Candidate) -> int:
    """0 goes before 1."""
    return 0 if candidate.lane == "priority" or candidate.waited_seconds >= RELAXED_PATIENCE_SECONDS else 1

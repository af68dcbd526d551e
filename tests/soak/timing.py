"""Row 12: how long a key takes to be refused does not tell why (Welch's t over interleaved samples, as dudect does it)."""

from __future__ import annotations

import gc
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from databases import memory_database
from misora.store.accounts import create_account
from misora.store.database import Database
from misora.store.keys import create_key, revoke_key, verify_key
from soak.ground import Ground

LEAKS = 4.5
"""|t| above this is taken for a difference."""
KEPT = 0.8
"""Share of the fastest samples that are compared; the slowest are those in which somebody else had the processor."""
FAILS_OUTRIGHT = 10.0


@contextmanager
def refused_keys() -> Iterator[tuple[Database, dict[str, str]]]:
    """Keys that are refused for three reasons."""
    database = memory_database()
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=1.0)
        right = create_key(tx, account.id, at=1.0)[1]
        revoked, gone = create_key(tx, account.id, at=1.0)
        revoke_key(tx, revoked.id, at=2.0)
    stranger = f"msk_000000000000_{secret_of(right)}"
    yield database, {"unknown id": stranger, "wrong tail": right[:-1] + ("a" if right[-1] != "a" else "b"), "revoked": gone}
    database.close()


def secret_of(text: str) -> str:
    """The part after ``msk_ID_``."""
    return text.split("_", 2)[2]


def timed(act: Callable[[str], object], texts: dict[str, str], samples: int) -> dict[str, list[int]]:
    """Nanoseconds of ``act`` for each text, in an order of chance, without the slowest."""
    order = [name for name in texts for _ in range(samples)]
    random.Random(5).shuffle(order)
    took: dict[str, list[int]] = {name: [] for name in texts}
    gc.disable()
    try:
        for name in order:
            begun = time.thread_time_ns()
            act(texts[name])
            took[name].append(time.thread_time_ns() - begun)
    finally:
        gc.enable()
    return {name: sorted(one)[: int(KEPT * samples)] for name, one in took.items()}


def welch_t(a: list[int], b: list[int]) -> float:
    """Welch's t of two samples."""
    return (statistics.fmean(a) - statistics.fmean(b)) / math.sqrt(statistics.variance(a) / len(a) + statistics.variance(b) / len(b))


def largest_t(database: Database, texts: dict[str, str], samples: int) -> float:
    """Of any two classes."""
    with database.reading() as tx:

        def refuse(text: str) -> None:
            assert verify_key(tx, text, at=3.0) is None

        for text in texts.values():
            refuse(text)
        took = timed(refuse, texts, samples)
    names = list(took)
    return max(abs(welch_t(took[a], took[b])) for a in names for b in names if a < b)


def time_refused_keys(seed: int, ground: Ground) -> None:
    """Twenty thousand refusals of each kind; the strict bound is for what a stranger asks: whether an id exists."""
    with refused_keys() as (database, texts):
        found = largest_t(database, {name: texts[name] for name in ("unknown id", "wrong tail")}, 20_000)
        assert found < LEAKS, f"|t| of unknown ids and wrong secrets is {found:.1f}"
        found = largest_t(database, texts, 20_000)
        assert found < FAILS_OUTRIGHT, f"|t| of a revoked key and others is {found:.1f}"

"""Faults that strike by chance: for each seed some kinds are awake, and those strike now and then."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from misora.base.errors import StoreUnavailable
from misora.store.vault import Blob, BlobMissing, Stored

AWAKE = 0.25
"""Chance of a kind of fault to be awake in a run."""
OFTEN_AWAKE = {"worker is slow to publish": 0.75, "worker freezes before publishing": 0.75}
"""Faults whose harm needs several things to coincide, so that they must be awake in more runs to be seen doing it."""
STRIKES = 0.25
"""Chance that one that is awake strikes when its moment comes."""


class Crash(Exception):
    """The process dies here: whatever it had not committed is gone, whatever it was told next it never hears."""


class Faults:
    """Draws faults; counts those that struck.

    Args:
        rng: The run's only source of chance.
        calm: True once the storm is over; nothing strikes any more.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.calm = False
        self.struck: Counter[str] = Counter()
        self._awake: dict[str, bool] = {}

    def strike(self, kind: str) -> bool:
        """Whether a fault of this kind happens now."""
        awake = self._awake.setdefault(kind, self.rng.random() < OFTEN_AWAKE.get(kind, AWAKE))
        if self.calm or not awake or self.rng.random() >= STRIKES:
            return False
        self.struck[kind] += 1
        return True

    def at_transaction(self, moment: str) -> None:
        """A database hook: dies before a transaction, before its commit, or between the commit and the answer."""
        if self.strike(f"crash at {moment}"):
            raise Crash(moment)


class MemoryVault:
    """A vault without a disk that sometimes refuses; blobs are named by what their path says."""

    def __init__(self, faults: Faults, clock: Callable[[], float]) -> None:
        self.faults = faults
        self.clock = clock
        self.put_at: dict[str, float] = {}

    def put(self, path: Path) -> Blob:
        if self.faults.strike("vault full"):
            raise StoreUnavailable("the vault cannot be written: no space left on device")
        self.put_at[path.name] = self.clock()
        return Blob(path.name, len(path.name))

    def fetch(self, digest: str) -> Path:
        if digest not in self.put_at:
            raise BlobMissing(f"the vault does not hold {digest}")
        return Path(digest)

    def read(self, blob: Blob, start: int, stop: int) -> Iterator[bytes]:
        yield str(self.fetch(blob.digest)).encode()[start:stop]

    def contains(self, digest: str) -> bool:
        return digest in self.put_at

    def put_time(self, digest: str) -> float | None:
        return self.put_at.get(digest)

    def stored(self) -> Iterator[Stored]:
        yield from (Stored(digest, at) for digest, at in list(self.put_at.items()))

    def remove(self, digest: str) -> None:
        self.put_at.pop(digest, None)

    def remove_partials(self, *, older_than: float) -> int:
        return 0

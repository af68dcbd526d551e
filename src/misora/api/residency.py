"""The networks that stay in memory between calls: what was used longest ago goes when a budget is full."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from misora.base.errors import WeightsError
from misora.base.settings import Settings
from misora.models.weights_file import Kind, weights_path

T = TypeVar("T")
MIB = 1 << 20


@dataclass(slots=True)
class Residents:
    """Loaded networks by what they were loaded from; safe to share between threads.

    Args:
        held: Networks and their bytes, the one used last at the end.
    """

    held: OrderedDict[Hashable, tuple[Any, int]] = field(default_factory=OrderedDict)
    _turn: threading.RLock = field(default_factory=threading.RLock)

    def take(self, key: Hashable, num_bytes: int, load: Callable[[], T], budget: int | None) -> T:
        """What ``load`` gives for ``key``, loaded only when it is not here.

        Args:
            num_bytes: How much it will hold.
            budget: Bytes that all together may hold; None keeps only what was asked for last of each kind (the key's first item).
        Raises:
            WeightsError: It alone is larger than the budget.
        """
        with self._turn:
            if key in self.held:
                self.held.move_to_end(key)
            else:
                self.make_room(key, num_bytes, budget)
                self.held[key] = load(), num_bytes
            found: T = self.held[key][0]
            return found

    def make_room(self, key: Hashable, num_bytes: int, budget: int | None) -> None:
        """Lets go of what was used longest ago until ``num_bytes`` more fit."""
        if budget is None:
            for other in [other for other in self.held if kind_of(other) == kind_of(key)]:
                del self.held[other]
            return
        if num_bytes > budget:
            raise WeightsError(f"the networks hold {num_bytes / MIB:,.0f} MiB and MISORA_MEMORY allows {budget / MIB:,.0f}; give it more")
        while self.held and self.num_bytes + num_bytes > budget:
            self.held.popitem(last=False)

    @property
    def num_bytes(self) -> int:
        """Of all that is held."""
        return sum(size for _, size in self.held.values())

    def clear(self) -> None:
        """Lets go of everything."""
        with self._turn:
            self.held.clear()


def kind_of(key: Hashable) -> Hashable:
    """What a key is of: its first item."""
    return key[0] if isinstance(key, tuple) else key


RESIDENTS = Residents()
"""Those of this process."""


def resident(name: str, settings: Settings, kinds: Sequence[Kind], load: Callable[[], T]) -> T:
    """The networks ``name`` of a weights folder, from memory where they are there.

    Their size is reckoned as twice that of their files: some are widened when they are loaded, and Turbo's transformer is a second one.
    """
    files = [weights_path(settings.weights, kind) for kind in kinds]
    stats = [file.stat() if file.is_file() else None for file in files]
    key = (name, settings.weights.resolve(), settings.device, settings.threads, *(stat and stat.st_mtime_ns for stat in stats))
    return RESIDENTS.take(key, 2 * sum(stat.st_size for stat in stats if stat), load, settings.memory)

"""What draws stand on: a folder of their own each, and servers and templates that are made once and shared."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from engines import Bench, Clock, make_bench
from misora.engine.leases import Timing
from misora.store import page_checksums
from misora.store.database import Database, open_database
from misora.store.migrate import migrate


class Ground:
    """Opened once for many draws; closing it ends its servers.

    Args:
        root: Where everything lies.
        kept: What one draw makes for others, by name.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.servers = ExitStack()
        self.kept: dict[str, Any] = {}

    @classmethod
    def in_memory(cls) -> Ground:
        """On a disk of memory where there is one: a killed process loses nothing that it wrote, synced or not, and syncing is slow."""
        memory = Path("/dev/shm")
        folder = tempfile.TemporaryDirectory(prefix="misora-soak-", dir=memory if os.access(memory, os.W_OK) else None)
        ground = cls(Path(folder.name))
        ground.servers.callback(folder.cleanup)
        return ground

    def close(self) -> None:
        self.servers.close()

    @contextmanager
    def place(self, *, checksums: bool = True) -> Iterator[Path]:
        """A folder with the database of an empty install; without ``checksums`` for a simulated disk, which replaces their shim."""
        with tempfile.TemporaryDirectory(dir=self.root) as folder:
            shutil.copy(self.template if checksums else self.plain_template, Path(folder) / "misora.db")
            yield Path(folder)

    def postgresql(self) -> str:
        """The URL of a server of PostgreSQL, emptied; skips the draw where there is none."""
        from databases import migrated, postgresql_server

        if "postgresql" not in self.kept:
            self.kept["postgresql"] = self.servers.enter_context(postgresql_server())
        self.empty(migrated(self.kept["postgresql"]))
        return str(self.kept["postgresql"])

    def empty(self, database: Database) -> None:
        """Removes every row, and closes."""
        from databases import empty

        empty(database)
        database.close()

    @cached_property
    def template(self) -> Path:
        """A migrated SQLite file; migrating takes a third of a second."""
        return migrated_file(self.root / "template.db")

    @cached_property
    def plain_template(self) -> Path:
        """The same without checksums on its pages."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(page_checksums, "are_there", lambda: False)
            return migrated_file(self.root / "plain.db")


def migrated_file(path: Path) -> Path:
    """An empty install's database at ``path``."""
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


def opened(place: Path, clock: Clock | None = None, timing: Timing | None = None) -> Bench:
    """The install in ``place``, as a process that has just started sees it."""
    bench = make_bench(open_database(f"sqlite:///{place}/misora.db"), place, timing)
    bench.engine.clock = bench.clock = clock or bench.clock
    bench.painter.keeps = True
    return bench


@contextmanager
def visiting(place: Path, clock: Clock | None = None) -> Iterator[Bench]:
    """``opened`` for the block; nothing stays open that a fork would inherit."""
    bench = opened(place, clock)
    try:
        yield bench
    finally:
        bench.engine.database.close()


def in_a_process(work: Callable[[], None]) -> int:
    """Runs ``work`` in a fork; returns the signal that ended it, 0 when it came to its end."""
    return ending_of(forked(work))


def forked(work: Callable[[], None]) -> int:
    """The process that runs ``work``."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def ending_of(child: int) -> int:
    """Waits; the signal that ended ``child``, or 0."""
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def send_at(number: signal.Signals, moment: str, nth: int) -> Callable[[str], None]:
    """Called with the name of each moment; sends this process ``number`` at the ``nth`` one of that name."""
    left = [nth]

    def reached(name: str) -> None:
        left[0] -= name == moment
        if name == moment and left[0] == 0:
            os.kill(os.getpid(), number)

    return reached


def expect_rest(bench: Bench, *, hours: float = 3.0) -> None:
    """Everything is well long after: garbage collected, every invariant holds."""
    bench.clock.pass_seconds(hours * 3600)
    bench.engine.collect_garbage()
    assert bench.findings() == []

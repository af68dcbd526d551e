"""The database by URL, and transactions that either happen or do not.

    database = open_database("sqlite:///library/misora.db")
    with database.transaction() as tx:
        ...

SQLite takes the write lock when a transaction begins, so transactions follow one another. PostgreSQL runs at READ COMMITTED; whoever
decides from what it read uses one conditional UPDATE, or takes a named lock (``lock``) first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from misora.base.errors import InputError, MissingExtraError, StoreUnavailable
from misora.store import sqlite_driver
from misora.store.sqlite_gate import journal_mode
from misora.store.tables import locks

BUSY_SECONDS = 15.0
LOCK = sa.select(locks.c.name).where(locks.c.name == sa.bindparam("lock")).with_for_update()

Hook = Callable[[str], None]
"""Told ``begin``, ``commit`` and ``committed`` around every transaction that writes; raising in it is a crash at that moment."""


def no_hook(_: str) -> None:
    """Lets every transaction pass."""


@dataclass(slots=True)
class Database:
    """An open database; safe to share between threads.

    Args:
        engine: SQLAlchemy's; its pool hands each thread a connection.
        hook: See ``Hook``; what fault injection uses.
        turns: Held by every transaction; a lock where all threads share one connection, which SQLite in memory needs.
    """

    engine: sa.Engine
    hook: Hook = field(default=no_hook)
    turns: AbstractContextManager[Any] = field(default_factory=nullcontext)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Writes together: committed when the block ends, undone when it raises.

        Raises:
            StoreUnavailable: The database cannot be reached, is full, or stayed locked; trying again later may help.
        """
        with _translated(), self.turns, self.engine.connect() as connection, connection.begin():
            self.hook("begin")
            yield connection
            self.hook("commit")
        self.hook("committed")

    @contextmanager
    def reading(self, *, isolation: str | None = None) -> Iterator[sa.Connection]:
        """Reads without a write lock.

        Args:
            isolation: ``"REPEATABLE READ"`` for many reads that must all see one moment on PostgreSQL; on SQLite they always do.
        """
        options: dict[str, Any] = {"misora_read_only": True}
        if isolation is not None and not self.is_sqlite:
            options["isolation_level"] = isolation
        with _translated(), self.turns, self.engine.connect() as connection, connection.execution_options(**options).begin():
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str, *, hook: Hook = no_hook) -> Database:
    """Opens ``sqlite:///PATH``, ``sqlite://`` (in memory) or ``postgresql://...``; the folder of a SQLite file is made.

    Raises:
        InputError: The URL is of another kind, or a SQLite folder cannot be made.
        MissingExtraError: PostgreSQL's driver is not installed.
    """
    try:
        parsed = sa.make_url(url)
    except ArgumentError as error:
        raise InputError(
            f"MISORA_DATABASE={url!r} is not a database URL; for example sqlite:///library/misora.db", field="MISORA_DATABASE"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        return Database(_open_sqlite(parsed), hook, threading.RLock() if in_memory(parsed) else nullcontext())
    if parsed.get_backend_name() == "postgresql":
        return Database(_open_postgresql(parsed), hook)
    raise InputError(f"MISORA_DATABASE starts with {parsed.drivername!r}; choose sqlite:/// or postgresql://", field="MISORA_DATABASE")


def lock(tx: sa.Connection, name: str) -> None:
    """Holds the lock ``name`` ("claims", "vault") until the transaction ends; SQLite's transactions already exclude each other."""
    tx.execute(LOCK, {"lock": name}).one()


def in_memory(url: sa.URL) -> bool:
    """Whether a SQLite database lives and dies with its one connection."""
    return url.database in (None, "", ":memory:")


def _open_sqlite(url: sa.URL) -> sa.Engine:
    if not in_memory(url):
        _make_folder(Path(str(url.database)))
    options: dict[str, Any] = {"poolclass": sa.StaticPool} if in_memory(url) else {}
    engine = sa.create_engine(url.set(drivername="sqlite"), module=sqlite_driver, connect_args={"timeout": BUSY_SECONDS}, **options)
    mode = "MEMORY" if in_memory(url) else journal_mode(sqlite_driver.sqlite_version_info)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite_driver.Connection, _: object) -> None:
        cursor = connection.cursor()
        for statement in (f"journal_mode={mode}", "synchronous=FULL", "foreign_keys=ON", "secure_delete=FAST"):
            cursor.execute(f"PRAGMA {statement}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # Taking the write lock at once: a reader that becomes a writer half way would otherwise fail, not wait.
        read_only = connection.get_execution_options().get("misora_read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the folder {path.parent}: {(error.strerror or str(error)).lower()}", field="MISORA_DATABASE"
        ) from error


def _open_postgresql(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, isolation_level="READ COMMITTED")
    except (ImportError, NoSuchModuleError) as error:
        raise MissingExtraError("PostgreSQL needs its driver: pip install 'misora[postgres]'") from error


@contextmanager
def _translated() -> Iterator[None]:
    """A database that is away or locked becomes StoreUnavailable; a broken constraint stays what it is, for it is our mistake."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, sqlite_driver.DamagedPageError):
            raise StoreUnavailable("a page of the database is not what was written to it; restore a backup and look at the disk") from error
        raise StoreUnavailable(f"the database does not answer: {_first_line(error)}; try again in a moment") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable(f"the database went away: {_first_line(error)}; try again in a moment") from error
        raise


def _first_line(error: DBAPIError) -> str:
    return (str(error.orig).strip() or "no reason given").splitlines()[0]

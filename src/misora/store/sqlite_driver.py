"""Python's DB-API over apsw, as much of it as SQLAlchemy's SQLite dialect uses.

apsw carries its own SQLite, newer than the one that Python links (see ``sqlite_gate``). Rows are fetched when a statement runs, so no
cursor is ever left half read while a transaction wants to end. Transactions begin and end only when told.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn

import apsw

from misora.store import page_checksums
from misora.store.sqlite_gate import parse_version

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = parse_version(sqlite_version)
version = apsw.apsw_version()
Binary = bytes

log = logging.getLogger(__name__)

SYNC_FAILURES = frozenset({apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC})
SYNC_FAILED_CODE = 74
"""EX_IOERR of sysexits."""


class Error(Exception):
    """Any failure of a statement."""


class Warning(Error):
    """Never raised; DB-API wants the name."""


class InterfaceError(Error):
    """Never raised; DB-API wants the name."""


class DatabaseError(Error):
    """The database refused."""


class OperationalError(DatabaseError):
    """Locked, full, or not readable."""


class DamagedPageError(OperationalError):
    """A page of the file does not match its checksum."""


class IntegrityError(DatabaseError):
    """A constraint of the schema would be broken."""


class ProgrammingError(DatabaseError):
    """A mistake in a statement."""


class DataError(DatabaseError):
    """A value that does not fit."""


class InternalError(DatabaseError):
    """Never raised; DB-API wants the name."""


class NotSupportedError(DatabaseError):
    """Never raised; DB-API wants the name."""


def connect(filename: str, *, timeout: float = 5.0, **_: Any) -> Connection:
    """Opens ``filename``, creating it with checksums on its pages; a locked database is waited for up to ``timeout`` seconds."""
    is_new = page_checksums.are_there() and not (os.path.exists(filename) and os.path.getsize(filename))
    connection = translated(apsw.Connection, filename)
    connection.set_busy_timeout(int(timeout * 1000))
    if is_new and filename not in ("", ":memory:"):
        page_checksums.keep(connection)
    return Connection(connection)


def translated(call: Callable[..., Any], *arguments: Any) -> Any:
    """``call(*arguments)``, with apsw's errors as DB-API's."""
    try:
        return call(*arguments)
    except apsw.ConstraintError as error:
        raise IntegrityError(str(error)) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise OperationalError(f"database is locked: {error}") from error
    except (apsw.SQLError, apsw.BindingsError, apsw.MisuseError) as error:
        raise ProgrammingError(str(error)) from error
    except apsw.Error as error:
        code = getattr(error, "extendedresult", 0)
        if code in SYNC_FAILURES:
            stop_at_once(error)
        if code == apsw.SQLITE_IOERR_DATA:
            raise DamagedPageError(str(error)) from error
        raise OperationalError(str(error)) from error


def stop_at_once(error: apsw.Error) -> NoReturn:
    """Ends the process as a kill would, which loses nothing.

    After a failed sync the system may have dropped what was written, and says so only once: a second try would claim a success that never
    was. What starts next reads from the disk what is really there.
    """
    log.critical("the disk could not keep what was written (%s); stopping, for nothing that follows could be trusted", error)
    os._exit(SYNC_FAILED_CODE)


class Connection:
    """One apsw connection, in autocommit until a statement says BEGIN."""

    def __init__(self, raw: apsw.Connection) -> None:
        self.raw = raw

    @property
    def in_transaction(self) -> bool:
        return self.raw.in_transaction

    def cursor(self) -> Cursor:
        return Cursor(self.raw)

    def commit(self) -> None:
        if self.raw.in_transaction:
            translated(self.raw.execute, "COMMIT")

    def rollback(self) -> None:
        if self.raw.in_transaction:
            translated(self.raw.execute, "ROLLBACK")

    def close(self) -> None:
        translated(self.raw.close)

    def create_function(self, name: str, num_arguments: int, function: Callable[..., Any], *, deterministic: bool = False) -> None:
        self.raw.create_scalar_function(name, function, num_arguments, deterministic=deterministic)


class Cursor:
    """The rows of the last statement."""

    arraysize = 1

    def __init__(self, raw: apsw.Connection) -> None:
        self.raw = raw
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        before = self.raw.total_changes()
        self._rows = iter(translated(self._fetch, sql, tuple(parameters)))
        self.rowcount = self.raw.total_changes() - before if self.description is None else -1
        self.lastrowid = self.raw.last_insert_rowid()
        return self

    def executemany(self, sql: str, many: Iterable[Sequence[Any]]) -> Cursor:
        changed = 0
        for parameters in many:
            changed += max(0, self.execute(sql, parameters).rowcount)
        self.rowcount = changed
        return self

    def _fetch(self, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Runs the statement to its end. The trace is the only moment at which a statement without rows still has a description."""
        cursor = self.raw.cursor()
        self.description = None

        def note_description(running: apsw.Cursor, _sql: str, _bindings: Any) -> bool:
            columns = running.get_description()
            self.description = tuple((column[0], None, None, None, None, None, None) for column in columns) or None
            return True

        cursor.exec_trace = note_description
        return list(cursor.execute(sql, parameters))

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        return [row for _, row in zip(range(size or self.arraysize), self._rows, strict=False)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def close(self) -> None:
        self._rows = iter(())

    def setinputsizes(self, *_: Any) -> None:
        """DB-API wants it; SQLite has no use for it."""

    def setoutputsize(self, *_: Any) -> None:
        """DB-API wants it; SQLite has no use for it."""

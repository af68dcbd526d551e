"""Checksums on the pages of a SQLite file: what a disk changes by itself is noticed when it is read, and never taken for data.

SQLite's own shim ``cksumvfs``, which apsw brings along, keeps eight bytes of each page for them. Files that were made without stay without;
a backup that is restored gets them.
"""

from __future__ import annotations

import ctypes
import logging
from functools import cache
from pathlib import Path

import apsw
from apsw import sqlite_extra

RESERVED = 8
"""Bytes at the end of a page."""
RESERVED_AT = 20
"""Where a database file says how many bytes of its pages are kept free."""

log = logging.getLogger(__name__)


@cache
def are_there() -> bool:
    """Whether this SQLite can keep them; asked once, and from then on every file that has them is checked."""
    try:
        sqlite_extra.load(apsw.Connection(":memory:"), "cksumvfs")
    except (sqlite_extra.NotAvailable, LookupError, apsw.Error) as error:
        log.info("pages of databases carry no checksums here: %s", error)
        return False
    return True


def keep(connection: apsw.Connection) -> None:
    """Has a database that is still empty keep them."""
    if are_there():
        count = ctypes.c_int(RESERVED)
        connection.file_control("main", apsw.SQLITE_FCNTL_RESERVE_BYTES, ctypes.addressof(count))


def are_kept(path: Path) -> bool:
    """Whether the database file at ``path`` has them; False where there is none yet."""
    try:
        with path.open("rb") as file:
            return file.read(RESERVED_AT + 1)[RESERVED_AT:] == bytes([RESERVED])
    except OSError:
        return False

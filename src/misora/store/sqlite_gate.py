"""Which SQLite may use the write-ahead log with several connections.

From 3.7.0 to 3.51.2 a checkpoint that races a write can corrupt a database in WAL mode (the WAL-reset bug; fixed in 3.51.3 and, by
backport, in 3.44.6 and 3.50.7). Python's own ``sqlite3`` often links an affected version, so Misora brings apsw, which carries its own.
"""

from __future__ import annotations

Version = tuple[int, int, int]

FIRST_AFFECTED: Version = (3, 7, 0)
FIXED: Version = (3, 51, 3)
BACKPORTS: dict[int, int] = {44: 6, 50: 7}
"""Minor release to the first patch of it that holds the fix."""


def parse_version(text: str) -> Version:
    """``"3.54.1"`` to (3, 54, 1)."""
    major, minor, patch = (*map(int, text.split(".")[:3]), 0, 0)[:3]
    return major, minor, patch


def has_wal_reset_bug(version: Version) -> bool:
    """Whether WAL with more than one connection can corrupt a database of this SQLite."""
    if not FIRST_AFFECTED <= version < FIXED:
        return False
    fixed_patch = BACKPORTS.get(version[1])
    return fixed_patch is None or version[2] < fixed_patch


def journal_mode(version: Version) -> str:
    """``WAL`` where it is safe, else ``TRUNCATE``: slower, readers wait for writers, but nothing can be corrupted."""
    return "TRUNCATE" if has_wal_reset_bug(version) else "WAL"


def describe(version: Version, *, checksums: bool = False) -> str:
    """One line for ``misora doctor``; ``checksums`` says whether the file's pages carry any."""
    dotted = ".".join(map(str, version))
    if has_wal_reset_bug(version):
        return (
            f"SQLite {dotted} has the WAL-reset bug, so the slower rollback journal is used; `pip install -U apsw` brings 3.51.3 or later"
        )
    return f"SQLite {dotted}, write-ahead log, synchronous=FULL, pages with{'' if checksums else 'out'} checksums"

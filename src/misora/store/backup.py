"""A whole install in a folder: the database as one SQLite file, whatever it lies in, and every file that it names.

    back_up(database, vault, Path("backup"))        # while everything runs; the next time only new files are copied
    restore(Path("backup"), database, vault)        # into an empty install of any kind

The database is read at one moment. Files are copied after it: they never change, and those of a video that is deleted meanwhile
stay for an hour, so a copy that ends within the hour has every file that the saved database names. The unfinished work of jobs is left
out: it would be gone before it was copied, and whoever goes on with such a job makes again what is missing.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import sqlalchemy as sa

from misora.base.errors import InputError, MisoraError
from misora.store.database import Database, in_memory, open_database
from misora.store.migrate import migrate
from misora.store.tables import assets, locks, metadata
from misora.store.vault import Blob, BlobDamaged, BlobMissing, LocalVault, Vault

DATABASE, FILES = "misora.db", "vault"
ROWS_AT_ONCE = 1000
COPIED = tuple(table for table in metadata.sorted_tables if table is not locks)
"""Parents before children; the named locks are in every new database."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied.

    Args:
        num_files: Files that the database names.
        new_files: Those that were not there yet.
        missing: Digests that could not be read, and why.
    """

    num_files: int
    new_files: int
    missing: tuple[str, ...]


def back_up(database: Database, vault: Vault, folder: Path) -> Copied:
    """Saves everything into ``folder``; what an earlier backup left there is kept and not copied again.

    Raises:
        InputError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = LocalVault(folder / FILES)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as scratch:
            saved = Path(scratch) / DATABASE
            save_database(database, saved)
            copied = copy_files(saved, vault, kept)
            os.replace(saved, folder / DATABASE)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {(error.strerror or str(error)).lower()}", field="folder") from error
    return copied


def restore(folder: Path, database: Database, vault: Vault) -> Copied:
    """Puts a backup into an empty install; a backup of an older schema is brought up to date on the way.

    Raises:
        InputError: There is no backup in ``folder``, or the install is not empty.
    """
    if not (folder / DATABASE).is_file():
        raise InputError(f"{folder} holds no {DATABASE}; name a folder that `misora backup` wrote", field="folder")
    refuse_what_is_used(database)
    with tempfile.TemporaryDirectory(prefix="misora-restore-") as scratch:
        saved = Path(scratch) / DATABASE
        shutil.copyfile(folder / DATABASE, saved)
        # Files first: a row is never there before its bytes.
        copied = copy_files(saved, LocalVault(folder / FILES), vault)
        source = open_database(f"sqlite:///{saved}")
        migrate(source)
        with source.reading() as old, database.transaction() as new:
            copy_rows(old, new)
        source.close()
    return copied


def save_database(database: Database, path: Path) -> None:
    """The database as it is at one moment, as a SQLite file at ``path``; others go on writing."""
    if database.is_sqlite and not in_memory(database.engine.url):
        source, target = apsw.Connection(str(database.engine.url.database)), apsw.Connection(str(path))
        with target.backup("main", source, "main") as pages:
            while not pages.done:
                pages.step(-1)
        source.close()
        target.execute("PRAGMA journal_mode=DELETE")
        target.close()
        return
    target_database = open_database(f"sqlite:///{path}")
    migrate(target_database)
    with database.reading(isolation="REPEATABLE READ") as old, target_database.transaction() as new:
        copy_rows(old, new)
    target_database.close()
    raw = apsw.Connection(str(path))
    raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()


def copy_rows(old: sa.Connection, new: sa.Connection) -> None:
    """Every row of every table, a thousand at a time."""
    for table in COPIED:
        for rows in batches(old, table):
            new.execute(sa.insert(table), rows)
        if new.dialect.name == "postgresql":
            continue_counting(new, table)


def batches(tx: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table in the order of its primary key."""
    keys = tuple(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        chosen = sa.select(table).order_by(*keys).limit(ROWS_AT_ONCE)
        if after is not None:
            chosen = chosen.where(
                sa.tuple_(*keys) > sa.tuple_(*(sa.literal(value, key.type) for value, key in zip(after, keys, strict=True)))
            )
        rows = [dict(row._mapping) for row in tx.execute(chosen)]
        if not rows:
            return
        yield rows
        after = tuple(rows[-1][key.name] for key in keys)


def continue_counting(tx: sa.Connection, table: sa.Table) -> None:
    """Rows that come later are numbered after those that were copied."""
    for column in table.primary_key.columns:
        if column.autoincrement is not True:
            continue
        last = tx.execute(sa.select(sa.func.max(column))).scalar()
        if last is not None:
            tx.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, column.name), last)))


def copy_files(saved: Path, source: Vault, target: Vault) -> Copied:
    """Every file that the database at ``saved`` names, checked on the way."""
    database = open_database(f"sqlite:///{saved}")
    with database.reading() as tx:
        named = tx.execute(
            sa.select(assets.c.digest, assets.c.num_bytes).where(assets.c.deleted_at.is_(None)).distinct().order_by(assets.c.digest)
        ).all()
    database.close()
    there = {stored.digest for stored in target.stored()}
    new = [Blob(row.digest, row.num_bytes) for row in named if row.digest not in there]
    missing = []
    for blob in new:
        try:
            copy_file(blob, source, target)
        except (BlobMissing, BlobDamaged) as error:
            missing.append(str(error))
    return Copied(len(named), len(new) - len(missing), tuple(missing))


def copy_file(blob: Blob, source: Vault, target: Vault) -> None:
    """One file, from one vault to the other."""
    with tempfile.NamedTemporaryFile(prefix="misora-copy-") as file:
        for piece in source.read(blob, 0, blob.num_bytes):
            file.write(piece)
        file.flush()
        if target.put(Path(file.name)).digest != blob.digest:
            raise MisoraError(f"{blob.digest} changed on its way")


def refuse_what_is_used(database: Database) -> None:
    """Raises InputError unless the database is new."""
    with database.reading() as tx:
        used = [table.name for table in COPIED if tx.execute(sa.select(table).limit(1)).first() is not None]
    if used:
        raise InputError(
            f"the database already holds {used[0]}; restore into an empty one (MISORA_DATABASE) and an empty MISORA_VAULT",
            field="MISORA_DATABASE",
        )

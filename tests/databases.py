"""Databases for tests: SQLite in memory or in a file, and a PostgreSQL server of one's own where its programs are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from misora.store.database import Database, Hook, no_hook, open_database
from misora.store.migrate import NAMED_LOCKS, migrate
from misora.store.tables import locks, metadata


def memory_database(hook: Hook = no_hook) -> Database:
    """The schema of today in memory; ``test_migrations`` shows that migrating gives the same."""
    database = open_database("sqlite://")
    metadata.create_all(database.engine)
    with database.transaction() as tx:
        tx.execute(sa.insert(locks), [{"name": name} for name in NAMED_LOCKS])
    database.hook = hook
    return database


def empty(database: Database) -> None:
    """Removes every row but the named locks."""
    with database.transaction() as tx:
        for table in reversed(metadata.sorted_tables):
            if table is not locks:
                tx.execute(sa.delete(table))


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The URL of a server that lives for the block; skips the test where PostgreSQL is not installed."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql); its half of the store's tests is left out")
    with tempfile.TemporaryDirectory(prefix="misora-pg-", ignore_cleanup_errors=True) as folder:
        user = unprivileged_user(Path(folder))
        data = Path(folder) / "data"
        run = {"user": user, "capture_output": True, "text": True, "check": True, "cwd": "/", "timeout": 60}
        subprocess.run([programs / "initdb", "--no-sync", "-A", "trust", "-U", "misora", "-D", data], **run)
        port = free_port()
        options = ["-c", "fsync=off", "-c", f"unix_socket_directories={folder}", "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options], user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            url = f"postgresql://misora@127.0.0.1:{port}/postgres"
            wait_for(url)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=20)


def postgresql_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: Debian keeps it off the PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    folders = [*reversed(installed), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def unprivileged_user(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it, who is given ``folder``."""
    if os.geteuid() != 0:
        return None
    try:
        shutil.chown(folder, "postgres")
    except LookupError:
        pytest.skip("PostgreSQL cannot run as root and there is no user 'postgres'; its half of the store's tests is left out")
    return "postgres"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(url: str, seconds: float = 30.0) -> None:
    """Returns once the server at ``url`` answers."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    deadline = time.monotonic() + seconds
    while True:
        try:
            engine.connect().close()
            break
        except sa.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
    engine.dispose()


def migrated(url: str) -> Database:
    """``url``, brought up to date."""
    database = open_database(url)
    migrate(database)
    return database

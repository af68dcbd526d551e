"""Databases for tests: SQLite in memory or in a file, and a PostgreSQL server of one's own where its programs are installed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
    with postgresql() as server:
        yield server.url


@contextmanager
def postgresql() -> Iterator[PostgresqlServer]:
    """A server that lives for the block and may be killed and started in it; skips the test where PostgreSQL is not installed."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql); its half of the store's tests is left out")
    with tempfile.TemporaryDirectory(prefix="misora-pg-", ignore_cleanup_errors=True) as folder:
        user = unprivileged_user(Path(folder))
        run = {"user": user, "capture_output": True, "text": True, "check": True, "cwd": "/", "timeout": 60}
        subprocess.run([programs / "initdb", "--no-sync", "-A", "trust", "-U", "misora", "-D", Path(folder) / "data"], **run)
        server = PostgresqlServer(programs, Path(folder), user)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@dataclass
class PostgresqlServer:
    """One server, its data in ``folder``."""

    programs: Path
    folder: Path
    user: str | None
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://misora@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Returns once it answers."""
        options = ["fsync=off", f"unix_socket_directories={self.folder}", "listen_addresses=127.0.0.1"]
        arguments = [self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port)]
        self.process = subprocess.Popen(
            [*arguments, *(word for option in options for word in ("-c", option))],
            user=self.user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wait_for(self.url)

    def kill(self) -> None:
        """The server and every process of it, at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Politely; sessions that are open are ended."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)


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

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest
import sqlalchemy as sa

from databases import memory_database
from misora.base.errors import InputError, StoreUnavailable
from misora.store import database as module
from misora.store import sqlite_driver
from misora.store.accounts import create_account, find_account, mark_served
from misora.store.database import Database, open_database
from misora.store.migrate import migrate


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(InputError, match="taken"), database.transaction() as tx:
        [create_account(tx, "ada", "free", at=1.0) for _ in range(2)]
    with database.reading() as tx:
        assert find_account(tx, "ada") is None


def test_what_is_committed_is_seen_by_the_next(database: Database) -> None:
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=1.0)
        assert find_account(tx, "ada") == account
    with database.reading() as tx:
        assert find_account(tx, account.id) == account


def test_the_hook_is_told_of_every_step_and_can_crash_before_the_commit(database: Database) -> None:
    told: list[str] = []
    database.hook = told.append
    with database.transaction() as tx:
        create_account(tx, "ada", "free", at=1.0)
    assert told == ["begin", "commit", "committed"]

    def crash(moment: str) -> None:
        if moment == "commit":
            raise SystemExit

    database.hook = crash
    with pytest.raises(SystemExit), database.transaction() as tx:
        create_account(tx, "bob", "free", at=1.0)
    with database.reading() as tx:
        assert find_account(tx, "bob") is None


def test_threads_take_turns_in_memory_where_they_share_one_connection() -> None:
    database = memory_database()

    def add(name: str) -> None:
        with database.transaction() as tx:
            create_account(tx, name, "free", at=1.0)

    thread = threading.Thread(target=add, args=("bob",))
    with database.transaction() as tx:
        thread.start()
        create_account(tx, "ada", "free", at=1.0)
    thread.join()
    with database.reading() as tx:
        assert find_account(tx, "ada") is not None and find_account(tx, "bob") is not None
    database.close()


def test_a_sqlite_file_uses_the_write_ahead_log_with_full_sync(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/new/folder/misora.db")
    with database.reading() as tx:
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()


def test_an_affected_sqlite_falls_back_to_the_rollback_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_driver, "sqlite_version_info", (3, 40, 1))
    database = open_database(f"sqlite:///{tmp_path}/misora.db")
    with database.reading() as tx:
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "truncate"
    database.close()


def test_a_locked_database_is_unavailable_not_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)
    url = f"sqlite:///{tmp_path}/misora.db"
    first, second = open_database(url), open_database(url)
    migrate(first)
    with first.transaction(), pytest.raises(StoreUnavailable, match="locked"), second.transaction():
        pass
    first.close()
    second.close()


def test_reading_goes_on_while_somebody_writes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/misora.db"
    writer, reader = open_database(url), open_database(url)
    migrate(writer)
    with writer.transaction() as tx:
        create_account(tx, "ada", "free", at=1.0)
        with reader.reading() as other:
            assert find_account(other, "ada") is None
    writer.close()
    reader.close()


@pytest.mark.parametrize("url", ["mysql://host/db", "not a url", ""])
def test_another_kind_of_url_names_the_setting_and_the_choices(url: str) -> None:
    with pytest.raises(InputError, match="sqlite:///") as caught:
        open_database(url)
    assert caught.value.field == "MISORA_DATABASE"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = open_database("postgresql://misora@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable, match="does not answer"), database.reading():
        pass
    database.close()


def test_rows_affected_and_constraints_come_through_the_driver(database: Database) -> None:
    with database.transaction() as tx:
        create_account(tx, "ada", "free", at=1.0)
        mark_served(tx, "nobody", 2.0)
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as tx:
        tx.execute(sa.text("INSERT INTO locks (name) VALUES ('claims')"))


class UnsyncedFile(apsw.VFSFile):
    """A file that the disk fails to sync, as the system would say it."""

    def __init__(self, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)

    def xSync(self, flags: int) -> None:
        error = apsw.IOError("disk I/O error")
        error.extendedresult = apsw.SQLITE_IOERR_FSYNC
        raise error


class UnsyncedDisk(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("misora-unsynced", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> UnsyncedFile:
        return UnsyncedFile(name, flags)


def test_a_failed_sync_stops_the_process(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/misora.db")
    migrate(database)
    database.close()
    child = os.fork()
    if child == 0:
        logging.disable()
        disk = UnsyncedDisk()
        sa.event.listen(database.engine, "connect", lambda raw, _: raw.cursor().execute("PRAGMA locking_mode=EXCLUSIVE"), insert=True)
        try:
            with database.transaction() as tx:
                create_account(tx, "ada", "free", at=1.0)
        finally:
            disk.unregister()
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WEXITSTATUS(status) == sqlite_driver.SYNC_FAILED_CODE
    with database.reading() as tx:
        assert find_account(tx, "ada") is None
    database.close()

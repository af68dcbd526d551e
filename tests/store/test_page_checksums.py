"""Pages of a SQLite file: checked where they have checksums, read as ever where they have none."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from misora.base.errors import StoreUnavailable
from misora.store import page_checksums
from misora.store.audit_log import read_log, write_log
from misora.store.backup import save_database
from misora.store.database import Database, open_database
from misora.store.migrate import migrate


def made(path: Path) -> Database:
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    with database.transaction() as tx:
        for number in range(200):
            write_log(tx, "ada", "x", f"subject {number}", at=1.0)
    return database


def subjects(database: Database) -> int:
    with database.reading() as tx:
        return len(read_log(tx, limit=1000))


def spoil(path: Path, what: bytes) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(what, what.swapcase(), 1))


@pytest.fixture(autouse=True)
def _there() -> None:
    if not page_checksums.are_there():
        pytest.skip("this SQLite has no checksums")


def test_what_the_disk_changed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "misora.db"
    made(path).close()
    assert page_checksums.are_kept(path)
    spoil(path, b"subject 77")
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailable, match="not what was written to it; restore a backup"):
        subjects(database)
    database.close()


def test_a_file_without_checksums_stays_without_and_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.db"
    with monkeypatch.context() as patch:
        patch.setattr(page_checksums, "are_there", lambda: False)
        made(path).close()
    assert not page_checksums.are_kept(path) and not page_checksums.are_kept(tmp_path / "none.db")
    database = open_database(f"sqlite:///{path}")
    with database.transaction() as tx:
        write_log(tx, "ada", "x", "later", at=2.0)
    assert subjects(database) == 201
    database.close()
    assert not page_checksums.are_kept(path)


def test_a_copy_has_them_too_and_is_the_same(tmp_path: Path) -> None:
    database = made(tmp_path / "misora.db")
    save_database(database, tmp_path / "copy.db")
    database.close()
    copy = open_database(f"sqlite:///{tmp_path}/copy.db")
    assert page_checksums.are_kept(tmp_path / "copy.db") and subjects(copy) == 200
    with copy.reading() as tx:
        assert tx.execute(sa.text("PRAGMA integrity_check")).scalar_one() == "ok"
    copy.close()

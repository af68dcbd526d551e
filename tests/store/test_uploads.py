"""Parts of an upload: together no more than was announced, and none once it has ended."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from misora.base.errors import ConflictError, InputError
from misora.store.accounts import create_account
from misora.store.database import Database, open_database
from misora.store.uploads import add_upload, end_upload, keep_part, parts_of
from misora.store.vault import Blob, LocalVault


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "vault")


@pytest.fixture
def byte(vault: LocalVault, tmp_path: Path) -> Blob:
    (tmp_path / "part").write_bytes(b"x")
    return vault.put(tmp_path / "part")


def test_no_part_is_kept_past_what_was_announced_or_after_the_end(database: Database, vault: LocalVault, byte: Blob) -> None:
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=0.0)
        upload = add_upload(tx, account.id, name="a.mp4", num_bytes=1, at=0.0, expires_at=9.0)
        keep_part(tx, vault, upload, byte, at=1.0)
    with pytest.raises(InputError, match="hold 2 bytes; 1 were announced"), database.transaction() as tx:
        keep_part(tx, vault, upload, byte, at=2.0)
    with database.transaction() as tx:
        end_upload(tx, upload, "cancelled", at=3.0)
    with pytest.raises(ConflictError, match="is cancelled"), database.transaction() as tx:
        keep_part(tx, vault, upload, byte, at=4.0)
    with database.reading() as tx:
        assert parts_of(tx, upload) == ()


def test_parts_that_race_never_hold_more_than_was_announced(postgresql_url: str, vault: LocalVault, byte: Blob) -> None:
    """On PostgreSQL at READ COMMITTED, where transactions really overlap; SQLite's exclude each other."""
    from databases import empty

    database = open_database(postgresql_url)
    empty(database)
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=0.0)
        upload = add_upload(tx, account.id, name="a.mp4", num_bytes=10, at=0.0, expires_at=9.0)
    start, refused = threading.Barrier(4), []

    def race() -> None:
        start.wait(timeout=10)
        for _ in range(8):
            try:
                with database.transaction() as tx:
                    keep_part(tx, vault, upload, byte, at=1.0)
            except InputError as error:
                refused.append(error)

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as tx:
        assert len(parts_of(tx, upload)) == 10 and len(refused) == 22
    database.close()

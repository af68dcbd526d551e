"""What is particular to the vault on a local disk: half-written copies, a full disk, and garbage."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from buckets import Shop
from misora.base.errors import InputError, StoreUnavailable
from misora.store import vault as module
from misora.store.accounts import create_account
from misora.store.assets import NewAsset, add_asset, assets_of_job, collect_garbage, delete_assets, find_asset, list_assets
from misora.store.database import Database
from misora.store.vault import BlobMissing, LocalVault, Stored, Vault, open_vault


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"frames")
    return path


@pytest.mark.parametrize("call", ["fsync", "replace", "utime"])
def test_when_the_disk_refuses_nothing_half_done_is_visible(tmp_path: Path, file: Path, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = LocalVault(tmp_path / "vault")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, call, refuse)
    with pytest.raises(StoreUnavailable, match="no space left"):
        vault.put(file)
    assert list(vault.stored()) == [] and list((tmp_path / "vault" / "partial").iterdir()) == []


def test_what_a_kill_left_half_written_is_cleared_by_age(tmp_path: Path) -> None:
    vault = LocalVault(tmp_path / "vault")
    left = tmp_path / "vault" / "partial" / "abc"
    left.write_bytes(b"half")
    os.utime(left, (100, 100))
    assert vault.remove_partials(older_than=100) == 0
    assert vault.remove_partials(older_than=101) == 1 and not left.exists()


def test_a_place_that_is_no_folder_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (str(tmp_path / "file"), "ftp://host/place"):
        with pytest.raises(InputError) as caught:
            open_vault(place, tmp_path / "cache")
        assert caught.value.field == "MISORA_VAULT"


@pytest.fixture(params=["local", "s3"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """Of each kind, over any database."""
    if request.param == "local":
        yield LocalVault(tmp_path / "vault")
        return
    shop = Shop(request.getfixturevalue("s3"), tmp_path, time.time)
    yield shop.vault
    shop.close()


def test_garbage_is_what_no_row_needs_and_nobody_has_just_put(database: Database, vault: Vault, file: Path) -> None:
    kept = vault.put(file)
    file.write_bytes(b"orphan")
    orphan = vault.put(file)
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=0.0)
        asset = add_asset(tx, vault, NewAsset("input", kept, "video/mp4"), account_id=account.id, job_id=None, at=10.0)
    assert collect_garbage(database, vault, older_than=10.0) == 0
    assert collect_garbage(database, vault, older_than=1e11) == 1
    assert vault.contains(kept.digest) and not vault.contains(orphan.digest)
    with database.transaction() as tx:
        assert find_asset(tx, asset.id, account.id) == asset and list_assets(tx, account.id) == (asset,)
        assert delete_assets(tx, asset_id=asset.id, at=12.0) == 1
        assert find_asset(tx, asset.id, account.id) is None
    assert collect_garbage(database, vault, older_than=1e11) == 1
    assert list(vault.stored()) == []


def test_what_is_put_or_needed_again_while_garbage_is_listed_stays(database: Database, tmp_path: Path) -> None:
    now = [10.0]
    vault = LocalVault(tmp_path / "vault", lambda: now[0])
    paths = [tmp_path / name for name in ("again", "needed", "orphan")]
    for path in paths:
        path.write_text(path.name)
    again, needed, orphan = [vault.put(path) for path in paths]

    class Meanwhile(LocalVault):
        """Somebody else acts as soon as the list is made."""

        def stored(self) -> Iterator[Stored]:
            yield from list(super().stored())
            now[0] = 99.0
            vault.put(paths[0])
            with database.transaction() as tx:
                account = create_account(tx, "ada", "free", at=0.0)
                add_asset(tx, vault, NewAsset("input", needed, "video/mp4"), account_id=account.id, job_id=None, at=99.0)

    assert collect_garbage(database, Meanwhile(tmp_path / "vault"), older_than=50.0) == 1
    assert (vault.contains(again.digest), vault.contains(needed.digest), vault.contains(orphan.digest)) == (True, True, False)


def test_a_row_is_refused_when_the_bytes_are_gone(database: Database, vault: Vault, file: Path) -> None:
    blob = vault.put(file)
    vault.remove(blob.digest)
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=0.0)
        with pytest.raises(BlobMissing):
            add_asset(tx, vault, NewAsset("input", blob, "video/mp4"), account_id=account.id, job_id=None, at=1.0)


@pytest.mark.parametrize("lack", ["verdict", "signature"])
def test_the_database_itself_refuses_an_output_without_verdict_or_signature(
    database: Database, tmp_path: Path, file: Path, lack: str
) -> None:
    import sqlalchemy as sa

    vault = LocalVault(tmp_path / "vault")
    facts = {"verdict": {"allowed": True}, "signature": "plain"} | {lack: None}
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=0.0)
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as tx:
        add_asset(tx, vault, NewAsset("video", vault.put(file), "video/mp4", **facts), account_id=account.id, job_id="j", at=1.0)  # type: ignore[arg-type]
    with database.reading() as tx:
        assert assets_of_job(tx, "j") == {}

"""Backups: taken while others write, restored into any kind of install, complete and sound; and upgrades from every schema there was."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from buckets import Server, Shop
from engines import Bench, make_bench
from misora.base.errors import InputError
from misora.cli.main import run
from misora.store.backup import DATABASE, back_up, restore
from misora.store.database import Database, open_database
from misora.store.migrate import MIGRATIONS, migrate, newest_revision
from misora.store.tables import metadata
from misora.store.vault import LocalVault, Vault


@pytest.fixture(params=["local", "s3"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    if request.param == "local":
        yield LocalVault(tmp_path / "elsewhere", lambda: 1e10)
        return
    server: Server = request.getfixturevalue("s3")
    shop = Shop(server, tmp_path, lambda: 1e10)
    yield shop.vault
    shop.close()


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Bench]:
    """Two finished jobs, one that is being made and has kept a part, one that waits, one that was deleted."""
    database = open_database(f"sqlite:///{tmp_path}/misora.db")
    migrate(database)
    bench = make_bench(database, tmp_path)
    account = bench.account()
    jobs = [bench.submit(account, f"take {number}", key=f"key {number}") for number in range(3)]
    bench.worker().run_until_idle()
    bench.engine.delete(jobs[2].id, account)
    for number in range(3, 5):
        bench.submit(account, f"take {number}")
    lease = bench.engine.claim("somebody")
    assert lease is not None
    part = tmp_path / "part.npy"
    part.write_bytes(b"latents")
    bench.engine.note(lease, {"recipe": None, "parts": {"window 0": bench.engine.vault.put(part).digest}, "step": None})
    yield bench
    database.close()


def rows_of(database: Database) -> dict[str, list[str]]:
    with database.reading() as tx:
        return {table.name: sorted(str(row) for row in tx.execute(sa.select(table))) for table in metadata.sorted_tables}


def test_what_is_restored_is_what_was_saved_in_any_kind_of_install(filled: Bench, database: Database, vault: Vault, tmp_path: Path) -> None:
    saved = back_up(filled.engine.database, filled.engine.vault, tmp_path / "backup")
    assert (saved.num_files, saved.new_files, saved.missing) == (6, 6, ())
    assert back_up(filled.engine.database, filled.engine.vault, tmp_path / "backup").new_files == 0
    restored = restore(tmp_path / "backup", database, vault)
    assert (restored.num_files, restored.missing) == (6, ())
    assert rows_of(database) == rows_of(filled.engine.database)
    again = make_bench(database, tmp_path / "again")
    again.engine.vault, again.clock.now = vault, filled.clock.now
    assert again.findings() == []
    again.clock.pass_seconds(60)
    again.engine.sweep()
    account = again.engine.jobs(limit=1).data[0].account_id
    assert again.submit(account, "take 0", key="key 0").state == "completed"  # the key is known as before
    again.submit(account, "a new one")
    assert again.worker().run_until_idle() == 3 and again.findings() == []


def test_a_backup_of_postgresql_is_the_same_file(database: Database, filled: Bench, tmp_path: Path) -> None:
    back_up(filled.engine.database, filled.engine.vault, tmp_path / "first")
    restore(tmp_path / "first", database, filled.engine.vault)
    back_up(database, filled.engine.vault, tmp_path / "second")
    second = open_database(f"sqlite:///{tmp_path}/second/{DATABASE}")
    assert rows_of(second) == rows_of(filled.engine.database)
    second.close()


def test_a_backup_under_load_restores_to_a_sound_install(filled: Bench, tmp_path: Path) -> None:
    account = filled.engine.jobs(limit=1).data[0].account_id
    stop = threading.Event()
    accepted: list[str] = []

    def write() -> None:
        while not stop.is_set():
            accepted.append(filled.submit(account, "more").id)
            filled.worker().run_once()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for cycle in range(2):
            while len(accepted) < 2 * (cycle + 1) and writer.is_alive():
                writer.join(0.01)
            before = set(accepted)
            assert back_up(filled.engine.database, filled.engine.vault, tmp_path / "backup").missing == ()
            target = open_database(f"sqlite:///{tmp_path}/restored{cycle}.db")
            migrate(target)
            vault = LocalVault(tmp_path / f"restored{cycle}", filled.clock)
            restore(tmp_path / "backup", target, vault)
            again = make_bench(target, tmp_path / f"again{cycle}")
            again.engine.vault, again.clock.now = vault, filled.clock.now
            assert again.findings() == []
            assert before <= {job.id for job in again.engine.jobs(limit=1000).data}
            target.close()
    finally:
        stop.set()
        writer.join()


def test_what_rots_is_told_and_not_saved(filled: Bench, tmp_path: Path) -> None:
    digest = next(filled.engine.vault.stored()).digest
    (tmp_path / "vault" / digest[:2] / digest).write_bytes(b"rot")
    saved = back_up(filled.engine.database, filled.engine.vault, tmp_path / "backup")
    assert len(saved.missing) == 1 and digest in saved.missing[0] and saved.new_files == 5


def test_only_an_empty_install_takes_a_backup(filled: Bench, tmp_path: Path) -> None:
    back_up(filled.engine.database, filled.engine.vault, tmp_path / "backup")
    with pytest.raises(InputError, match="already holds accounts"):
        restore(tmp_path / "backup", filled.engine.database, filled.engine.vault)
    with pytest.raises(InputError, match="holds no misora.db"):
        restore(tmp_path / "nowhere", filled.engine.database, filled.engine.vault)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        back_up(filled.engine.database, filled.engine.vault, tmp_path / "file")


def downgraded(folder: Path, revision: str) -> Path:
    """A database of the schema ``revision``, with an account and a key as that schema has them."""
    path = folder / f"{revision}.db"
    database = open_database(f"sqlite:///{path}")
    with database.transaction() as tx:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = tx
        command.upgrade(config, revision)
        columns = "id, name, plan, state, adult, served_at, created_at"
        tx.exec_driver_sql(f"INSERT INTO accounts ({columns}) VALUES ('a', 'ada', 'free', 'active', 1, 0, 1)")
    database.close()
    return path


REVISIONS = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("killed", [False, True], ids=["", "killed before its commit"])
def test_every_schema_there_was_becomes_the_newest_and_works(revision: str, killed: bool, tmp_path: Path) -> None:
    def kill(moment: str) -> None:
        if moment == "commit":
            raise SystemExit

    path = downgraded(tmp_path, revision)
    database = open_database(f"sqlite:///{path}")
    if killed:
        database.hook = kill
        with pytest.raises(SystemExit):
            migrate(database)
        database.hook = lambda _: None
        with database.reading() as tx:
            assert tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == revision
    migrate(database)
    bench = make_bench(database, tmp_path)
    bench.submit("a")
    assert bench.worker().run_until_idle() == 1 and bench.findings() == []
    database.close()


def test_a_backup_of_an_older_schema_is_brought_up_to_date(tmp_path: Path, database: Database) -> None:
    (tmp_path / "old").mkdir()
    shutil.copy(downgraded(tmp_path, REVISIONS[0]), tmp_path / "old" / DATABASE)
    assert REVISIONS[0] != newest_revision()
    restore(tmp_path / "old", database, LocalVault(tmp_path / "vault"))
    bench = make_bench(database, tmp_path)
    bench.submit("a")
    assert bench.findings() == []


def test_the_verbs(filled: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MISORA_DATABASE", f"sqlite:///{tmp_path}/misora.db")
    monkeypatch.setenv("MISORA_VAULT", str(tmp_path / "vault"))
    assert run(["backup", str(tmp_path / "backup")]) == 0
    assert "6 files, 6 of them new" in capsys.readouterr().out
    monkeypatch.setenv("MISORA_DATABASE", f"sqlite:///{tmp_path}/new.db")
    monkeypatch.setenv("MISORA_VAULT", str(tmp_path / "new"))
    assert run(["restore", str(tmp_path / "backup")]) == 0
    assert "restored" in capsys.readouterr().out
    assert run(["restore", str(tmp_path / "backup")]) == 2
    assert "empty" in capsys.readouterr().err

"""Migrating gives the schema that tables.py draws, from nothing and again, and a killed migration leaves nothing half done."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from misora.store import records, tables
from misora.store.database import open_database
from misora.store.migrate import MIGRATIONS, NAMED_LOCKS, current_revision, migrate, newest_revision


def test_the_newest_migration_is_the_one_with_the_highest_number() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == newest_revision()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migrated_schema_is_the_drawn_one(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/misora.db" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    database = open_database(url)
    migrate(database)
    migrate(database)
    with database.reading() as tx:
        assert current_revision(tx) == newest_revision()
        assert compare_metadata(MigrationContext.configure(tx), tables.metadata) == []
        assert set(tx.execute(sa.select(tables.locks.c.name)).scalars()) == set(NAMED_LOCKS)
    database.close()


def test_a_migration_killed_before_its_commit_starts_again_cleanly(tmp_path: Path) -> None:
    def kill(moment: str) -> None:
        if moment == "commit":
            raise SystemExit

    database = open_database(f"sqlite:///{tmp_path}/misora.db", hook=kill)
    with pytest.raises(SystemExit):
        migrate(database)
    with database.reading() as tx:
        assert sa.inspect(tx).get_table_names() == []
    database.hook = lambda _: None
    migrate(database)
    with database.reading() as tx:
        assert current_revision(tx) == newest_revision()
    database.close()


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (records.Account, tables.accounts),
        (records.Key, tables.keys),
        (records.Pot, tables.pots),
        (records.Entry, tables.entries),
        (records.Job, tables.jobs),
        (records.Asset, tables.assets),
        (records.Event, tables.events),
        (records.Upload, tables.uploads),
        (records.WebhookEndpoint, tables.webhook_endpoints),
        (records.Delivery, tables.deliveries),
        (records.LogEntry, tables.audit_log),
    ],
)
def test_a_record_has_the_fields_of_its_table(record: type, table: sa.Table) -> None:
    assert {field.name for field in dataclasses.fields(record)} == set(table.c.keys())

"""Brings a database of any age to the schema of today, whole steps at a time; a killed migration starts again cleanly."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from misora.store.database import Database
from misora.store.tables import locks

MIGRATIONS = Path(__file__).parent / "migrations"
NAMED_LOCKS = ("claims", "vault")
ADVISORY_LOCK = 0x4D69736F7261
"""Keeps two processes that start together on PostgreSQL from migrating at once."""


def migrate(database: Database) -> None:
    """Applies every missing migration, in one transaction, and makes sure of the named locks. Safe to call at every start."""
    with database.transaction() as tx:
        if not database.is_sqlite:
            tx.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        if current_revision(tx) != newest_revision():
            _upgrade(tx)
        present = set(tx.execute(sa.select(locks.c.name)).scalars())
        for name in NAMED_LOCKS:
            if name not in present:
                tx.execute(sa.insert(locks).values(name=name))


def current_revision(tx: sa.Connection) -> str | None:
    """The revision that a database is at; None is an empty one."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def newest_revision() -> str:
    """The revision of this version of Misora: migrations are numbered in their files' names, ``0002_webhooks.py``."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _upgrade(tx: sa.Connection) -> None:
    # Imported only where there is something to migrate: it takes an eighth of a second of every start.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = tx
    command.upgrade(config, "head")

"""The schema, once. Times are seconds since 1970 in UTC, money is whole credits, digests are SHA-256 in hex.

What must never be is refused here, not only by the code above: a pot below zero, two holds or two settlements of one job, two jobs
of one idempotency key, an output file without verdict and signature.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=NAMES)

Sequence = sa.BigInteger().with_variant(Integer, "sqlite")
"""An integer that counts up; SQLite only counts a plain INTEGER."""
Id = String(64)
Digest = String(64)

locks = Table("locks", metadata, Column("name", String(32), primary_key=True))

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("plan", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("adult", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("served_at", Double, nullable=False, default=0.0),
    CheckConstraint("state IN ('active', 'banned')", name="state"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("digest", Digest, nullable=False),
    Column("label", String(120), nullable=False),
    Column("scopes", sa.JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("used_at", Double),
)

pots = Table(
    "pots",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("period", String(16), primary_key=True),
    *(Column(f"{unit}_{what}", sa.BigInteger, nullable=False) for unit in ("credits", "videos") for what in ("granted", "charged", "held")),
    CheckConstraint("credits_held >= 0 AND credits_charged >= 0 AND credits_charged + credits_held <= credits_granted", name="credits"),
    CheckConstraint("videos_held >= 0 AND videos_charged >= 0 AND videos_charged + videos_held <= videos_granted", name="videos"),
)

entries = Table(
    "entries",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("period", String(16), nullable=False),
    Column("step", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("reference", Id, nullable=False),
    Column("credits", sa.BigInteger, nullable=False),
    Column("videos", sa.BigInteger, nullable=False),
    Column("at", Double, nullable=False),
    UniqueConstraint("account_id", "period", "step", "reference"),
    CheckConstraint(
        "(step = 'grant' AND kind = 'grant') OR (step = 'open' AND kind = 'hold') OR (step = 'close' AND kind IN ('charge', 'release'))",
        name="kind",
    ),
    Index("ix_entries_reference", "reference"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("request", sa.JSON, nullable=False),
    Column("model", String(120), nullable=False),
    Column("shape_key", String(64), nullable=False),
    Column("parent_id", Id),
    Column("state", String(16), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("credits", sa.BigInteger, nullable=False),
    Column("period", String(16), nullable=False),
    Column("idempotency_key", String(255)),
    Column("fingerprint", Digest, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("available_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("updated_at", Double, nullable=False),
    Column("version", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_token", Integer, nullable=False),
    Column("lease_worker", String(120)),
    Column("lease_expires_at", Double),
    Column("wish", String(8), nullable=False),
    Column("stage", String(32), nullable=False),
    Column("progress", Integer, nullable=False),
    Column("checkpoint", sa.JSON),
    Column("error_code", String(64)),
    Column("error_message", Text),
    Column("deleted_at", Double),
    UniqueConstraint("account_id", "idempotency_key"),
    CheckConstraint("(state = 'in_progress') = (lease_worker IS NOT NULL)", name="leased"),
    CheckConstraint("(state = 'in_progress') = (lease_expires_at IS NOT NULL)", name="lease_ends"),
    CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
    Index("ix_jobs_waiting", "state", "lane", "account_id", "sequence"),
    Index("ix_jobs_leases", "state", "lease_expires_at"),
    Index("ix_jobs_listing", "account_id", "sequence"),
)

OUTPUT_ROLES = ("video", "image", "thumbnail", "spritesheet")

assets = Table(
    "assets",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("job_id", Id, index=True),
    Column("role", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("digest", Digest, nullable=False, index=True),
    Column("num_bytes", sa.BigInteger, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("num_frames", Integer),
    Column("fps", Double),
    Column("verdict", sa.JSON(none_as_null=True)),
    Column("signature", String(64)),
    Column("recipe", sa.JSON(none_as_null=True)),
    Column("created_at", Double, nullable=False),
    Column("deleted_at", Double),
    UniqueConstraint("job_id", "role"),
    CheckConstraint(
        f"role NOT IN ({', '.join(repr(role) for role in OUTPUT_ROLES)}) OR (verdict IS NOT NULL AND signature IS NOT NULL)",
        name="judged_and_signed",
    ),
)

uploads = Table(
    "uploads",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("num_bytes", sa.BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("asset_id", Id),
    CheckConstraint("state IN ('pending', 'completed', 'cancelled', 'expired')", name="state"),
    CheckConstraint("(state = 'completed') = (asset_id IS NOT NULL)", name="has_file"),
    Index("ix_uploads_expiry", "state", "expires_at"),
)

previews = Table(
    "previews",
    metadata,
    Column("job_id", Id, ForeignKey("jobs.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("picture", LargeBinary, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("account_id", Id, nullable=False),
    Column("job_id", Id, nullable=False),
    Column("type", String(40), nullable=False),
    Column("data", sa.JSON, nullable=False),
    Column("at", Double, nullable=False),
    Index("ix_events_job", "job_id", "sequence"),
    Index("ix_events_account", "account_id", "sequence"),
)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("url", Text, nullable=False),
    Column("event_types", sa.JSON, nullable=False),
    Column("secret", String(80), nullable=False),
    Column("old_secret", String(80)),
    Column("old_secret_until", Double),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted_at", Double),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("endpoint_id", Id, ForeignKey("webhook_endpoints.id"), nullable=False),
    Column("event_id", Id, ForeignKey("events.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("status_code", Integer),
    Column("error", Text),
    UniqueConstraint("endpoint_id", "event_id"),
    CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name="state"),
    Index("ix_deliveries_due", "state", "due_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("detail", sa.JSON, nullable=False),
)

"""Rows of files: whose they are, what they are, and the digest under which the vault keeps their bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from misora.base.ids import new_id
from misora.store.database import Database, lock
from misora.store.jobs import kept_digests
from misora.store.records import Asset, to_record
from misora.store.tables import OUTPUT_ROLES, assets
from misora.store.vault import Blob, BlobMissing, Vault

GARBAGE_AT_ONCE = 50
"""Blobs removed in one transaction, so that nobody waits long for it."""


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A file that the vault already holds and that is about to get its row.

    Args:
        role: ``video``, ``image``, ``thumbnail``, ``spritesheet`` are outputs and need ``verdict`` and ``signature``;
            ``input`` is an upload, ``part`` a piece of one that is not whole yet, ``character`` a named picture.
    """

    role: str
    blob: Blob
    media_type: str
    name: str = ""
    width: int | None = None
    height: int | None = None
    num_frames: int | None = None
    fps: float | None = None
    verdict: Mapping[str, Any] | None = None
    signature: str | None = None
    recipe: Mapping[str, Any] | None = None


def add_asset(tx: sa.Connection, vault: Vault, new: NewAsset, *, account_id: str, job_id: str | None, at: float) -> Asset:
    """Writes the row; raises BlobMissing when the bytes are gone. The lock keeps ``collect_garbage`` from removing them meanwhile."""
    lock(tx, "vault")
    if not vault.contains(new.blob.digest):
        raise BlobMissing(f"the vault no longer holds {new.blob.digest}; put the file again")
    values = {key: value for key, value in asdict(new).items() if key != "blob"}
    asset_id = new_id("file")
    tx.execute(
        sa.insert(assets).values(
            id=asset_id, account_id=account_id, job_id=job_id, created_at=at, digest=new.blob.digest, num_bytes=new.blob.num_bytes, **values
        )
    )
    return to_record(Asset, tx.execute(sa.select(assets).where(assets.c.id == asset_id)).one())


def find_asset(tx: sa.Connection, asset_id: str, account_id: str) -> Asset | None:
    """A file of ``account_id`` that was not deleted."""
    wanted = (assets.c.id == asset_id, assets.c.account_id == account_id, assets.c.deleted_at.is_(None))
    row = tx.execute(sa.select(assets).where(*wanted)).one_or_none()
    return None if row is None else to_record(Asset, row)


def find_equal_asset(tx: sa.Connection, account_id: str, digest: str, role: str, name: str) -> Asset | None:
    """A file of the account with these bytes, this role and this name, so that sending it again adds nothing."""
    wanted = (assets.c.account_id == account_id, assets.c.digest == digest, assets.c.role == role, assets.c.name == name)
    row = tx.execute(sa.select(assets).where(*wanted, assets.c.deleted_at.is_(None)).order_by(assets.c.sequence).limit(1)).one_or_none()
    return None if row is None else to_record(Asset, row)


def find_published(tx: sa.Connection, digest: str, account_id: str) -> Asset | None:
    """A finished file with these bytes, whoever owns it and deleted or not; one of ``account_id`` if there is one."""
    wanted = sa.select(assets).where(assets.c.digest == digest, assets.c.role.in_(OUTPUT_ROLES))
    row = tx.execute(wanted.order_by(assets.c.account_id != account_id, assets.c.sequence).limit(1)).one_or_none()
    return None if row is None else to_record(Asset, row)


def assets_of_job(tx: sa.Connection, job_id: str) -> dict[str, Asset]:
    """A job's files that were not deleted, by role."""
    rows = tx.execute(sa.select(assets).where(assets.c.job_id == job_id, assets.c.deleted_at.is_(None)))
    return {row.role: to_record(Asset, row) for row in rows}


def list_assets(
    tx: sa.Connection, account_id: str, *, role: str | None = None, limit: int = 100, after: str | None = None, newest_first: bool = True
) -> tuple[Asset, ...]:
    """Files of an account that were not deleted; ``after`` is the id of the last file of the page before."""
    chosen = sa.select(assets).where(assets.c.account_id == account_id, assets.c.deleted_at.is_(None))
    if role is not None:
        chosen = chosen.where(assets.c.role == role)
    if after is not None:
        mark = sa.select(assets.c.sequence).where(assets.c.id == after).scalar_subquery()
        chosen = chosen.where(assets.c.sequence < mark if newest_first else assets.c.sequence > mark)
    order = assets.c.sequence.desc() if newest_first else assets.c.sequence
    return tuple(to_record(Asset, row) for row in tx.execute(chosen.order_by(order).limit(limit)))


def assets_of_jobs(tx: sa.Connection, job_ids: Sequence[str]) -> dict[str, dict[str, Asset]]:
    """The files of several jobs, by job and role."""
    found: dict[str, dict[str, Asset]] = {job_id: {} for job_id in job_ids}
    for row in tx.execute(sa.select(assets).where(assets.c.job_id.in_(job_ids), assets.c.deleted_at.is_(None))):
        found[row.job_id][row.role] = to_record(Asset, row)
    return found


def delete_assets(tx: sa.Connection, *, at: float, asset_id: str | None = None, job_id: str | None = None) -> int:
    """Marks a file, or all files of a job, as deleted; their bytes go with the next ``collect_garbage``. Returns how many."""
    which = assets.c.id == asset_id if job_id is None else assets.c.job_id == job_id
    return tx.execute(sa.update(assets).where(which, assets.c.deleted_at.is_(None)).values(deleted_at=at)).rowcount


def collect_garbage(database: Database, vault: Vault, *, older_than: float) -> int:
    """Removes blobs that no row needs and that were last put before ``older_than``; returns how many.

    The vault is listed without a lock, which may take long; each removal then looks again under the lock that ``add_asset`` takes.
    """
    old = [stored.digest for stored in vault.stored() if stored.put_at < older_than]
    with database.reading() as tx:
        needed = needed_digests(tx)
    condemned = [digest for digest in old if digest not in needed]
    removed = 0
    for start in range(0, len(condemned), GARBAGE_AT_ONCE):
        with database.transaction() as tx:
            removed += remove_unneeded(tx, vault, condemned[start : start + GARBAGE_AT_ONCE], older_than)
    return removed


def needed_digests(tx: sa.Connection) -> set[str]:
    """The digests of all bytes that a row needs: files that were not deleted, and the unfinished work of jobs."""
    return set(tx.execute(sa.select(assets.c.digest).where(assets.c.deleted_at.is_(None)).distinct()).scalars()) | kept_digests(tx)


def remove_unneeded(tx: sa.Connection, vault: Vault, digests: Sequence[str], older_than: float) -> int:
    """Removes those of ``digests`` that still have no row and were not put again since; returns how many."""
    lock(tx, "vault")
    having_rows = sa.select(assets.c.digest).where(assets.c.digest.in_(digests), assets.c.deleted_at.is_(None))
    needed, removed = set(tx.execute(having_rows).scalars()) | kept_digests(tx), 0
    for digest in digests:
        put_at = vault.put_time(digest)
        if digest not in needed and put_at is not None and put_at < older_than:
            vault.remove(digest)
            removed += 1
    return removed

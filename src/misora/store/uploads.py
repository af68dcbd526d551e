"""Rows of uploads that arrive in parts. A part is a file like any other, of the role ``part`` and named after its upload."""

from __future__ import annotations

import sqlalchemy as sa

from misora.base.errors import ConflictError, InputError
from misora.base.ids import new_id
from misora.store.assets import NewAsset, add_asset
from misora.store.records import Asset, Upload, to_record
from misora.store.tables import assets, uploads
from misora.store.vault import Blob, Vault

PART = "part"


def add_upload(tx: sa.Connection, account_id: str, *, name: str, num_bytes: int, at: float, expires_at: float) -> Upload:
    """A pending upload without parts."""
    upload_id = new_id("upload")
    values = {"id": upload_id, "account_id": account_id, "name": name, "num_bytes": num_bytes, "created_at": at, "expires_at": expires_at}
    tx.execute(sa.insert(uploads).values(**values, state="pending"))
    return _load(tx, upload_id)


def find_upload(tx: sa.Connection, upload_id: str, account_id: str) -> Upload | None:
    """An upload of the account, whatever became of it."""
    row = tx.execute(sa.select(uploads).where(uploads.c.id == upload_id, uploads.c.account_id == account_id)).one_or_none()
    return None if row is None else to_record(Upload, row)


def count_pending(tx: sa.Connection, account_id: str) -> int:
    """How many uploads of an account wait for parts."""
    pending = (uploads.c.account_id == account_id, uploads.c.state == "pending")
    return tx.execute(sa.select(sa.func.count()).select_from(uploads).where(*pending)).scalar_one()


def parts_of(tx: sa.Connection, upload: Upload) -> tuple[Asset, ...]:
    """Its parts that are here, in the order of their arrival."""
    mine = (assets.c.account_id == upload.account_id, assets.c.role == PART, assets.c.name == upload.id, assets.c.deleted_at.is_(None))
    return tuple(to_record(Asset, row) for row in tx.execute(sa.select(assets).where(*mine).order_by(assets.c.sequence)))


def keep_part(tx: sa.Connection, vault: Vault, upload: Upload, blob: Blob, *, at: float) -> Asset:
    """A part that has arrived; parts of one upload are kept one after another, so that together they never hold more than was announced.

    Raises:
        ConflictError: The upload has ended while the part was on its way.
        InputError: There would be more bytes than were announced.
    """
    row = tx.execute(sa.select(uploads.c.state).where(uploads.c.id == upload.id).with_for_update()).one()
    if row.state != "pending":
        raise ConflictError(f"{upload.id} is {row.state}; begin another upload")
    total = sum(part.num_bytes for part in parts_of(tx, upload)) + blob.num_bytes
    if total > upload.num_bytes:
        raise InputError(f"data: with it the parts hold {total} bytes; {upload.num_bytes} were announced", field="data")
    new = NewAsset(role=PART, blob=blob, media_type="application/octet-stream", name=upload.id)
    return add_asset(tx, vault, new, account_id=upload.account_id, job_id=None, at=at)


def end_upload(tx: sa.Connection, upload: Upload, state: str, *, at: float, asset_id: str | None = None) -> Upload:
    """Ends a pending upload and forgets its parts; raises ConflictError when it has ended already."""
    pending = (uploads.c.id == upload.id, uploads.c.state == "pending")
    if tx.execute(sa.update(uploads).where(*pending).values(state=state, asset_id=asset_id)).rowcount != 1:
        raise ConflictError(f"{upload.id} has ended already; begin another upload")
    _forget_parts(tx, (upload.id,), at)
    return _load(tx, upload.id)


def expire_uploads(tx: sa.Connection, *, at: float) -> int:
    """Ends every pending upload whose time is over; returns how many."""
    late = (uploads.c.state == "pending", uploads.c.expires_at <= at)
    names = tuple(tx.execute(sa.select(uploads.c.id).where(*late)).scalars())
    if names:
        tx.execute(sa.update(uploads).where(uploads.c.id.in_(names), uploads.c.state == "pending").values(state="expired"))
        _forget_parts(tx, names, at)
    return len(names)


def _forget_parts(tx: sa.Connection, names: tuple[str, ...], at: float) -> None:
    parts = (assets.c.role == PART, assets.c.name.in_(names), assets.c.deleted_at.is_(None))
    tx.execute(sa.update(assets).where(*parts).values(deleted_at=at))


def _load(tx: sa.Connection, upload_id: str) -> Upload:
    return to_record(Upload, tx.execute(sa.select(uploads).where(uploads.c.id == upload_id)).one())

"""API keys: ``msk_ID_SECRET``. The id is looked up, the secret is compared as a hash in constant time; only the hash is kept.

The secret is 192 bits of chance, so one round of SHA-256 is enough: there is nothing to guess that a slow hash would protect.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from misora.base.errors import InputError
from misora.store.records import Account, Key
from misora.store.tables import accounts, keys

SCOPES = ("videos", "files", "admin")
"""What a key may be for: making and reading videos, uploads, everything."""
OWNER = tuple(column.label(f"account_{column.name}") for column in accounts.c if column.name != "id")
"""The columns of a key's account, read with the key: every request asks for both."""
_FIRST = sa.select(sa.func.min(keys.c.id).label("id")).subquery()
_ASKED = keys.alias()
WANTED: sa.Select[Any] = (
    # Not when it was revoked: a number takes longer to read than none.
    sa.select(*(column for column in keys.c if column is not keys.c.revoked_at), keys.c.revoked_at.is_(None).label("is_open"), *OWNER)
    .select_from(_FIRST.outerjoin(_ASKED, _ASKED.c.id == sa.bindparam("asked")))
    .join(keys, keys.c.id == sa.func.coalesce(_ASKED.c.id, _FIRST.c.id))
    .join(accounts, accounts.c.id == keys.c.account_id)
)
"""The key that is asked for, or some other one: a row is read and understood either way, which takes longer than everything else."""
NOBODY = hashlib.sha256(b"no key has this digest").hexdigest()


def create_key(
    tx: sa.Connection,
    account_id: str,
    *,
    at: float,
    label: str = "",
    scopes: Sequence[str] = ("videos", "files"),
    expires_at: float | None = None,
) -> tuple[Key, str]:
    """A new key and its full text, which is never to be seen again."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise InputError(f"scopes={','.join(scopes)!r} is not usable; choose from {', '.join(SCOPES)}", field="scopes")
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(24)
    tx.execute(
        sa.insert(keys).values(
            id=key_id,
            account_id=account_id,
            digest=digest(secret),
            label=label[:120],
            scopes=list(scopes),
            created_at=at,
            expires_at=expires_at,
        )
    )
    return load_key(tx, key_id), f"msk_{key_id}_{secret}"


def verify_key(tx: sa.Connection, text: str, *, at: float) -> tuple[Account, Key] | None:
    """Whose key ``text`` is, or None: unknown, wrong, expired, revoked and banned look the same and take the same time."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    row = tx.execute(WANTED, {"asked": key_id[:64]}).one_or_none()
    if row is None:
        return None  # there is no key at all
    # A stranger's key is compared with a stand-in, and nothing is left out once it is known to be wrong: the time taken tells nothing.
    is_known = row.id == key_id
    matches = hmac.compare_digest(digest(secret), (NOBODY, row.digest)[is_known])
    if not matches & is_known & (prefix == "msk") & (row.account_state == "active") & _is_live(row, at):
        return None
    owner = {column.name.removeprefix("account_"): row._mapping[column.name] for column in OWNER}
    return Account(id=row.account_id, **owner), _to_key(row)


def load_key(tx: sa.Connection, key_id: str) -> Key:
    """A key that is known to exist."""
    return _to_key(tx.execute(sa.select(keys).where(keys.c.id == key_id)).one())


def list_keys(tx: sa.Connection, account_id: str | None = None) -> tuple[Key, ...]:
    """All keys, or those of an account, the oldest first."""
    chosen = sa.select(keys).order_by(keys.c.created_at)
    return tuple(_to_key(row) for row in tx.execute(chosen if account_id is None else chosen.where(keys.c.account_id == account_id)))


def revoke_key(tx: sa.Connection, key_id: str, *, at: float) -> bool:
    """Makes a key useless from now on; False when there is no such live key."""
    return tx.execute(sa.update(keys).where(keys.c.id == key_id, keys.c.revoked_at.is_(None)).values(revoked_at=at)).rowcount == 1


def mark_used(tx: sa.Connection, key_id: str, *, at: float) -> None:
    tx.execute(sa.update(keys).where(keys.c.id == key_id).values(used_at=at))


def digest(secret: str) -> str:
    """SHA-256 of a secret, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _is_live(row: sa.Row[Any], at: float) -> bool:
    return bool(row.is_open) & (row.expires_at is None or row.expires_at > at)


def _to_key(row: sa.Row[Any]) -> Key:
    values = {column.name: row._mapping.get(column.name) for column in keys.c}
    return Key(**(values | {"scopes": tuple(row.scopes)}))

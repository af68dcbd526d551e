"""Rows of accounts, and the one account of an install without logins."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from misora.base.errors import InputError
from misora.base.ids import new_id
from misora.store.records import Account, to_record
from misora.store.tables import accounts

IN_IDS = sa.select(accounts).where(accounts.c.id.in_(sa.bindparam("ids", expanding=True)))
BY_NAME = sa.select(accounts).where(sa.or_(accounts.c.id == sa.bindparam("name"), accounts.c.name == sa.bindparam("name")))
SERVED = sa.update(accounts).where(accounts.c.id == sa.bindparam("this_id"))

LOCAL_ACCOUNT = "acct_local"
"""The account of everything that is made without a login."""


def create_account(tx: sa.Connection, name: str, plan: str, *, at: float, adult: bool = False, account_id: str | None = None) -> Account:
    """A new account; raises InputError when the name is empty, too long or taken."""
    if not 1 <= len(name) <= 120:
        raise InputError(f"name has {len(name)} characters; 1 to 120 are allowed", field="name")
    if tx.execute(sa.select(accounts.c.id).where(accounts.c.name == name)).first() is not None:
        raise InputError(f"name={name!r} is taken; choose another", field="name")
    account_id = account_id or new_id("acct")
    tx.execute(sa.insert(accounts).values(id=account_id, name=name, plan=plan, state="active", adult=adult, created_at=at, served_at=0.0))
    return load_account(tx, account_id)


def ensure_local_account(tx: sa.Connection, *, at: float, plan: str = "local") -> Account:
    """The account without a login, made when absent."""
    found = find_account(tx, LOCAL_ACCOUNT)
    return found or create_account(tx, "local", plan, at=at, adult=True, account_id=LOCAL_ACCOUNT)


def load_account(tx: sa.Connection, account_id: str) -> Account:
    """An account that is known to exist; raises ``NoResultFound`` otherwise."""
    return to_record(Account, tx.execute(sa.select(accounts).where(accounts.c.id == account_id)).one())


def load_accounts(tx: sa.Connection, account_ids: Sequence[str]) -> dict[str, Account]:
    """Accounts that are known to exist, by id."""
    rows = tx.execute(IN_IDS, {"ids": list(dict.fromkeys(account_ids))})
    return {row.id: to_record(Account, row) for row in rows}


def find_account(tx: sa.Connection, id_or_name: str) -> Account | None:
    """An account by its id or its name."""
    row = tx.execute(BY_NAME, {"name": id_or_name}).one_or_none()
    return None if row is None else to_record(Account, row)


def list_accounts(tx: sa.Connection) -> tuple[Account, ...]:
    """Every account, the oldest first."""
    return tuple(to_record(Account, row) for row in tx.execute(sa.select(accounts).order_by(accounts.c.created_at, accounts.c.id)))


def set_plan(tx: sa.Connection, account_id: str, plan: str) -> None:
    tx.execute(sa.update(accounts).where(accounts.c.id == account_id).values(plan=plan))


def set_state(tx: sa.Connection, account_id: str, state: str) -> None:
    """``active`` or ``banned``; a banned account's keys open nothing."""
    tx.execute(sa.update(accounts).where(accounts.c.id == account_id).values(state=state))


def mark_served(tx: sa.Connection, account_id: str, at: float) -> None:
    """Remembers when a job of the account last started."""
    tx.execute(SERVED, {"this_id": account_id, "served_at": at})

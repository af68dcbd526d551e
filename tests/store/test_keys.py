from __future__ import annotations

import pytest

from misora.base.errors import InputError
from misora.store.accounts import create_account, set_state
from misora.store.database import Database
from misora.store.keys import create_key, list_keys, revoke_key, verify_key
from misora.store.records import Account


@pytest.fixture
def account(database: Database) -> Account:
    with database.transaction() as tx:
        return create_account(tx, "ada", "free", at=0.0)


def test_a_key_opens_its_account_and_its_secret_is_not_kept(database: Database, account: Account) -> None:
    with database.transaction() as tx:
        key, text = create_key(tx, account.id, at=1.0, label="laptop")
        assert verify_key(tx, text, at=2.0) == (account, key)
        assert list_keys(tx, account.id) == (key,)
    secret = text.split("_", 2)[2]
    assert len(secret) >= 32 and secret not in repr(key)


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-1], lambda text: text + "x", lambda text: "msk_nobody_secret", lambda text: "", str.upper]
)
def test_anything_else_opens_nothing(database: Database, account: Account, spoil: object) -> None:
    with database.transaction() as tx:
        _, text = create_key(tx, account.id, at=1.0)
        assert verify_key(tx, spoil(text), at=2.0) is None  # type: ignore[operator]


def test_expired_revoked_and_banned_look_the_same(database: Database, account: Account) -> None:
    with database.transaction() as tx:
        key, text = create_key(tx, account.id, at=1.0, expires_at=10.0)
        assert verify_key(tx, text, at=9.9) is not None and verify_key(tx, text, at=10.0) is None
        set_state(tx, account.id, "banned")
        assert verify_key(tx, text, at=2.0) is None
        set_state(tx, account.id, "active")
        assert revoke_key(tx, key.id, at=3.0) and not revoke_key(tx, key.id, at=3.0)
        assert verify_key(tx, text, at=4.0) is None


def test_unknown_scopes_are_named(database: Database, account: Account) -> None:
    with pytest.raises(InputError, match="videos, files, admin") as caught, database.transaction() as tx:
        create_key(tx, account.id, at=1.0, scopes=["root"])
    assert caught.value.field == "scopes"

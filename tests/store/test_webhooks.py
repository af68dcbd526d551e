from __future__ import annotations

import pytest

from misora.store.accounts import create_account
from misora.store.database import Database
from misora.store.records import Account, WebhookEndpoint
from misora.store.webhooks import (
    OLD_SECRET_SECONDS,
    add_endpoint,
    change_endpoint,
    find_endpoint,
    forget_endpoint,
    list_endpoints,
    rotate_secret,
)

HOOK = {"name": "hook", "url": "https://example.com/hook", "event_types": ["video.completed"]}


@pytest.fixture
def account(database: Database) -> Account:
    with database.transaction() as tx:
        return create_account(tx, "ada", "free", at=0.0)


@pytest.fixture
def endpoint(database: Database, account: Account) -> WebhookEndpoint:
    with database.transaction() as tx:
        return add_endpoint(tx, account.id, **HOOK, at=1.0)  # type: ignore[arg-type]


def test_an_endpoint_is_its_accounts_alone(database: Database, account: Account, endpoint: WebhookEndpoint) -> None:
    with database.transaction() as tx:
        other = create_account(tx, "bob", "free", at=0.0)
        assert find_endpoint(tx, endpoint.id, account.id) == endpoint
        assert find_endpoint(tx, endpoint.id, other.id) is None
        assert list_endpoints(tx, other.id) == ()


def test_only_what_is_given_changes(database: Database, endpoint: WebhookEndpoint) -> None:
    with database.transaction() as tx:
        changed = change_endpoint(tx, endpoint, at=2.0, url="https://example.com/other")
    assert (changed.url, changed.name, changed.secret, changed.updated_at) == ("https://example.com/other", "hook", endpoint.secret, 2.0)


@pytest.mark.parametrize(("keep_old", "signs"), [(True, 2), (False, 1)])
def test_an_old_secret_signs_for_a_day_or_not_at_all(database: Database, endpoint: WebhookEndpoint, keep_old: bool, signs: int) -> None:
    with database.transaction() as tx:
        rotated = rotate_secret(tx, endpoint, at=10.0, keep_old=keep_old)
    assert rotated.secret != endpoint.secret
    assert rotated.secrets_at(11.0) == (rotated.secret, endpoint.secret)[:signs]
    assert rotated.secrets_at(10.0 + OLD_SECRET_SECONDS) == (rotated.secret,)


def test_pages_go_from_new_to_old_and_skip_the_forgotten(database: Database, account: Account, endpoint: WebhookEndpoint) -> None:
    with database.transaction() as tx:
        second, third = (add_endpoint(tx, account.id, **HOOK, at=float(at)) for at in (2, 3))  # type: ignore[arg-type]
        forget_endpoint(tx, second, at=4.0)
        assert [one.id for one in list_endpoints(tx, account.id)] == [third.id, endpoint.id]
        assert [one.id for one in list_endpoints(tx, account.id, after=third.id)] == [endpoint.id]


def test_a_secret_is_not_shown_by_accident(endpoint: WebhookEndpoint) -> None:
    assert endpoint.secret not in repr(endpoint)

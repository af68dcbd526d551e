from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from misora.store.accounts import create_account
from misora.store.database import Database
from misora.store.ledger import EXTRA, Amount, balance, charge, entries_of, grant, hold, release
from misora.store.tables import pots

MONTH = "2026-11"


@pytest.fixture
def account_id(database: Database) -> str:
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=0.0)
        grant(tx, account.id, MONTH, Amount(100, 3), reference="plan:free", at=0.0)
    return account.id


def left(database: Database, account_id: str) -> dict[str, tuple[int, int]]:
    with database.reading() as tx:
        return {pot.period: (pot.credits_left, pot.videos_left) for pot in balance(tx, account_id)}


def test_a_grant_happens_once_for_its_reason(database: Database, account_id: str) -> None:
    with database.transaction() as tx:
        assert not grant(tx, account_id, MONTH, Amount(100, 3), reference="plan:free", at=1.0)
        assert grant(tx, account_id, MONTH, Amount(5), reference="gift", at=1.0)
    assert left(database, account_id) == {MONTH: (105, 3)}


def test_a_hold_becomes_a_charge_or_comes_back_and_never_both(database: Database, account_id: str) -> None:
    with database.transaction() as tx:
        assert hold(tx, account_id, [MONTH], Amount(60, 1), job_id="one", at=1.0) == MONTH
        assert hold(tx, account_id, [MONTH], Amount(40, 1), job_id="two", at=1.0) == MONTH
    assert left(database, account_id) == {MONTH: (0, 1)}
    with database.transaction() as tx:
        assert charge(tx, "one", at=2.0) and not charge(tx, "one", at=2.0) and not release(tx, "one", at=2.0)
        assert release(tx, "two", at=2.0) and not release(tx, "two", at=2.0) and not charge(tx, "two", at=2.0)
        assert not charge(tx, "three", at=2.0)
    assert left(database, account_id) == {MONTH: (40, 2)}
    with database.reading() as tx:
        assert [line.kind for line in entries_of(tx, account_id)] == ["release", "charge", "hold", "hold", "grant"]


def test_what_a_pot_cannot_carry_goes_to_the_next_or_nowhere(database: Database, account_id: str) -> None:
    with database.transaction() as tx:
        grant(tx, account_id, EXTRA, Amount(50, 50), reference="bought", at=1.0)
        assert hold(tx, account_id, [MONTH, EXTRA], Amount(90, 1), job_id="one", at=1.0) == MONTH
        assert hold(tx, account_id, [MONTH, EXTRA], Amount(20, 1), job_id="two", at=1.0) == EXTRA
        assert hold(tx, account_id, [MONTH, EXTRA], Amount(40, 1), job_id="three", at=1.0) is None
        assert hold(tx, account_id, ["2026-12"], Amount(1, 0), job_id="four", at=1.0) is None


def test_videos_are_counted_beside_credits(database: Database, account_id: str) -> None:
    with database.transaction() as tx:
        taken = [hold(tx, account_id, [MONTH], Amount(1, 1), job_id=str(number), at=1.0) for number in range(5)]
    assert taken == [MONTH, MONTH, MONTH, None, None]


def test_the_database_itself_refuses_a_pot_below_zero(database: Database, account_id: str) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as tx:
        tx.execute(sa.update(pots).values(credits_held=101))


def test_the_database_itself_refuses_a_second_hold_of_a_job(database: Database, account_id: str) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as tx:
        [hold(tx, account_id, [MONTH], Amount(1, 1), job_id="one", at=1.0) for _ in range(2)]


def test_holds_that_race_never_pass_the_limit(postgresql_url: str) -> None:
    """On PostgreSQL at READ COMMITTED, where transactions really overlap; SQLite's exclude each other."""
    from databases import empty
    from misora.store.database import open_database

    database = open_database(postgresql_url)
    empty(database)
    with database.transaction() as tx:
        account = create_account(tx, "ada", "free", at=0.0)
        grant(tx, account.id, MONTH, Amount(10, 10), reference="plan", at=0.0)
    start, accepted = threading.Barrier(4), []

    def race(worker: int) -> None:
        start.wait(timeout=10)
        for number in range(8):
            with database.transaction() as tx:
                accepted.append(hold(tx, account.id, [MONTH], Amount(1, 1), job_id=f"{worker}-{number}", at=1.0))

    threads = [threading.Thread(target=race, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accepted.count(MONTH) == 10 and len(accepted) == 32
    database.close()

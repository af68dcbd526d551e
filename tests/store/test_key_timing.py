"""How long a key takes to be refused tells nothing; what that is measured with would notice a mistake."""

from __future__ import annotations

import base64
import hmac

import pytest
import sqlalchemy as sa

from misora.store import keys as module
from soak.timing import FAILS_OUTRIGHT, largest_t, refused_keys, secret_of


def test_unknown_wrong_and_revoked_keys_take_the_same_time() -> None:
    """1,500 samples of each; ``make soak ROWS=12`` takes 20,000 and is stricter."""
    with refused_keys() as (database, texts):
        assert largest_t(database, texts, 1500) < FAILS_OUTRIGHT


def test_a_shortcut_for_unknown_ids_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mistake that this looks for: a secret is hashed and compared only where there is something to compare it with."""
    right = hmac.compare_digest

    def only_for_the_known(a: str, b: str) -> bool:
        return False if b == module.NOBODY else all(right(a, b) for _ in range(300))

    monkeypatch.setattr(module.hmac, "compare_digest", only_for_the_known)
    with refused_keys() as (database, texts):
        assert largest_t(database, {name: texts[name] for name in ("unknown id", "revoked")}, 1500) > FAILS_OUTRIGHT


def test_keys_hold_enough_chance_and_are_stored_as_hashes() -> None:
    with refused_keys() as (database, texts), database.reading() as tx:
        secrets = {secret_of(text) for text in texts.values()}
        assert all(len(base64.urlsafe_b64decode(secret)) * 8 >= 160 for secret in secrets)
        stored = " ".join(str(row) for row in tx.execute(sa.text("SELECT * FROM keys")))
        assert not any(secret in stored for secret in secrets)

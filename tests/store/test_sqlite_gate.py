from __future__ import annotations

import pytest

from misora.store import sqlite_driver
from misora.store.sqlite_gate import describe, has_wal_reset_bug, journal_mode, parse_version


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.44.5", "3.49.1", "3.50.6", "3.51.0", "3.51.2"])
def test_affected_versions_never_use_the_write_ahead_log(version: str) -> None:
    assert has_wal_reset_bug(parse_version(version))
    assert journal_mode(parse_version(version)) == "TRUNCATE"
    assert "apsw" in describe(parse_version(version)) and version in describe(parse_version(version))


@pytest.mark.parametrize("version", ["3.6.23", "3.44.6", "3.50.7", "3.51.3", "3.52.0", "3.54.1"])
def test_fixed_versions_do(version: str) -> None:
    assert not has_wal_reset_bug(parse_version(version))
    assert journal_mode(parse_version(version)) == "WAL"


def test_the_driver_that_we_ship_with_is_not_affected() -> None:
    assert not has_wal_reset_bug(sqlite_driver.sqlite_version_info)

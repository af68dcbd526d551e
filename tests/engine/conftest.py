from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import memory_database
from engines import Bench, make_bench
from misora.store.database import Database


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """An engine in memory."""
    database = memory_database()
    yield make_bench(database, tmp_path)
    database.close()


@pytest.fixture
def any_bench(database: Database, tmp_path: Path) -> Bench:
    """An engine on SQLite and on PostgreSQL."""
    return make_bench(database, tmp_path)

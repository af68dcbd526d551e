"""What every test shares: one torch thread (two cores are often shared), and seeds that a test asks for by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Read by torch when a test first imports it; set here so that tests which need no torch never pay for importing it.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
import pytest

if TYPE_CHECKING:
    from buckets import Server
    from misora.store.database import Database


@pytest.fixture(autouse=True)
def _one_torch_thread_and_a_fixed_seed() -> None:
    """Only once torch is imported: a test that forgets its seed still repeats, and one that changes threads harms no other."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "set_num_threads"):
        torch.set_num_threads(1)
        torch.manual_seed(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the real networks at toy size."""
    from tiny import write_tiny_weights

    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def tiny_weights_in_use(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes them the weights that Misora finds, on one thread of the CPU."""
    monkeypatch.setenv("MISORA_WEIGHTS", str(tiny_weights))
    monkeypatch.setenv("MISORA_THREADS", "1")
    monkeypatch.setenv("MISORA_DEVICE", "cpu")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of the test run's own, migrated; skips where none is installed."""
    from databases import migrated, postgresql_server

    with postgresql_server() as url:
        migrated(url).close()
        yield url


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    """An S3 server of the test run's own."""
    from buckets import s3_server

    with s3_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database of each kind; what is proven on one is proven on both."""
    from databases import empty, memory_database
    from misora.store.database import open_database

    opened = memory_database() if request.param == "sqlite" else open_database(request.getfixturevalue("postgresql_url"))
    empty(opened)
    yield opened
    opened.close()

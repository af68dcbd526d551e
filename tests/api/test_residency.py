from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import misora
from misora.api.generate import resident_pipeline
from misora.api.residency import RESIDENTS, Residents
from misora.base.errors import WeightsError
from misora.base.settings import load_settings
from tiny import write_tiny_weights


def taken(residents: Residents, name: str, num_bytes: int, budget: int | None, kind: str = "pipeline") -> bool:
    """Asks for networks; whether they had to be loaded."""
    loaded: list[str] = []
    residents.take((kind, name), num_bytes, lambda: loaded.append(name), budget)
    return bool(loaded)


def test_what_was_used_longest_ago_goes_when_the_budget_is_full() -> None:
    residents = Residents()
    assert [taken(residents, name, 40, 100) for name in ("a", "b", "a", "c")] == [True, True, False, True]
    assert residents.num_bytes == 80
    assert [taken(residents, name, 40, 100) for name in ("a", "c", "b")] == [False, False, True]


def test_without_a_budget_one_of_each_kind_stays() -> None:
    residents = Residents()
    assert [taken(residents, "a", 40, None), taken(residents, "a", 40, None, "critic")] == [True, True]
    assert [taken(residents, "b", 40, None), taken(residents, "a", 40, None, "critic")] == [True, False]
    assert len(residents.held) == 2


def test_networks_larger_than_the_budget_are_refused_and_what_is_here_stays() -> None:
    residents = Residents()
    taken(residents, "a", 40, 100)
    with pytest.raises(WeightsError, match=r"hold 2 MiB and MISORA_MEMORY allows"):
        taken(residents, "b", 2 << 20, 100)
    assert not taken(residents, "a", 40, 100)


def test_two_weights_folders_stay_side_by_side_within_the_budget(tmp_path: Path) -> None:
    misora.release()
    here = load_settings()
    there = replace(here, weights=write_tiny_weights(tmp_path / "other"))
    first, second = (resident_pipeline(replace(one, memory=1 << 30)) for one in (here, there))
    assert first is not second and resident_pipeline(replace(here, memory=1 << 30)) is first
    size = RESIDENTS.num_bytes // 2
    third = resident_pipeline(replace(there, memory=size + 1, threads=there.threads))
    assert third is second
    assert resident_pipeline(replace(here, memory=size + 1)) is first
    misora.release()

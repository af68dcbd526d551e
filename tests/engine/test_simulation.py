"""The engine in a storm of faults, by seed; and planted mistakes, to know that the storm would find them.

``python -m misora.engine.simulation --seeds 10000`` (``make soak``) is the same at length.
"""

from __future__ import annotations

import pytest

from misora.engine.simulation.world import Outcome, first_failure, simulate, simulation_database
from misora.store.database import Database
from mutants import MUTANTS

SEEDS = range(3)
MUTANT_SEEDS = (8, 26, 7, *range(9, 26))
"""In an order in which the first few find every mutant today; the others are for the code of tomorrow."""


@pytest.fixture(scope="module")
def simulated() -> Database:
    return simulation_database()


@pytest.fixture(scope="module")
def outcomes(simulated: Database) -> list[Outcome]:
    return [simulate(seed, simulated) for seed in SEEDS]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_charged_twice_or_stuck(seed: int, outcomes: list[Outcome]) -> None:
    assert outcomes[seed].findings == ()
    assert outcomes[seed].virtual_seconds > 600 and sum(outcomes[seed].states.values()) >= 10


def test_the_storm_reaches_every_end(outcomes: list[Outcome]) -> None:
    assert {"completed", "failed", "cancelled"} <= {state for outcome in outcomes for state in outcome.states}
    assert any(outcome.struck for outcome in outcomes)


def test_a_seed_replays_to_the_same_run(simulated: Database, outcomes: list[Outcome]) -> None:
    again = simulate(0, simulated)
    assert (again.states, again.struck, again.virtual_seconds) == (outcomes[0].states, outcomes[0].struck, outcomes[0].virtual_seconds)
    assert [line.split()[0] for line in again.trace] == [line.split()[0] for line in outcomes[0].trace]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_mistake_is_found(name: str, simulated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    found = first_failure(MUTANT_SEEDS, simulated)
    assert found is not None, f"20 seeds do not notice that {name}"

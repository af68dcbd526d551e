"""Row 4: the engine on a virtual clock in a storm of faults; ``tests/engine/test_simulation.py`` takes its share of ``make test``."""

from __future__ import annotations

from misora.engine.simulation.world import simulate, simulation_database
from soak.ground import Ground


def simulate_a_storm(seed: int, ground: Ground) -> None:
    """A run of the simulation; ``python -m misora.engine.simulation --seeds 1 --first SEED --trace`` replays it."""
    if "storm" not in ground.kept:
        ground.kept["storm"] = simulation_database()
    outcome = simulate(seed, ground.kept["storm"])
    assert outcome.findings == (), [f"{one.invariant} {one.said}" for one in outcome.findings]

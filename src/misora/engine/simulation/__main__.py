"""``python -m misora.engine.simulation --seeds 10000``: many runs, a report, exit code 1 when anything was wrong."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from misora.engine.simulation.world import Outcome, simulate, simulation_database


def main() -> int:
    """Runs the seeds and prints what happened in them."""
    parser = argparse.ArgumentParser(
        prog="python -m misora.engine.simulation", description="The queue and the ledger in a storm of faults."
    )
    parser.add_argument("--seeds", type=int, default=1000, help="how many runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed; one alone is replayed with --seeds 1 --trace")
    parser.add_argument("--trace", action="store_true", help="print every claim and publication")
    given = parser.parse_args()
    database, states, struck, virtual, wrong = simulation_database(), Counter[str](), Counter[str](), 0.0, 0
    begun = time.monotonic()
    for seed in range(given.first, given.first + given.seeds):
        outcome = simulate(seed, database)
        states, struck, virtual = states + outcome.states, struck + outcome.struck, virtual + outcome.virtual_seconds
        wrong += bool(outcome.findings)
        if outcome.findings or given.trace:
            print(described(outcome, with_trace=given.trace))
    took = time.monotonic() - begun
    print(f"{given.seeds} seeds, {wrong} with findings; {virtual:,.0f} virtual s in {took:,.1f} s, {virtual / took:,.0f} times real time")
    print("jobs: " + ", ".join(f"{number} {state}" for state, number in states.most_common()))
    print("faults: " + ", ".join(f"{number} {kind}" for kind, number in struck.most_common()))
    return 1 if wrong else 0


def described(outcome: Outcome, *, with_trace: bool) -> str:
    """A run's findings, and what was claimed and published."""
    findings = [f"seed {outcome.seed}: {one.invariant} {one.subject} {one.said}" for one in outcome.findings]
    return "\n".join([*(outcome.trace if with_trace else ()), *findings])


if __name__ == "__main__":
    sys.exit(main())

"""One run: a seed decides everything that happens; at the end nothing may be lost, charged twice or stuck.

The code under test is the engine itself over a real SQLite in memory; only the clock, the vault's disk and the actors are pretended.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from misora.engine.audit import Finding, check_money, check_pots
from misora.engine.leases import Timing
from misora.engine.plans import Plan, plan_of
from misora.engine.service import Engine
from misora.engine.simulation.actors import Client, Keeper, Script, Worker, is_poison
from misora.engine.simulation.faults import Faults, MemoryVault
from misora.engine.states import FINAL, State
from misora.store.accounts import create_account, load_accounts
from misora.store.database import Database, open_database
from misora.store.jobs import count_states, running_counts
from misora.store.migrate import NAMED_LOCKS
from misora.store.records import Job
from misora.store.tables import jobs, locks, metadata

TIMING = Timing(lease=30.0, beat=5.0, sweep=10.0, max_attempts=3, retry=5.0, garbage=60.0)
PLANS = {
    "small": Plan("small", 60, 4, 60, 2048, max_running=1, max_waiting=3),
    "large": Plan("large", 400, 40, 60, 2048, max_running=3, max_waiting=12),
    "endless": Plan("endless", 30, 5, 60, 2048, max_running=2, max_waiting=12, relaxed=True),
}
BEGINS = 1_780_000_000.0
STORM_SECONDS = 600.0
LONGEST_RENDER = 60.0
CLIENTS, WORKERS = 3, 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed led to.

    Args:
        findings: What was wrong; empty is a good run.
        virtual_seconds: How long the run pretended to take.
        states: How many jobs ended in each state.
        struck: How often each fault struck.
        trace: Every claim and publication, for a run that goes wrong.
    """

    seed: int
    findings: tuple[Finding, ...]
    virtual_seconds: float
    states: Counter[str]
    struck: Counter[str]
    trace: tuple[str, ...]


class World:
    """Clock, chance and actors of one run.

    Args:
        is_over: The storm has passed: clients are silent, nothing strikes any more.
        is_closed: The run has ended.
        stop_early: Whether the first thing that is wrong ends the run.
    """

    def __init__(self, seed: int, database: Database, *, stop_early: bool = False) -> None:
        self.seed = seed
        self.stop_early = stop_early
        self.rng = random.Random(seed)
        self.now = BEGINS
        self.is_over = False
        self.is_closed = False
        self.faults = Faults(self.rng)
        self.engine = Engine(database, MemoryVault(self.faults, self.clock), PLANS, self.clock, TIMING)
        self.findings: list[Finding] = []
        self.trace: list[str] = []
        self.published: Counter[str] = Counter()
        self.tokens: dict[str, int] = {}
        self._agenda: list[tuple[float, int, Script]] = []
        self._arrivals = 0

    def clock(self) -> float:
        return self.now

    def run(self) -> Outcome:
        """A storm, then calm for as long as everything needs to come to rest."""
        clients = self._open()
        self._until(BEGINS + STORM_SECONDS)
        self.is_over = self.faults.calm = True
        if not self._has_seen_enough:
            self._come_to_rest()
        if not self._has_seen_enough:
            self._check_rest(clients)
        self.is_closed = True
        with self.engine.database.reading() as tx:
            states = Counter(tx.execute(sa.select(jobs.c.state)).scalars())
        seconds = self.now - BEGINS
        return Outcome(self.seed, tuple(self.findings), seconds, states, self.faults.struck, tuple(self.trace))

    def expect(self, holds: bool, invariant: str, said: str) -> None:
        """Notes a finding unless ``holds``."""
        if not holds:
            self.findings.append(Finding(invariant, f"seed {self.seed}", said))

    @property
    def _has_seen_enough(self) -> bool:
        return self.stop_early and bool(self.findings)

    def note_claim(self, lease: Job) -> None:
        """Checks at every claim that no plan's limit of running jobs is passed."""
        self.tokens[lease.id] = lease.lease_token
        self.trace.append(f"{self.now - BEGINS:8.2f} {lease.lease_worker} claims {lease.id} ({lease.lease_token})")
        with self.engine.database.reading() as tx:
            running = running_counts(tx)
            for account in load_accounts(tx, list(running)).values():
                if account.id == lease.account_id:
                    limit = plan_of(PLANS, account.plan).max_running
                    self.expect(
                        running[account.id] <= limit, "I4", f"{account.name} runs {running[account.id]} jobs, its plan allows {limit}"
                    )

    def note_resumed(self, lease: Job) -> None:
        """Checks that what was finished of a job before is still there."""
        kept = (lease.checkpoint or {"parts": {}})["parts"]
        gone = [name for name, digest in kept.items() if not self.engine.vault.contains(digest)]
        self.expect(not gone, "I7", f"{lease.id} is gone on with and {', '.join(gone)} was taken for garbage")

    def note_published(self, lease: Job) -> None:
        self.trace.append(f"{self.now - BEGINS:8.2f} {lease.lease_worker} publishes {lease.id} ({lease.lease_token})")
        self.published[lease.id] += 1
        newest = self.tokens[lease.id]
        self.expect(newest == lease.lease_token, "I5", f"{lease.id} was published under token {lease.lease_token}, the last is {newest}")
        self.expect(self.published[lease.id] == 1, "I5", f"{lease.id} was published {self.published[lease.id]} times")

    def _open(self) -> list[Client]:
        database = self.engine.database
        with database.transaction() as tx:
            plans = sorted(PLANS)
            accounts = [create_account(tx, f"account {number}", plans[number % len(plans)], at=self.now) for number in range(CLIENTS)]
        database.hook = self.faults.at_transaction
        clients = [Client(self, account.id) for account in accounts]
        self._enter(client.act() for client in clients)
        self._enter(Worker(self).act() for _ in range(WORKERS))
        self._enter([Keeper(self).act()])
        return clients

    def _enter(self, scripts: Iterable[Script]) -> None:
        for script in scripts:
            self._schedule(self.now, script)

    def _schedule(self, at: float, script: Script) -> None:
        self._arrivals += 1
        heapq.heappush(self._agenda, (at, self._arrivals, script))

    def _until(self, end: float) -> None:
        """Lets the actors act until ``end``, each when its time comes."""
        while self._agenda and self._agenda[0][0] <= end and not self._has_seen_enough:
            self.now, _, script = heapq.heappop(self._agenda)
            try:
                pause = next(script, None)
            except Exception as error:
                # Nothing but the expected faults may come out of the engine; its schema refusing a row is one mistake less deep.
                self.expect(False, "I0", f"{type(error).__name__}: {error}".splitlines()[0])
                continue
            if pause is not None:
                self._schedule(self.now + pause, script)
            if self._arrivals % 64 == 0:
                self._check_money()
        self.now = end

    def _come_to_rest(self) -> None:
        """Time for every job to be made, with as many attempts as it may have, and for the garbage to be collected."""
        tries = TIMING.max_attempts * (LONGEST_RENDER + TIMING.lease + TIMING.sweep + 4 * TIMING.retry)
        last = self.now + tries * (1 + min(4, self._unfinished()))
        while self._unfinished() and self.now < last:
            self._until(self.now + TIMING.lease)
        self._until(self.now + 4 * TIMING.garbage)

    def _unfinished(self) -> int:
        with self.engine.database.reading() as tx:
            states = count_states(tx)
        return states.get("queued", 0) + states.get("in_progress", 0)

    def _check_money(self) -> None:
        with self.engine.database.reading() as tx:
            self.findings.extend([*check_pots(tx), *check_money(tx)])

    def _check_rest(self, clients: list[Client]) -> None:
        """After the storm: all that was accepted is there and at rest, every invariant holds."""
        with self.engine.database.reading() as tx:
            present = {row.id: row for row in tx.execute(sa.select(jobs))}
        for client in clients:
            for job_id in client.kept:
                self.expect(job_id in present, "I1", f"{job_id} was accepted and is gone")
        at_rest = {*FINAL, State.PAUSED}
        for row in present.values():
            self.expect(State(row.state) in at_rest, "I8", f"{row.id} is still {row.state} long after the storm")
            dead = row.state == State.FAILED and row.attempts >= TIMING.max_attempts
            self.expect(row.state != State.COMPLETED or not _is_poison(row), "I6", f"{row.id} is poison and completed")
            self.expect(row.state != State.FAILED or dead, "I1", f"{row.id} failed after {row.attempts} attempts")
            self.expect(row.attempts <= TIMING.max_attempts, "I8", f"{row.id} was tried {row.attempts} times")
        self.findings.extend(self.engine.audit())


def _is_poison(row: sa.Row[tuple[object, ...]]) -> bool:
    return is_poison(row)  # type: ignore[arg-type]


def simulate(seed: int, database: Database | None = None, *, stop_early: bool = False) -> Outcome:
    """The run of ``seed``; the same seed and the same code give the same run."""
    database = database or simulation_database()
    clear(database)
    return World(seed, database, stop_early=stop_early).run()


def simulation_database() -> Database:
    """The schema of today, in memory."""
    database = open_database("sqlite://")
    metadata.create_all(database.engine)
    return database


def clear(database: Database) -> None:
    """Back to an empty install."""
    database.hook = lambda _: None
    with database.transaction() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(sa.delete(table))
        tx.execute(sa.insert(locks), [{"name": name} for name in NAMED_LOCKS])


def first_failure(seeds: Iterable[int], database: Database | None = None) -> Outcome | None:
    """The first of ``seeds`` whose run finds something wrong, ended as soon as it does."""
    database = database or simulation_database()
    for seed in seeds:
        outcome = simulate(seed, database, stop_early=True)
        if outcome.findings:
            return outcome
    return None

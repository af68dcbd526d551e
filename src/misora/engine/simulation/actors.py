"""Who acts in the simulation: clients that ask and change their minds, workers that die and wake, a house-keeper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from misora.base.errors import ConflictError, QuotaError, Refused, StoreUnavailable
from misora.base.ids import new_id
from misora.base.shapes import VideoShape
from misora.engine.leases import Beat, LeaseLost
from misora.engine.simulation.faults import Crash
from misora.engine.submission import Submission
from misora.store.accounts import set_plan
from misora.store.assets import NewAsset
from misora.store.records import Job
from misora.store.vault import BlobMissing

if TYPE_CHECKING:
    from misora.engine.simulation.world import World

Script = Iterator[float]
"""What an actor does; each value is how many seconds pass before it goes on."""

EXPECTED = (Crash, ConflictError, QuotaError, StoreUnavailable, LeaseLost)
"""What may go wrong in a storm without anything being wrong."""
IDLE_SECONDS = 5.0
KEEPS = 0.3
"""Chance that a worker keeps a part after a beat."""
SHAPES = (VideoShape(48, 64, 64, 24), VideoShape(120, 480, 832, 24))


@dataclass(slots=True)
class Client:
    """An account's owner.

    Args:
        accepted: Job of each key that was acknowledged.
        kept: Ids that must still exist: acknowledged and not deleted.
    """

    world: World
    account_id: str
    accepted: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)

    def act(self) -> Script:
        rng = self.world.rng
        while not self.world.is_over:
            yield rng.expovariate(1 / 20.0)
            action = rng.choices(
                [self.submit, self.submit_again, self.cancel, self.pause, self.resume, self.delete, self.change_plan],
                weights=[8, 4, 2, 1.5, 2, 0.5, 0.5],
            )[0]
            with suppress(*EXPECTED):
                action()

    def submit(self) -> None:
        self.ask(f"key {len(self.accepted) + len(self.unsure)}")

    def submit_again(self) -> None:
        """The answer was lost, or the client is impatient: the same request under the same key."""
        keys = sorted(self.accepted.keys() | self.unsure)
        if keys:
            self.ask(self.world.rng.choice(keys))

    def ask(self, key: str) -> None:
        """Submits under ``key`` and checks that one key is one job."""
        shape = SHAPES[sum(map(ord, key)) % len(SHAPES)]
        self.unsure.add(key)
        job = self.world.engine.submit(Submission(self.account_id, "generate", {"prompt": key}, shape, idempotency_key=key))
        first = self.accepted.setdefault(key, job.id)
        self.world.expect(first == job.id, "I2", f"{key} made {first} and {job.id}")
        self.unsure.discard(key)
        if job.deleted_at is None:
            self.kept.add(job.id)

    def cancel(self) -> None:
        self.world.engine.cancel(self.any_job(), self.account_id)

    def pause(self) -> None:
        self.world.engine.pause(self.any_job(), self.account_id)

    def resume(self) -> None:
        self.world.engine.resume(self.any_job(), self.account_id)

    def delete(self) -> None:
        job_id = self.any_job()
        self.kept.discard(job_id)
        self.world.engine.delete(job_id, self.account_id)

    def change_plan(self) -> None:
        with self.world.engine.database.transaction() as tx:
            set_plan(tx, self.account_id, self.world.rng.choice(sorted(self.world.engine.plans)))

    def any_job(self) -> str:
        """One of its jobs, preferably a recent one."""
        jobs = list(self.accepted.values())
        if not jobs:
            raise ConflictError("nothing was asked for yet")
        return jobs[-1 - min(len(jobs) - 1, int(self.world.rng.expovariate(0.5)))]


@dataclass(slots=True)
class Worker:
    """A process that renders, beats, publishes; dies, freezes and wakes. Each life has a new name."""

    world: World

    def act(self) -> Script:
        while not self.world.is_closed:
            try:
                yield from self.live(new_id("worker"))
            except Crash:
                yield 3.0

    def live(self, name: str) -> Script:
        """One life, until a crash ends it."""
        while not self.world.is_closed:
            try:
                lease = self.world.engine.claim(name)
            except StoreUnavailable:
                lease = None
            if lease is None:
                yield IDLE_SECONDS
                continue
            self.world.note_claim(lease)
            try:
                yield from self.make(lease)
            except (LeaseLost, ConflictError):
                continue
            except (StoreUnavailable, BlobMissing) as error:
                self.try_to_fail(lease, str(error))

    def make(self, lease: Job) -> Script:
        """Renders ``lease``: beats for a while, keeps what it finished now and then, then publishes."""
        engine, rng, faults = self.world.engine, self.world.rng, self.world.faults
        self.world.note_resumed(lease)
        duration = rng.uniform(2.0, 60.0)
        while duration > 0:
            step = min(duration, 5.0)
            duration -= step
            yield step
            if is_poison(lease) or faults.strike("worker dies"):
                raise Crash("worker")
            if faults.strike("worker freezes"):
                yield rng.uniform(0.5, 4.0) * engine.timing.lease
            if faults.strike("beat is lost"):
                continue
            job = engine.beat(lease, Beat(progress=int(50 / (1 + duration)), stage="render"))
            if job.wish == "pause":
                engine.pause_here(lease)
                return
            if rng.random() < KEEPS:
                self.keep_part(lease)
            if faults.strike("worker is told to stop"):
                engine.hand_back(lease)
                raise Crash("worker stops")
        if faults.strike("judge says no"):
            engine.block(lease, Refused("the rules do not allow it", category="violence"))
            return
        yield from self.publish(lease)

    def keep_part(self, lease: Job) -> None:
        """Adds a finished part to the job's unfinished work."""
        engine = self.world.engine
        parts = dict((engine.job(lease.id).checkpoint or {"parts": {}})["parts"])
        name = f"part {len(parts)}"
        parts[name] = engine.vault.put(Path(f"{lease.id} {name}")).digest
        engine.note(lease, {"parts": parts, "step": None})

    def publish(self, lease: Job) -> Script:
        """Puts the file and publishes; a slow one may find that its file was taken for garbage, and fails the attempt."""
        engine = self.world.engine
        blob = engine.vault.put(Path(f"{lease.id}.{lease.lease_token}"))
        slow = 2.0 * engine.timing.garbage if self.world.faults.strike("worker is slow to publish") else 0.01
        until = self.world.now + slow
        while self.world.now < until:
            yield min(slow, 5.0)
            engine.beat(lease, Beat(99, "keep"))
        if self.world.faults.strike("worker freezes before publishing"):
            # Long enough to lose the job, short enough to wake while the next worker has it.
            yield self.world.rng.uniform(1.0, 2.0) * (engine.timing.lease + engine.timing.sweep)
        output = NewAsset("video", blob, "video/mp4", verdict={"allowed": True}, signature="simulated")
        engine.publish(lease, [output])
        self.world.note_published(lease)

    def try_to_fail(self, lease: Job, reason: str) -> None:
        try:
            self.world.engine.fail(lease, "store_unavailable", reason, retry=True)
        except (LeaseLost, StoreUnavailable):
            return


@dataclass(slots=True)
class Keeper:
    """Sweeps, collects garbage and audits; is killed like everyone else."""

    world: World

    def act(self) -> Script:
        engine = self.world.engine
        while not self.world.is_closed:
            yield engine.timing.sweep
            try:
                engine.sweep(limit=self.world.rng.choice([1, 100]))
                if self.world.rng.random() < 0.3:
                    engine.collect_garbage()
            except EXPECTED:
                continue


def is_poison(job: Job) -> bool:
    """A job that kills every worker that makes it."""
    return str(job.request["prompt"]).endswith("7")

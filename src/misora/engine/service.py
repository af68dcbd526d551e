"""The engine's front door: each method one transaction, with the clock and the plans filled in.

engine = open_engine(load_settings())
job = engine.submit(Submission(account.id, "generate", {"prompt": "a dog runs"}, shape))
engine.cancel(job.id, account.id)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from misora.base.errors import ConflictError, Refused
from misora.base.settings import Settings
from misora.engine import control, leases, publication
from misora.engine.audit import Finding, audit
from misora.engine.leases import Beat, Timing
from misora.engine.plans import Plans, check_shape, load_plans, plan_of
from misora.engine.submission import Offer, Submission, offer_of, submit, take_account, top_up
from misora.store.accounts import LOCAL_ACCOUNT, ensure_local_account, find_account, load_account
from misora.store.assets import NewAsset, assets_of_job, collect_garbage
from misora.store.database import Database, open_database
from misora.store.jobs import Page, find_job, is_any_waiting, list_jobs, load_preview
from misora.store.ledger import balance
from misora.store.migrate import migrate
from misora.store.records import Account, Asset, Job, Pot
from misora.store.uploads import expire_uploads
from misora.store.vault import Blob, Vault, open_vault


class JobNotFound(ConflictError):
    """There is no such job, or it is somebody else's, which looks the same."""


@dataclass(slots=True)
class Engine:
    """Database, vault, plans and clock of one install; safe to share between threads.

    Args:
        clock: Seconds since 1970; a virtual one in the simulation.
    """

    database: Database
    vault: Vault
    plans: Plans
    clock: Callable[[], float] = time.time
    timing: Timing = field(default_factory=Timing)

    # What the owner of a job does.

    def submit(self, submission: Submission) -> Job:
        """Accepts a job; see ``submission.submit`` for what it raises."""
        with self.database.transaction() as tx:
            return submit(tx, submission, self.plans, at=self.clock())

    def estimate(self, submission: Submission) -> Offer:
        """What ``submit`` would ask for; raises InputError when the plan does not go that far. Nothing is held."""
        with self.database.reading() as tx:
            plan = plan_of(self.plans, load_account(tx, submission.account_id).plan)
        check_shape(plan, submission.shape)
        return offer_of(plan, submission)

    def credits(self, account_id: str) -> tuple[Pot, ...]:
        """An account's pots, this month's granted if it was not yet."""
        with self.database.transaction() as tx:
            account = take_account(tx, account_id)
            top_up(tx, account, plan_of(self.plans, account.plan), at=self.clock())
            return balance(tx, account_id)

    def job(self, job_id: str, account_id: str | None = None) -> Job:
        """A job as it is now; with ``account_id`` only that account's. Raises JobNotFound."""
        with self.database.reading() as tx:
            return known(find_job(tx, job_id, account_id), job_id)

    def jobs(self, account_id: str | None = None, **choice: Any) -> Page:
        """A page of jobs; ``choice`` as in ``store.jobs.list_jobs``."""
        with self.database.reading() as tx:
            return list_jobs(tx, account_id=account_id, **choice)

    def outputs(self, job_id: str, account_id: str | None = None) -> dict[str, Asset]:
        """A job's files by role: ``video`` or ``image``, ``thumbnail``, ``spritesheet``; empty until it is completed."""
        with self.database.reading() as tx:
            return assets_of_job(tx, known(find_job(tx, job_id, account_id), job_id).id)

    def result(self, job_id: str, account_id: str | None = None) -> tuple[Job, dict[str, Asset]]:
        """``job`` and ``outputs`` of one moment."""
        with self.database.reading() as tx:
            job = known(find_job(tx, job_id, account_id), job_id)
            return job, assets_of_job(tx, job.id) if job.state == "completed" else {}

    def open_asset(self, asset: Asset) -> Path:
        """A local file with the bytes of ``asset``, compared with its digest; to be read only."""
        return self.vault.fetch(asset.digest)

    def read_asset(self, asset: Asset, start: int, stop: int) -> Iterator[bytes]:
        """The bytes ``[start, stop)`` of ``asset`` in pieces, none given out unchecked, and no more than them read."""
        return self.vault.read(Blob(asset.digest, asset.num_bytes), start, stop)

    def preview(self, job_id: str, account_id: str | None = None) -> tuple[bytes, str] | None:
        """The latest rough picture of a running job and its media type."""
        with self.database.reading() as tx:
            return load_preview(tx, known(find_job(tx, job_id, account_id), job_id).id)

    def pause(self, job_id: str, account_id: str | None = None) -> Job:
        return self._control(control.pause, job_id, account_id)

    def resume(self, job_id: str, account_id: str | None = None) -> Job:
        return self._control(control.resume, job_id, account_id)

    def cancel(self, job_id: str, account_id: str | None = None) -> Job:
        return self._control(control.cancel, job_id, account_id)

    def delete(self, job_id: str, account_id: str | None = None) -> None:
        with self.database.transaction() as tx:
            control.delete(tx, known(find_job(tx, job_id, account_id, to_change=True), job_id), at=self.clock())

    def _control(self, act: Callable[..., Job], job_id: str, account_id: str | None) -> Job:
        with self.database.transaction() as tx:
            return act(tx, known(find_job(tx, job_id, account_id, to_change=True), job_id), at=self.clock())

    # What a worker does.

    def claim(self, worker: str, like: Job | None = None) -> Job | None:
        """The job that comes next, held by ``worker``; see ``leases.claim``. Looks first whether any waits, without a write lock."""
        with self.database.reading() as tx:
            if not is_any_waiting(tx, self.clock()):
                return None
        with self.database.transaction() as tx:
            return leases.claim(tx, worker, self.plans, self.timing, at=self.clock(), like=like)

    def beat(self, lease: Job, said: Beat) -> Job:
        """Keeps the lease; raises LeaseLost."""
        with self.database.transaction() as tx:
            return leases.beat(tx, lease, said, self.timing, at=self.clock())

    def publish(self, lease: Job, outputs: Sequence[NewAsset]) -> Job:
        with self.database.transaction() as tx:
            return publication.publish(tx, self.vault, lease, outputs, at=self.clock())

    def block(self, lease: Job, refused: Refused) -> Job:
        with self.database.transaction() as tx:
            return publication.block(tx, lease, refused, at=self.clock())

    def fail(self, lease: Job, code: str, message: str, *, retry: bool) -> Job:
        with self.database.transaction() as tx:
            return publication.fail(tx, lease, code, message, self.timing, at=self.clock(), retry=retry)

    def note(self, lease: Job, checkpoint: Mapping[str, Any]) -> Job:
        with self.database.transaction() as tx:
            return publication.note(tx, lease, checkpoint, at=self.clock())

    def pause_here(self, lease: Job) -> Job:
        with self.database.transaction() as tx:
            return publication.pause_here(tx, lease, at=self.clock())

    def hand_back(self, lease: Job) -> Job:
        with self.database.transaction() as tx:
            return publication.hand_back(tx, lease, at=self.clock())

    # What keeps the house.

    def sweep(self, limit: int = 100) -> tuple[Job, ...]:
        with self.database.transaction() as tx:
            return leases.sweep(tx, self.timing, at=self.clock(), limit=limit)

    def collect_garbage(self) -> int:
        with self.database.transaction() as tx:
            expire_uploads(tx, at=self.clock())
        older_than = self.clock() - self.timing.garbage
        self.vault.remove_partials(older_than=older_than)
        return collect_garbage(self.database, self.vault, older_than=older_than)

    def audit(self, *, read_files: bool = True) -> list[Finding]:
        with self.database.reading() as tx:
            return audit(tx, self.vault, self.timing, at=self.clock(), read_files=read_files)

    def local_account(self) -> Account:
        """The account of an install without logins; asked for by every request, so that only its making takes the write lock."""
        with self.database.reading() as tx:
            found = find_account(tx, LOCAL_ACCOUNT)
        if found is not None:
            return found
        with self.database.transaction() as tx:
            return ensure_local_account(tx, at=self.clock())


def known(job: Job | None, job_id: str) -> Job:
    """``job``; raises JobNotFound when it is None."""
    if job is None:
        raise JobNotFound(f"there is no job {job_id[:80]!r}")
    return job


def open_engine(settings: Settings) -> Engine:
    """The engine of an install, its database brought up to date."""
    database = open_database(settings.database)
    migrate(database)
    return Engine(database, open_vault(settings.vault, settings.cache), load_plans(settings.plans))

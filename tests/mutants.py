"""Mistakes that somebody might make one day, each planted in the real engine; the simulation must find every one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from misora.engine import control, leases, publication, service, states, submission
from misora.engine.leases import LeaseLost
from misora.engine.states import State
from misora.store import assets, events, ledger
from misora.store.jobs import find_job, load_job, update_job
from misora.store.tables import pots

Plant = Callable[[pytest.MonkeyPatch], None]
MUTANTS: dict[str, Plant] = {}


def mutant(plant: Plant) -> Plant:
    MUTANTS[plant.__name__.replace("_", " ")] = plant
    return plant


def lenient_lease(tx: sa.Connection, lease: Any) -> Any:
    """A job that somebody works on, whoever it is."""
    job = find_job(tx, lease.id, to_change=True)
    if job is None or job.state != State.IN_PROGRESS:
        raise LeaseLost(lease.id)
    return job


@mutant
def an_old_token_may_publish(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(publication, "held_job", lenient_lease)


@mutant
def every_claim_has_the_same_token(patch: pytest.MonkeyPatch) -> None:
    right = leases.lease_values
    patch.setattr(leases, "lease_values", lambda *a: right(*a) | {"lease_token": 1})


@mutant
def the_sweeper_never_takes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(leases, "expired_leases", lambda *_, **__: ())


@mutant
def the_sweeper_loses_what_it_takes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        leases, "take_back", lambda tx, job, timing, at: update_job(tx, job, state="failed", lease_worker=None, lease_expires_at=None)
    )


@mutant
def attempts_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    right = leases.lease_values
    patch.setattr(leases, "lease_values", lambda *a: right(*a) | {"attempts": 1})


@mutant
def a_cancelled_job_keeps_its_hold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "release", lambda *_, **__: False)


@mutant
def a_cancelled_job_is_charged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "release", ledger.charge)


@mutant
def a_completed_job_is_not_charged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "charge", lambda *_, **__: False)


@mutant
def a_refund_is_paid_twice(patch: pytest.MonkeyPatch) -> None:
    def release_twice(tx: sa.Connection, job_id: str, *, at: float) -> bool:
        opened = tx.execute(
            sa.text("SELECT account_id, period, credits FROM entries WHERE reference = :id AND step = 'open'"), {"id": job_id}
        ).one()
        which = (pots.c.account_id == opened.account_id, pots.c.period == opened.period, pots.c.credits_held >= 2 * opened.credits)
        tx.execute(sa.update(pots).where(*which).values(credits_held=pots.c.credits_held - opened.credits))
        return ledger.release(tx, job_id, at=at)

    patch.setattr(states, "release", release_twice)


@mutant
def the_price_is_held_after_the_job_is_accepted(patch: pytest.MonkeyPatch) -> None:
    """In a transaction of its own, so that a crash between the two leaves a job that nobody paid for."""
    right = service.submit
    late: list[Callable[[sa.Connection], Any]] = []

    def hold_later(tx: sa.Connection, account_id: str, periods: Any, amount: Any, **rest: Any) -> str:
        late.append(lambda tx: ledger.hold(tx, account_id, periods, amount, **rest))
        return str(periods[0])

    def submit_in_two(engine: service.Engine, wanted: submission.Submission) -> Any:
        with engine.database.transaction() as tx:
            job = right(tx, wanted, engine.plans, at=engine.clock())
        while late:
            with engine.database.transaction() as tx:
                late.pop()(tx)
        return job

    patch.setattr(submission, "hold", hold_later)
    patch.setattr(service.Engine, "submit", submit_in_two)


@mutant
def a_repeated_key_makes_a_second_job(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(submission, "known_job", lambda *_: None)
    right = submission.row_of
    patch.setattr(submission, "row_of", lambda *a: right(*a) | {"idempotency_key": None})


@mutant
def the_limit_of_running_jobs_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(leases, "running_counts", lambda _: {})


@mutant
def a_cancelled_job_goes_on_running(patch: pytest.MonkeyPatch) -> None:
    """The row keeps its lease and comes back as in progress when its worker next beats."""

    def beat_anyway(tx: sa.Connection, lease: Any, said: Any, timing: Any, *, at: float) -> Any:
        job = load_job(tx, lease.id)
        return update_job(tx, job, state="in_progress", lease_worker="zombie", lease_expires_at=at + timing.lease)

    patch.setattr(leases, "beat", beat_anyway)


@mutant
def a_job_is_completed_before_its_file_has_a_row(patch: pytest.MonkeyPatch) -> None:
    """State in one transaction, files in the next."""

    def publish_in_two(engine: service.Engine, lease: Any, outputs: Any) -> Any:
        with engine.database.transaction() as tx:
            job = publication.publish(tx, engine.vault, lease, [], at=engine.clock())
        with engine.database.transaction() as tx:
            for output in outputs:
                assets.add_asset(tx, engine.vault, output, account_id=job.account_id, job_id=job.id, at=engine.clock())
        return job

    patch.setattr(service.Engine, "publish", publish_in_two)


@mutant
def an_event_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    def only_some(tx: sa.Connection, job: Any, type: str, **rest: Any) -> None:
        if type != "video.paused":
            events.add_event(tx, job, type, **rest)

    patch.setattr(states, "add_event", only_some)


@mutant
def the_owner_can_pause_what_has_ended(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "GRAPH", {state: frozenset(State) for state in State})
    patch.setattr(control, "is_final", lambda _: False)


@mutant
def garbage_is_collected_by_age_alone(patch: pytest.MonkeyPatch) -> None:
    def collect_all(database: Any, vault: Any, *, older_than: float) -> int:
        return sum(vault.remove(stored.digest) is None for stored in list(vault.stored()) if stored.put_at < older_than)

    patch.setattr(service, "collect_garbage", collect_all)


@mutant
def unfinished_work_is_taken_for_garbage(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assets, "kept_digests", lambda _: set())


@mutant
def garbage_is_never_collected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(service, "collect_garbage", lambda *_, **__: 0)


@mutant
def a_row_is_written_for_bytes_that_are_gone(patch: pytest.MonkeyPatch) -> None:
    right = assets.add_asset

    def unchecked(tx: sa.Connection, vault: Any, new: Any, **rest: Any) -> Any:
        present = vault.contains(new.blob.digest)
        vault.put_at.setdefault(new.blob.digest, 0.0)
        asset = right(tx, vault, new, **rest)
        if not present:
            vault.remove(new.blob.digest)
        return asset

    patch.setattr(publication, "add_asset", unchecked)


@mutant
def a_failed_attempt_is_tried_for_ever(patch: pytest.MonkeyPatch) -> None:
    right = publication.fail

    def fail(tx: sa.Connection, lease: Any, code: str, message: str, timing: Any, **rest: Any) -> Any:
        return right(tx, lease, code, message, dataclasses.replace(timing, max_attempts=99), **rest)

    patch.setattr(publication, "fail", fail)
    right_back = leases.take_back
    patch.setattr(leases, "take_back", lambda tx, job, timing, at: right_back(tx, job, dataclasses.replace(timing, max_attempts=99), at))

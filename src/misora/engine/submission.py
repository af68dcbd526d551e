"""Accepting a job: key, plan, price, hold, row and event in one transaction, so that an accepted job is a paid-for job and the reverse."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from misora.base.errors import ConflictError, QuotaError
from misora.base.ids import new_id
from misora.base.shapes import VideoShape
from misora.engine.plans import Plan, Plans, check_shape, plan_of
from misora.engine.pricing import price
from misora.engine.states import State, event_type
from misora.store.events import add_event
from misora.store.jobs import add_job, count_active, find_by_key
from misora.store.ledger import EXTRA, Amount, balance, ensure_pot, grant, granted_for, hold
from misora.store.records import Account, Job
from misora.store.tables import accounts

MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Submission:
    """What is asked for, before it is a job.

    Args:
        kind, request: A way of making (``kinds``) and its parameters as JSON.
        shape: What will be delivered; decides the price.
        is_edit: Whether it begins from frames that exist, which costs less.
        model: As the caller named it.
        parent_id: The video that this one is made from.
        idempotency_key: A repeated submission under one key is the job that the first one made.
    """

    account_id: str
    kind: str
    request: Mapping[str, Any]
    shape: VideoShape
    is_edit: bool = False
    model: str = "misora"
    parent_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a submission would cost and where it would wait."""

    credits: int
    lane: str
    amount: Amount


def submit(tx: sa.Connection, submission: Submission, plans: Plans, *, at: float) -> Job:
    """Accepts ``submission``, or gives back the job that its key has already made.

    Raises:
        InputError: The plan does not go that far.
        QuotaError: No credits or videos are left, or too many jobs wait.
        ConflictError: The key belongs to another request.
    """
    account = take_account(tx, submission.account_id)
    if (known := known_job(tx, submission)) is not None:
        return known
    plan = plan_of(plans, account.plan)
    check_shape(plan, submission.shape)
    check_waiting(tx, account, plan)
    top_up(tx, account, plan, at=at)
    job_id = new_id("video")
    offer, period = reserve(tx, account, plan, submission, job_id, at=at)
    job = add_job(tx, row_of(submission, job_id, offer, period, at))
    add_event(tx, job, event_type(State.QUEUED), at=at, data={"from": None, "token": 0})
    return job


def take_account(tx: sa.Connection, account_id: str) -> Account:
    """The account, locked: submissions of one account follow each other, so that what they count stays true until they commit.

    Its key is not locked: a ledger line of a job that ends at this moment refers to it, and would wait for us while we wait for its pot.
    """
    row = tx.execute(sa.select(accounts).where(accounts.c.id == account_id).with_for_update(key_share=True)).one()
    return Account(**row._mapping)


def known_job(tx: sa.Connection, submission: Submission) -> Job | None:
    """The job that was made under the submission's key."""
    if submission.idempotency_key is None:
        return None
    job = find_by_key(tx, submission.account_id, submission.idempotency_key)
    if job is not None and job.fingerprint != fingerprint(submission):
        raise ConflictError(f"idempotency key {submission.idempotency_key!r} was used for another request; choose a new key")
    return job


def check_waiting(tx: sa.Connection, account: Account, plan: Plan) -> None:
    """Raises QuotaError when the account has as many unfinished jobs as its plan allows."""
    active = count_active(tx, account.id)
    if active >= plan.max_waiting:
        raise QuotaError(
            f"{active} jobs are waiting or running and plan {plan.name} allows {plan.max_waiting}; wait for one to end",
            code="too_many_jobs",
        )


def top_up(tx: sa.Connection, account: Account, plan: Plan, *, at: float) -> None:
    """Grants this month's credits on first use, and the difference when the plan has become larger since."""
    month = month_of(at)
    had = granted_for(tx, account.id, month, "plan:")
    missing = Amount(max(0, plan.monthly_credits - had.credits), max(0, plan.monthly_videos - had.videos))
    ensure_pot(tx, account.id, month)
    if missing != Amount():
        grant(tx, account.id, month, missing, reference=f"plan:{plan.name}:{missing.credits}:{missing.videos}", at=at)


def reserve(tx: sa.Connection, account: Account, plan: Plan, submission: Submission, job_id: str, *, at: float) -> tuple[Offer, str]:
    """Holds the price in a pot that can carry it, or takes the relaxed lane where the plan has one."""
    first = offer_of(plan, submission)
    period = hold(tx, account.id, [month_of(at), EXTRA], first.amount, job_id=job_id, at=at)
    if period is not None:
        return first, period
    if plan.relaxed:
        hold(tx, account.id, [month_of(at)], Amount(), job_id=job_id, at=at)
        return Offer(0, "relaxed", Amount()), month_of(at)
    raise exhausted(tx, account, plan, first, at)


def offer_of(plan: Plan, submission: Submission) -> Offer:
    """The price under ``plan``, before anything is looked at that may run out."""
    credits = price(submission.shape, is_edit=submission.is_edit)
    return Offer(credits, "priority", Amount() if plan.unlimited else Amount(credits, 1))


def exhausted(tx: sa.Connection, account: Account, plan: Plan, offer: Offer, at: float) -> QuotaError:
    """Says which of the two ran out, what is left and when there is more."""
    pot = next(pot for pot in balance(tx, account.id) if pot.period == month_of(at))
    if pot.videos_left < 1:
        return QuotaError(
            f"all {plan.monthly_videos} videos of this month in plan {plan.name} are used; more on the 1st", code="videos_exhausted"
        )
    return QuotaError(f"this costs {offer.credits} credits and {pot.credits_left} are left this month; more on the 1st")


def row_of(submission: Submission, job_id: str, offer: Offer, period: str, at: float) -> dict[str, Any]:
    """The columns of a new job."""
    shape = submission.shape
    return {
        "id": job_id, "account_id": submission.account_id, "kind": submission.kind, "request": dict(submission.request),
        "model": submission.model, "shape_key": f"{shape.num_frames}x{shape.height}x{shape.width}@{shape.fps:g}",
        "parent_id": submission.parent_id,
        "state": State.QUEUED.value, "lane": offer.lane, "credits": offer.credits, "period": period,
        "idempotency_key": submission.idempotency_key, "fingerprint": fingerprint(submission), "created_at": at,
    }  # fmt: skip


def fingerprint(submission: Submission) -> str:
    """SHA-256 of everything that makes two submissions the same."""
    parts = [submission.kind, submission.request, submission.model, submission.parent_id]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def month_of(at: float) -> str:
    """``"2026-11"``, in UTC."""
    return time.strftime("%Y-%m", time.gmtime(at))

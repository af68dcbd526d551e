"""Credits: granted into pots, held when a job is accepted, charged when it is delivered, released when it ends otherwise.

A pot is a month of an account, or ``extra``, which never ends. A hold lies wholly in one pot. Every change is one conditional UPDATE of
the pot and one line in ``entries``, whose unique key (account, pot, step, reference) lets a job be opened once and closed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from misora.store.records import Entry, Pot, to_record
from misora.store.tables import entries, pots

EXTRA = "extra"

POT = (pots.c.account_id == sa.bindparam("account"), pots.c.period == sa.bindparam("in_period"))
CREDITS, VIDEOS = sa.bindparam("credits", type_=sa.BigInteger), sa.bindparam("videos", type_=sa.BigInteger)
HOLD = (
    sa.update(pots)
    .where(
        *POT,
        pots.c.credits_granted - pots.c.credits_charged - pots.c.credits_held >= CREDITS,
        pots.c.videos_granted - pots.c.videos_charged - pots.c.videos_held >= VIDEOS,
    )
    .values(credits_held=pots.c.credits_held + CREDITS, videos_held=pots.c.videos_held + VIDEOS)
)
RELEASE = sa.update(pots).where(*POT).values(credits_held=pots.c.credits_held - CREDITS, videos_held=pots.c.videos_held - VIDEOS)
CHARGE = RELEASE.values(credits_charged=pots.c.credits_charged + CREDITS, videos_charged=pots.c.videos_charged + VIDEOS)
OPENED = sa.select(entries).where(entries.c.reference == sa.bindparam("job_id"), entries.c.step == "open").with_for_update()
HAS_ENTRY = sa.select(entries.c.sequence).where(
    entries.c.account_id == sa.bindparam("account"),
    entries.c.period == sa.bindparam("in_period"),
    entries.c.step == sa.bindparam("is_step"),
    entries.c.reference == sa.bindparam("refers_to"),
)
ADD = sa.insert(entries)


@dataclass(frozen=True, slots=True)
class Amount:
    """What a job costs: credits, and videos of a monthly count."""

    credits: int = 0
    videos: int = 0


def grant(tx: sa.Connection, account_id: str, period: str, amount: Amount, *, reference: str, at: float) -> bool:
    """Adds to a pot, once for each ``reference``; False when it was done before."""
    ensure_pot(tx, account_id, period)
    # The row lock makes two grants of one reference follow each other on PostgreSQL.
    tx.execute(sa.select(pots.c.period).where(*_is_pot(account_id, period)).with_for_update()).one()
    if _has_entry(tx, account_id, period, "grant", reference):
        return False
    tx.execute(
        sa.update(pots)
        .where(*_is_pot(account_id, period))
        .values(credits_granted=pots.c.credits_granted + amount.credits, videos_granted=pots.c.videos_granted + amount.videos)
    )
    _write(tx, account_id, period, "grant", "grant", reference, amount, at)
    return True


def hold(tx: sa.Connection, account_id: str, periods: Sequence[str], amount: Amount, *, job_id: str, at: float) -> str | None:
    """Sets ``amount`` aside in the first of ``periods`` that can carry all of it; returns that period, or None when none can."""
    for period in periods:
        wanted = {"account": account_id, "in_period": period, "credits": amount.credits, "videos": amount.videos}
        held = tx.execute(HOLD, wanted)
        if held.rowcount == 1:
            _write(tx, account_id, period, "open", "hold", job_id, amount, at)
            return period
    return None


def charge(tx: sa.Connection, job_id: str, *, at: float) -> bool:
    """Turns a job's hold into a charge; False when it holds nothing or was closed before."""
    return _close(tx, job_id, "charge", at)


def release(tx: sa.Connection, job_id: str, *, at: float) -> bool:
    """Gives a job's hold back; False when it holds nothing or was closed before."""
    return _close(tx, job_id, "release", at)


def granted_for(tx: sa.Connection, account_id: str, period: str, prefix: str) -> Amount:
    """The sum of a pot's grants whose reference begins with ``prefix``."""
    wanted = (
        entries.c.account_id == account_id,
        entries.c.period == period,
        entries.c.step == "grant",
        entries.c.reference.startswith(prefix, autoescape=True),
    )
    total = sa.select(sa.func.coalesce(sa.func.sum(entries.c.credits), 0), sa.func.coalesce(sa.func.sum(entries.c.videos), 0)).where(
        *wanted
    )
    row = tx.execute(total).one()
    return Amount(int(row[0]), int(row[1]))


def balance(tx: sa.Connection, account_id: str) -> tuple[Pot, ...]:
    """All pots of an account, the newest period last."""
    rows = tx.execute(sa.select(pots).where(pots.c.account_id == account_id).order_by(pots.c.period))
    return tuple(to_record(Pot, row) for row in rows)


def entries_of(tx: sa.Connection, account_id: str, *, limit: int = 100) -> tuple[Entry, ...]:
    """The last ``limit`` lines of an account's ledger, newest first."""
    chosen = sa.select(entries).where(entries.c.account_id == account_id).order_by(entries.c.sequence.desc()).limit(limit)
    return tuple(to_record(Entry, row) for row in tx.execute(chosen))


def ensure_pot(tx: sa.Connection, account_id: str, period: str) -> None:
    """An empty pot where there is none."""
    zeros = dict.fromkeys((column.name for column in pots.c if not column.primary_key), 0)
    columns = ["account_id", "period", *zeros]
    absent = ~sa.exists().where(*_is_pot(account_id, period))
    literals = [sa.literal(value) for value in (account_id, period, *zeros.values())]
    if tx.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert

        tx.execute(insert(pots).values(account_id=account_id, period=period, **zeros).on_conflict_do_nothing())
        return
    tx.execute(sa.insert(pots).from_select(columns, sa.select(*literals).where(absent)))


def _close(tx: sa.Connection, job_id: str, kind: str, at: float) -> bool:
    opened = tx.execute(OPENED, {"job_id": job_id}).one_or_none()
    if opened is None or _has_entry(tx, opened.account_id, opened.period, "close", job_id):
        return False
    held = {"account": opened.account_id, "in_period": opened.period, "credits": opened.credits, "videos": opened.videos}
    tx.execute(CHARGE if kind == "charge" else RELEASE, held)
    _write(tx, opened.account_id, opened.period, "close", kind, job_id, Amount(opened.credits, opened.videos), at)
    return True


def _is_pot(account_id: str, period: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return pots.c.account_id == account_id, pots.c.period == period


def _has_entry(tx: sa.Connection, account_id: str, period: str, step: str, reference: str) -> bool:
    wanted = {"account": account_id, "in_period": period, "is_step": step, "refers_to": reference}
    return tx.execute(HAS_ENTRY, wanted).first() is not None


def _write(tx: sa.Connection, account_id: str, period: str, step: str, kind: str, reference: str, amount: Amount, at: float) -> None:
    line = {"account_id": account_id, "period": period, "step": step, "kind": kind, "reference": reference, "at": at}
    tx.execute(ADD, line | {"credits": amount.credits, "videos": amount.videos})

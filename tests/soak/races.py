"""Rows 3, 6, 7, 20d: many who ask at the same moment, over SQLite and PostgreSQL; and one who asks for everything."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import apsw

from engines import Bench, make_bench
from misora.base.errors import ConflictError, QuotaError
from misora.engine.leases import LeaseLost
from misora.store.audit_log import write_log
from misora.store.database import open_database
from misora.store.ledger import balance
from soak.ground import Ground, ending_of, forked, visiting

PROCESSES = 4
LIMIT = 10

Opened = Callable[[], Bench]


def at_once(opened: Opened, act: Callable[[Bench, int], list[str]], *, processes: int = PROCESSES, threads: int = 1) -> list[str]:
    """Runs ``act(bench, number)`` in ``processes`` forks of ``threads`` each, which begin together; returns the lines of all."""
    start_read, start_write = os.pipe()
    answers_read, answers_write = os.pipe()

    def work(process: int) -> None:
        os.close(start_write)
        bench = opened()
        os.read(start_read, 1)

        def run(number: int) -> None:
            for line in act(bench, number):
                os.write(answers_write, f"{line}\n".encode())

        running = [threading.Thread(target=run, args=(process * threads + thread,)) for thread in range(threads)]
        for one in running:
            one.start()
        for one in running:
            one.join()

    children = [forked(lambda process=process: work(process)) for process in range(processes)]  # type: ignore[misc]
    for descriptor in (answers_write, start_read, start_write):
        os.close(descriptor)
    with os.fdopen(answers_read) as answers:
        lines = answers.read().splitlines()
    assert [ending_of(child) for child in children] == [0] * processes
    return lines


def over_sqlite(place: Path) -> Opened:
    return lambda: make_bench(open_database(f"sqlite:///{place}/misora.db"), place)


def race_for_a_key(seed: int, ground: Ground) -> None:
    """Row 6: fifty ask at once under one key, some for something else."""
    rng = random.Random(seed)
    with ground.place() as place:
        with visiting(place) as first:
            account = first.account()
        others = set(rng.sample(range(48), 4))

        def ask(bench: Bench, number: int) -> list[str]:
            try:
                return [bench.submit(account, "something else" if number in others else "a dog runs", key="one").id]
            except ConflictError:
                return ["refused"]

        said = Counter(at_once(over_sqlite(place), ask, threads=12))
        with visiting(place) as last:
            [job] = last.engine.jobs(account).data
            assert sum(said.values()) == 48 and said == {job.id: said[job.id], "refused": 48 - said[job.id]}
            assert said[job.id] in (44, 4)  # whoever came first
            assert last.engine.credits(account)[0].videos_held == 1 and last.findings() == []


def race_for_a_quota(seed: int, ground: Ground) -> None:
    """Row 7 on SQLite."""
    with ground.place() as place:
        race(over_sqlite(place), seed)


def race_for_a_quota_on_postgresql(seed: int, ground: Ground) -> None:
    """Row 7 on PostgreSQL at READ COMMITTED."""
    url = ground.postgresql()
    with ground.place() as place:
        race(lambda: make_bench(open_database(url), place), seed)


def race(opened: Opened, seed: int) -> None:
    """Two hundred creates against a limit of ten, from four processes; then cancels, finishes and changes of plan in between."""
    bench = opened()
    account = bench.account(f"free {seed}", plan="free")
    mixed = bench.account(f"mixed {seed}", plan="free")
    bench.engine.database.close()

    def create(bench: Bench, number: int) -> list[str]:
        return [ask(bench, account, f"take {number} {take}") for take in range(5)]

    said = Counter(at_once(opened, create, threads=10))
    assert said == {"accepted": LIMIT, "refused": 200 - LIMIT}, said

    def act(bench: Bench, number: int) -> list[str]:
        rng = random.Random(f"{seed} {number}")
        done = []
        for take in range(4):
            kind = rng.choice(("create", "create", "cancel", "finish", "plan"))
            done.append(kind)
            try:
                step(bench, mixed, kind, f"{number} {take}", rng)
            except (ConflictError, LeaseLost):  # somebody else was first, or cancelled what was being made
                continue
        return done

    assert len(at_once(opened, act, threads=2)) == 32
    last = opened()
    with last.engine.database.reading() as tx:
        for one in (account, mixed):
            for pot in balance(tx, one):
                assert pot.videos_left >= 0 and pot.credits_left >= 0
    assert last.findings() == []
    last.engine.database.close()


def ask(bench: Bench, account: str, prompt: str) -> str:
    try:
        bench.submit(account, prompt)
    except QuotaError:
        return "refused"
    return "accepted"


def step(bench: Bench, account: str, kind: str, name: str, rng: random.Random) -> None:
    """One act upon an account that others act upon too."""
    from misora.store.assets import NewAsset
    from misora.store.tables import accounts

    if kind == "create":
        ask(bench, account, name)
    elif kind == "cancel":
        mine = bench.engine.jobs(account, limit=100).data
        if mine:
            bench.engine.cancel(rng.choice(mine).id, account)
    elif kind == "finish":
        lease = bench.engine.claim(f"worker {name}")
        if lease is not None:
            path = bench.folder / f"{name}.mp4"
            path.write_text(name)
            blob = bench.engine.vault.put(path)
            bench.engine.publish(lease, [NewAsset("video", blob, "video/mp4", verdict={"allowed": True}, signature="raced")])
    else:
        with bench.engine.database.transaction() as tx:
            tx.execute(accounts.update().where(accounts.c.id == account).values(plan=rng.choice(("free", "pro"))))


def storm_the_checkpoint(seed: int, ground: Ground) -> None:
    """Row 3: 24 writers and checkpoints that race them; every commit is there and the file is sound."""
    with ground.place() as place:

        def write(bench: Bench, number: int) -> list[str]:
            rng, lines = random.Random(f"{seed} {number}"), []
            for take in range(4):
                with bench.engine.database.transaction() as tx:
                    write_log(tx, str(number), "x", str(take), at=1.0)
                lines.append(f"{number} {take}")
                if rng.random() < 0.3:
                    with bench.engine.database.engine.connect() as connection:
                        connection.connection.cursor().execute(f"PRAGMA wal_checkpoint({rng.choice(('PASSIVE', 'FULL', 'TRUNCATE'))})")
            return lines

        lines = at_once(over_sqlite(place), write, threads=6)
        raw = apsw.Connection(str(place / "misora.db"))
        found = {f"{actor} {subject}" for actor, subject in raw.execute("SELECT actor, subject FROM audit_log WHERE action = 'x'")}
        assert len(lines) == 96 and found == set(lines)
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        raw.close()


def flood_the_queue(seed: int, ground: Ground) -> None:
    """Row 20d: one account queues very many, ten queue one each; the ten start within two lengths of a job."""
    rng = random.Random(seed)
    with ground.place() as place, visiting(place) as bench:
        greedy, modest = bench.account("greedy"), [bench.account(f"modest {number}") for number in range(10)]
        order = [greedy] * 60 + modest
        rng.shuffle(order)
        for number, account in enumerate(order):
            bench.submit(account, f"take {number}")
        workers, rounds, started = 6, 0, set()
        while not started >= set(modest):
            rounds += 1
            leases = [bench.engine.claim(f"worker {number}") for number in range(workers)]
            started |= {lease.account_id for lease in leases if lease is not None}
            bench.clock.pass_seconds(20.0)
            for lease in leases:
                if lease is not None:
                    bench.engine.cancel(lease.id)
        assert rounds <= 2, f"the last of the ten began in round {rounds}"

"""Rows 20, 20b and 20c: more requests than a server answers, writes without end, and backups taken while others write."""

from __future__ import annotations

import gc
import itertools
import os
import random
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from engines import SMALL, Bench
from misora.store.assets import NewAsset
from misora.store.backup import back_up, restore
from misora.store.records import Job
from soak.chaos import Client, Town
from soak.ground import Ground, ending_of, expect_rest, forked, opened, visiting

CROWD = 300
"""Clients at once, each of whom asks again as soon as it is answered: more than a server lets in."""
CROWD_SECONDS = 3.0
CALM_SECONDS = 30.0
WRITES = 1200
MOST_WAL = 256 << 20
MOST_GROWTH = 50 << 20


def crowd_a_server(seed: int, ground: Ground) -> None:
    """Row 20: a real web server at more than it can do. It answers, or says when to come back, and is itself again afterwards."""
    with ground.place() as place:
        town = Town(place, f"sqlite:///{place}/misora.db")
        town.start("web")
        try:
            client = Client(town.port)
            client.ask("POST", "/v1/videos", SMALL | {"prompt": "the first"})
            said, accepted = crowd(town.port, seed)
            unfit = {answer: count for answer, count in said.items() if answer not in ((200, False), (429, True), (503, True))}
            assert not unfit and said[200, False] > 0, f"(status, has Retry-After): {dict(said)}"
            began = time.monotonic()
            while client.once("GET", "/v1/videos?limit=20")[0] != 200:
                assert time.monotonic() - began < CALM_SECONDS, "half a minute later it still sends people away"
                threading.Event().wait(0.2)
            assert client.faults == []
        finally:
            town.leave()
        with visiting(place) as bench:
            assert {job.request["prompt"] for job in every_job(bench)} == {"the first", *accepted}
            assert bench.findings() == []


def every_job(bench: Bench) -> Iterator[Job]:
    """All pages of them."""
    after = None
    while True:
        page = bench.engine.jobs(limit=100, after=after)
        yield from page.data
        if not page.has_more:
            return
        after = page.data[-1].id


def crowd(port: int, seed: int) -> tuple[Counter[tuple[int, bool]], set[str]]:
    """Everybody asks for three seconds; most look, one in twenty creates a video.

    Returns how often each status was answered, with ``Retry-After`` or without, and the prompts of the videos that were accepted.
    """
    said: Counter[tuple[int, bool]] = Counter()
    accepted: set[str] = set()
    end = time.monotonic() + CROWD_SECONDS

    def ask(number: int) -> None:
        rng, client = random.Random(f"{seed} {number}"), Client(port)
        for take in itertools.count():
            if time.monotonic() > end:
                return
            prompt = f"take {number} {take}"
            creates = rng.random() < 0.05
            request = ("POST", "/v1/videos", SMALL | {"prompt": prompt}) if creates else ("GET", "/v1/videos?limit=20")
            status, retry_after, _ = client.once(*request)
            said[status, retry_after is not None] += 1
            if creates and status == 200:
                accepted.add(prompt)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said, accepted


def write_without_end(seed: int, ground: Ground) -> None:
    """Row 20b: jobs asked for, made, deleted and swept as fast as they can be, for as long as the soak runs.

    From draw to draw the process may grow by 50 MB in all; within one, files are closed again and the log of writes stays short.
    """
    rng = random.Random(seed)
    with ground.place() as place, visiting(place) as bench:
        account, files, longest = bench.account(), open_files(), 0
        done: list[str] = []
        for number in range(WRITES):
            step_of_a_life(bench, account, rng, done)
            if number % 100 == 0:
                bench.clock.pass_seconds(60)
                bench.engine.collect_garbage()
                longest = max(longest, (place / "misora.db-wal").stat().st_size)
        assert longest <= MOST_WAL, f"the write-ahead log grew to {longest >> 20} MB"
        assert open_files() <= files + 4, f"{open_files() - files} files more are open"
        expect_rest(bench)
    gc.collect()
    before = ground.kept.setdefault("memory", memory())
    assert memory() - before <= MOST_GROWTH, f"{(memory() - before) >> 20} MB more than after the first draw"


def step_of_a_life(bench: Bench, account: str, rng: random.Random, done: list[str]) -> None:
    """One write: a new job, the next one made, or a made one deleted."""
    draw = rng.random()
    if draw < 0.4:
        bench.submit(account, f"take {rng.random()}")
    elif draw < 0.8:
        publish_next(bench, rng, done)
    elif done:
        bench.engine.delete(done.pop(rng.randrange(len(done))), account)


def publish_next(bench: Bench, rng: random.Random, done: list[str]) -> None:
    """The next job, made with a file of noise."""
    lease = bench.engine.claim("soak")
    if lease is None:
        return
    path = bench.folder / "made.mp4"
    path.write_bytes(rng.randbytes(2048))
    clip = NewAsset("video", bench.engine.vault.put(path), "video/mp4", verdict={"allowed": True}, signature="soak")
    done.append(bench.engine.publish(lease, [clip]).id)


def back_up_under_load(seed: int, ground: Ground) -> None:
    """Row 20c: two backups while another process writes, then a kill of it; each restores to a sound install with all that was accepted."""
    rng = random.Random(seed)
    with ground.place() as place:
        with visiting(place) as bench:
            account = bench.account()
        told, tell = os.pipe()
        child = forked(lambda: live(place, account, seed, tell))
        os.close(tell)
        try:
            with os.fdopen(told) as lines, visiting(place) as bench:
                for _ in range(2):
                    accepted = [lines.readline().strip() for _ in range(rng.randint(3, 20))]
                    copied = back_up(bench.engine.database, bench.engine.vault, place / "backup")
                    assert not copied.missing, copied.missing
                    expect_restored(place / "backup", accepted, ground)
        finally:
            os.kill(child, signal.SIGKILL)
            ending_of(child)


def live(place: Path, account: str, seed: int, tell: int) -> None:
    """Asks for, makes and deletes without end; tells the id of each job once it is accepted, and keeps those that it tells."""
    rng, bench, done = random.Random(f"life {seed}"), opened(place), []  # type: ignore[var-annotated]
    while True:
        os.write(tell, f"{bench.submit(account, 'kept').id}\n".encode())
        doomed = bench.submit(account, "doomed").id
        for _ in range(2):
            publish_next(bench, rng, done)
        if doomed in done:
            bench.engine.delete(doomed, account)


def expect_restored(backup: Path, accepted: list[str], ground: Ground) -> None:
    """An empty install takes ``backup``; every job of ``accepted`` is there and every invariant holds."""
    with ground.place() as place, visiting(place) as bench:
        restore(backup, bench.engine.database, bench.engine.vault)
        for job_id in accepted:
            assert bench.engine.job(job_id).request["prompt"] == "kept"
        bench.clock.pass_seconds(60)
        while bench.engine.sweep():  # what was being made at the time of the backup waits again
            pass
        expect_rest(bench)


def memory() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def open_files() -> int:
    """Descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))

"""Rows 2b and 2c: the nth operation on the disk fails, for every n; and bytes that rot where they lie."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from misora.base.errors import StoreUnavailable
from misora.store import page_checksums
from misora.store import vault as vault_module
from misora.store.assets import NewAsset
from misora.store.vault import Blob, BlobDamaged, LocalVault
from soak.ground import Ground, expect_rest, visiting

KINDS = (errno.ENOSPC, errno.EIO, errno.EMFILE)
OPERATIONS, FEWEST = 130, 70
"""More operations than a job takes, and fewer; the number varies a little with where its pages lie."""


class FailingDisk(apsw.VFS):
    """SQLite's way to the disk, on which one operation fails."""

    def __init__(self, countdown: Countdown) -> None:
        self.countdown = countdown
        super().__init__("misora-failing", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        self.countdown.operation()
        return FailingFile(self.countdown, name, flags)


class FailingFile(apsw.VFSFile):
    def __init__(self, countdown: Countdown, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self.countdown = countdown

    def xWrite(self, data: Any, offset: int) -> None:
        self.countdown.operation()
        super().xWrite(data, offset)


class FailingSystem:
    """The ``os`` of the vault, on which one operation fails."""

    def __init__(self, countdown: Countdown) -> None:
        self.countdown = countdown

    def __getattr__(self, name: str) -> Any:
        right = getattr(os, name)
        if name not in ("fsync", "replace", "mkdir", "utime", "open"):
            return right

        def act(*given: Any) -> Any:
            self.countdown.operation(system=True)
            return right(*given)

        return act


class Countdown:
    """Lets ``left`` operations pass; the next one fails, and those after it pass again."""

    def __init__(self, left: int, number: int) -> None:
        self.left = left
        self.number = number
        self.has_failed = False

    def operation(self, *, system: bool = False) -> None:
        self.left -= 1
        if self.left == 0:
            self.has_failed = True
            if system:
                raise OSError(self.number, os.strerror(self.number))
            raise apsw.FullError("full") if self.number == errno.ENOSPC else apsw.IOError("disk I/O error")


@contextmanager
def failing(countdown: Countdown) -> Iterator[None]:
    disk = FailingDisk(countdown)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(vault_module, "os", FailingSystem(countdown))
            yield
    finally:
        disk.unregister()


def fail_one_operation(place: Path, nth: int, number: int) -> bool:
    """A job is accepted, made and published while the ``nth`` operation fails; then again with a sound disk. Whether one failed."""
    with visiting(place) as first:
        account = first.account()
    countdown = Countdown(nth, number)
    with visiting(place) as bench:
        try:
            # Exclusive, for shared memory does not pass through such a disk.
            with failing(countdown):
                listen_exclusive(bench.engine.database.engine)
                accept_and_make(bench, account)
        except StoreUnavailable:
            pass
        countdown.left = -1
        bench.engine.database.close()
    with visiting(place) as again:
        again.clock.pass_seconds(60)
        again.engine.sweep()
        accept_and_make(again, account)
        assert {job.state for job in again.engine.jobs(account).data} <= {"completed"}
        assert len(again.engine.jobs(account).data) == 1 == again.engine.credits(account)[0].videos_charged
        expect_rest(again)
    return countdown.has_failed


def listen_exclusive(engine: Any) -> None:
    import sqlalchemy as sa

    sa.event.listen(engine, "connect", lambda raw, _: raw.cursor().execute("PRAGMA locking_mode=EXCLUSIVE"), insert=True)


def accept_and_make(bench: Any, account: str) -> None:
    """The same request under one key, and its making unless it is made."""
    bench.submit(account, key="one")
    lease = bench.engine.claim("unlucky")
    if lease is None:
        return
    path = bench.folder / "made.mp4"
    path.write_bytes(b"frames" * 500)
    clip = NewAsset("video", bench.engine.vault.put(path), "video/mp4", verdict={"allowed": True}, signature="made")
    bench.engine.publish(lease, [clip])


def fail_an_operation(seed: int, ground: Ground) -> None:
    """Row 2b: each of the first 130 operations, which is more than there are, with each kind of failure in turn."""
    with ground.place(checksums=False) as place:
        nth, turn = 1 + 3 * seed % OPERATIONS, seed // OPERATIONS
        assert fail_one_operation(place, nth, KINDS[(seed + turn) % len(KINDS)]) or nth > FEWEST


def flip_a_bit_of_a_page(seed: int, ground: Ground) -> None:
    """Row 2c: one bit of the database's file changes; whoever reads that page is told, and an audit reads all of them."""
    rng = random.Random(seed)
    if not page_checksums.are_there():
        pytest.skip("this SQLite has no checksums")
    with ground.place() as place:
        with visiting(place) as bench:
            accept_and_make(bench, bench.account())
        path = place / "misora.db"
        spoiled = bytearray(path.read_bytes())
        spoiled[rng.randrange(len(spoiled))] ^= 1 << rng.randrange(8)
        path.write_bytes(spoiled)
        with visiting(place) as bench:
            try:
                found = bench.findings()
            except StoreUnavailable as error:
                found = [str(error)]
        assert found, "nobody noticed"


def flip_a_byte(seed: int, ground: Ground) -> None:
    """Row 2c: one byte of a stored file changes; whoever reads it is told, and no spoiled piece is given out."""
    rng = random.Random(seed)
    data = rng.randbytes(rng.choice((1, 700, 70_000)))
    with ground.place() as place:
        vault = LocalVault(place / "vault")
        (place / "made").write_bytes(data)
        blob: Blob = vault.put(place / "made")
        if rng.random() < 0.5:
            vault.fetch(blob.digest)
        path = place / "vault" / blob.digest[:2] / blob.digest
        spoiled = bytearray(data)
        spoiled[rng.randrange(len(data))] ^= rng.randrange(1, 256)
        path.write_bytes(spoiled)
        with pytest.raises(BlobDamaged):
            vault.fetch(blob.digest)
        with pytest.raises(BlobDamaged):
            next(vault.read(blob, 0, blob.num_bytes))

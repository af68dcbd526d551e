"""Row 2: the power goes, simulated. Everything that is written is taped; an image is what a disk may hold after a cut at any moment.

What was synced before the cut is there. What was written and not yet synced is there, or not, or torn at a sector. A name that was given
and whose folder was not yet synced is there or not. Any image has to be a sound install that knows every job it had acknowledged.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest
import sqlalchemy as sa

from engines import Bench, make_bench
from misora.store import vault as vault_module
from misora.store.assets import NewAsset
from misora.store.database import open_database
from soak.ground import Ground, visiting

SECTOR = 512


@dataclass
class Tape:
    """What happened to the disk, in order: ``(what, path, ...)``; and how much of it had happened when each job was acknowledged."""

    root: Path
    happened: list[tuple[Any, ...]] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)

    def note(self, what: str, path: str | Path, *more: Any) -> None:
        self.happened.append((what, str(Path(path).relative_to(self.root)), *more))


class TapedFile(apsw.VFSFile):
    """A database file whose writes are taped."""

    def __init__(self, tape: Tape, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self.tape = tape
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else name

    def xWrite(self, data: Any, offset: int) -> None:
        self.tape.note("write", self.path, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self.tape.note("truncate", self.path, size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self.tape.note("sync", self.path)
        super().xSync(flags)


class TapedDisk(apsw.VFS):
    """SQLite's way to the disk, taped."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        super().__init__("misora-tape", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> TapedFile:
        return TapedFile(self.tape, name, flags)


class TapedSystem:
    """The ``os`` of the vault, taped."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)
        self.tape.note("sync", os.readlink(f"/proc/self/fd/{descriptor}"))

    def mkdir(self, path: Path) -> None:
        os.mkdir(path)
        self.tape.note("mkdir", path)

    def replace(self, source: Path, target: Path) -> None:
        data = Path(source).read_bytes()
        os.replace(source, target)
        self.tape.note("rename", target, str(Path(source).relative_to(self.tape.root)), data)


@contextmanager
def taping(place: Path) -> Iterator[tuple[Tape, Bench]]:
    """An install in ``place`` of which everything is taped."""
    tape = Tape(place)
    disk = TapedDisk(tape)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(vault_module, "os", TapedSystem(tape))
            database = open_database(f"sqlite:///{place}/misora.db")
            # Shared memory does not pass through a taped disk, and one process needs none.
            sa.event.listen(database.engine, "connect", lambda raw, _: raw.cursor().execute("PRAGMA locking_mode=EXCLUSIVE"), insert=True)
            yield tape, make_bench(database, place)
            database.close()
    finally:
        disk.unregister()


def record(place: Path, *, jobs: int = 8) -> Tape:
    """Jobs accepted and published, with small files."""
    with taping(place) as (tape, bench):
        account = bench.account()
        for number in range(jobs):
            job = bench.submit(account, f"take {number}")
            tape.acknowledged[job.id] = len(tape.happened)
            if number % 3 == 2:
                continue
            lease = bench.engine.claim("taped")
            assert lease is not None
            path = place / "made.mp4"
            path.write_bytes(random.Random(number).randbytes(3000))
            clip = NewAsset("video", bench.engine.vault.put(path), "video/mp4", verdict={"allowed": True}, signature="taped")
            bench.engine.publish(lease, [clip])
            tape.published[lease.id] = len(tape.happened)
    return tape


def lay_out(tape: Tape, before: dict[str, bytes], cut: int, rng: random.Random, place: Path) -> None:
    """Writes into ``place`` what a disk that held ``before`` may hold when the power goes after ``cut`` happenings."""
    files = {name: bytearray(data) for name, data in before.items()}
    pending: dict[str, list[tuple[Any, ...]]] = {}
    synced: set[str] = set()
    folders: dict[str, bool] = {}
    names: dict[str, tuple[bytes, bool]] = {}
    for what, path, *more in tape.happened[:cut]:
        if what in ("write", "truncate"):
            pending.setdefault(path, []).append((what, *more))
        elif what == "mkdir":
            folders[path] = False
        elif what == "rename":
            source, data = more
            names[path] = (data if source in synced else torn(data, rng), False)
        else:
            for one in pending.pop(path, ()):
                apply(files.setdefault(path, bytearray()), one)
            synced.add(path)
            folders |= {name: True for name in folders if str(Path(name).parent) == path}
            names |= {name: (data, True) for name, (data, _) in names.items() if str(Path(name).parent) == path}
    for path, waiting in pending.items():
        for one in waiting:
            if rng.random() < 0.5:
                apply(files.setdefault(path, bytearray()), one if rng.random() < 0.5 else shortened(one, rng))
    for path, data in files.items():
        (place / path).write_bytes(data)
    gone = {name for name, sure in folders.items() if not sure and rng.random() < 0.5}
    for path, (data, sure) in names.items():
        folder = str(Path(path).parent)
        if folder not in gone and (sure or rng.random() < 0.5):
            (place / folder).mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)


def apply(data: bytearray, one: tuple[Any, ...]) -> None:
    """One write or truncation."""
    if one[0] == "truncate":
        del data[one[1] :]
        return
    _, offset, piece = one
    data.extend(bytes(max(0, offset - len(data))))
    data[offset : offset + len(piece)] = piece


def shortened(one: tuple[Any, ...], rng: random.Random) -> tuple[Any, ...]:
    return one if one[0] == "truncate" else (one[0], one[1], torn(one[2], rng))


def torn(data: bytes, rng: random.Random) -> bytes:
    """The first sectors of it, or none."""
    return data[: SECTOR * rng.randint(0, len(data) // SECTOR)]


def check_image(tape: Tape, before: dict[str, bytes], seed: int, ground: Ground) -> None:
    """One image: sound, all acknowledged jobs there, all published files whole, nothing half visible."""
    rng = random.Random(seed)
    cut = rng.randint(0, len(tape.happened))
    with ground.place(checksums=False) as place:
        lay_out(tape, before, cut, rng, place)
        with visiting(place) as found:
            with found.engine.database.reading() as tx:
                assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            present = {job.id: job.state for job in found.engine.jobs(limit=100).data}
            lost = [job_id for job_id, at in tape.acknowledged.items() if at <= cut and job_id not in present]
            undone = [job_id for job_id, at in tape.published.items() if at <= cut and present[job_id] != "completed"]
            assert not lost and not undone, f"after {cut} of {len(tape.happened)}: lost {lost}, undone {undone}"
            for path in (place / "vault").glob("??/*"):
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name, f"after {cut}: {path.name} is half there"
            assert found.findings() == []


def cut_the_power(seed: int, ground: Ground) -> None:
    """Row 2: one image of a tape that is recorded once for a hundred of them."""
    key = f"tape {seed // 100}"
    if key not in ground.kept:
        with ground.place(checksums=False) as place:
            before = {"misora.db": (place / "misora.db").read_bytes()}
            ground.kept[key] = (record(place), before)
    tape, before = ground.kept[key]
    check_image(tape, before, seed, ground)

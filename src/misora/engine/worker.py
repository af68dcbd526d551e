"""A worker: claims a job, carries it out, publishes, again. One thread works, another keeps the lease; jobs made together have two each.

A worker may die at any line. It then falls silent, its lease runs out, and any other worker takes the job back; nothing it had not
published is seen. Its name is new with every start, so none is ever taken for another.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from misora.base.errors import ConflictError, InputError, Refused, StoreUnavailable
from misora.engine.batching import may_share
from misora.engine.kinds import files_of
from misora.engine.leases import LeaseLost
from misora.engine.pulse import PauseAsked, Pulse, StopAsked
from misora.engine.service import Engine
from misora.engine.unfinished import Unfinished
from misora.engine.work import Tools, carry_out
from misora.store.assets import NewAsset, find_asset
from misora.store.records import Asset, Job
from misora.store.vault import BlobMissing

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.2
"""Between two looks at an empty queue."""
PUBLISH_TRIES = 5


def new_worker_name() -> str:
    """Host and process for people, chance for certainty."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(6)}"


@dataclass(slots=True)
class Worker:
    """Takes jobs of ``engine`` and makes them with ``tools``.

    Args:
        stopping: Set it, and the worker hands its job back at the next step and leaves.
        pulses: Of the jobs that it works on now, by id.
    """

    engine: Engine
    tools: Tools
    name: str = field(default_factory=new_worker_name)
    stopping: threading.Event = field(default_factory=threading.Event)
    pulses: dict[str, Pulse] = field(default_factory=dict)
    _swept_at: float = 0.0
    _collected_at: float = 0.0

    def run(self) -> None:
        """Works until ``stopping`` is set; a store that is away is waited for."""
        while not self.stopping.is_set():
            try:
                self.keep_house()
                worked = self.run_once()
            except StoreUnavailable as error:
                log.warning("%s", error)
                worked = False
            if not worked:
                self.stopping.wait(IDLE_SECONDS)

    def run_until_idle(self) -> int:
        """Works until nothing may start; returns how many jobs it took. Executes a queue in the calling process."""
        taken = 0
        while now := self.run_once():
            taken += now
        return taken

    @property
    def pulse(self) -> Pulse | None:
        """Of the job that it works on now, where it is one."""
        return next(iter(self.pulses.values())) if len(self.pulses) == 1 else None

    def run_once(self) -> int:
        """Takes one job, with others that are best made together with it, and brings their turns to an end; returns how many."""
        first = self.engine.claim(self.name)
        if first is None:
            return 0
        jobs = [first, *self._company(first)]
        if len(jobs) == 1:
            self._take(first, nullcontext())
        else:
            together([partial(self._take, job, seat) for job, seat in zip(jobs, self.tools.renderer.seats(len(jobs)), strict=True)])
        return len(jobs)

    def _company(self, first: Job) -> Iterator[Job]:
        """The jobs that come next, while they are like ``first`` and there is room; a store that goes away now stops no job."""
        room = self.tools.renderer.room_for(first) if may_share(first) else 1
        with suppress(StoreUnavailable, ConflictError):
            while room > 1 and (job := self.engine.claim(self.name, like=first)) is not None:
                room -= 1
                yield job

    def _take(self, job: Job, seat: AbstractContextManager[None]) -> None:
        """A job's turn, from its claim to its end; what it computes happens in ``seat``."""
        log.info("claimed %s, attempt %d", job.id, job.attempts)
        seated = False
        try:
            with Pulse(self.engine, job, self.stopping) as pulse:
                self.pulses[job.id] = pulse
                with seat:
                    seated = True
                    turn = self._make(job, pulse)
                self._publish(job, turn)
        except LeaseLost:
            log.info("gave up %s: cancelled, or held by another worker", job.id)
        finally:
            self.pulses.pop(job.id, None)
            if not seated:
                # The others wait for everybody who has a seat.
                with seat:
                    pass

    def keep_house(self) -> None:
        """Takes jobs back from silent workers, and more rarely collects garbage, which reads the whole vault; every worker does."""
        now, timing = self.engine.clock(), self.engine.timing
        if now - self._swept_at >= timing.sweep:
            self._swept_at = now
            for job in self.engine.sweep():
                log.warning("took %s back from a silent worker; it is %s", job.id, job.state)
        if now - self._collected_at >= timing.garbage / 4:
            self._collected_at = now
            self.engine.collect_garbage()

    def _make(self, job: Job, pulse: Pulse) -> Turn:
        """A turn with the outputs of ``job``; without when it ended otherwise, which is then written down."""
        with tempfile.TemporaryDirectory(prefix="misora-job-") as scratch, self._turn(job, Path(scratch)) as turn:
            turn.outputs = carry_out(job, self._inputs(job), self.tools, turn.unfinished, pulse.progress, pulse.preview)
        return turn

    @contextmanager
    def _turn(self, job: Job, scratch: Path) -> Iterator[Turn]:
        """Writes down how a turn ends that does not end with outputs."""
        turn = Turn(Unfinished(self.engine, job, scratch))
        try:
            yield turn
        except LeaseLost:
            raise
        except PauseAsked:
            turn.unfinished.flush()
            self.engine.pause_here(job)
        except (StopAsked, KeyboardInterrupt):
            turn.unfinished.flush()
            self.engine.hand_back(job)
            self.stopping.set()
        except Refused as refused:
            turn.close(self.engine.block(job, refused))
        except InputError as error:
            turn.close(self.engine.fail(job, "invalid_request", str(error), retry=False))
        except StoreUnavailable as error:
            self.engine.fail(job, "store_unavailable", str(error), retry=True)
        except Exception as error:
            log.exception("%s failed", job.id)
            said = f"{type(error).__name__} while making it; the worker's log says more"
            turn.close(self.engine.fail(job, "render_failed", said, retry=True))

    def _inputs(self, job: Job) -> list[Asset]:
        """The files that a request names, if they are its account's."""
        with self.engine.database.reading() as tx:
            found = [(file_id, find_asset(tx, file_id, job.account_id)) for file_id in files_of(job.request)]
        missing = [file_id for file_id, asset in found if asset is None]
        if missing:
            raise InputError(f"file {missing[0]!r} is not there any more; upload it again", field="file")
        return [asset for _, asset in found if asset is not None]

    def _publish(self, job: Job, turn: Turn) -> None:
        """Publishes; a store that is away is tried again while the lease lasts, for the work is done."""
        outputs = turn.outputs
        if outputs is None:
            return
        self.tools.on_step("publish")
        try:
            turn.close(patiently(lambda: self.engine.publish(job, outputs)))
            log.info("completed %s", job.id)
        except BlobMissing as error:
            # It was so slow that its own files were taken for garbage.
            self.engine.fail(job, "store_unavailable", str(error), retry=True)


@dataclass(slots=True)
class Turn:
    """What a turn has made so far."""

    unfinished: Unfinished
    outputs: tuple[NewAsset, ...] | None = None

    def close(self, job: Job) -> None:
        """Clears unfinished work away where ``job``, as it is now, will not be gone on with."""
        if job.checkpoint is None:
            self.unfinished.discard()


def together(works: Sequence[Callable[[], None]]) -> None:
    """Runs each in a thread of its own, waits for all, then raises what the first that failed raised."""
    failed: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(work,), name=f"work {number}") for number, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def patiently(act: Callable[[], Job]) -> Job:
    """``act()``, again after a moment when the store is away or somebody else wrote at the same instant."""
    for attempt in range(PUBLISH_TRIES):
        try:
            return act()
        except LeaseLost:
            raise
        except (StoreUnavailable, ConflictError):
            if attempt == PUBLISH_TRIES - 1:
                raise
            time.sleep(0.1 * 2**attempt)
    raise AssertionError("unreachable")

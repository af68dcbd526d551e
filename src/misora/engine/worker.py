"""A worker: claims a job, carries it out, publishes, again. One thread works, another keeps the lease.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from misora.base.errors import ConflictError, InputError, Refused, StoreUnavailable
from misora.engine.kinds import files_of
from misora.engine.leases import LeaseLost
from misora.engine.pulse import PauseAsked, Pulse, StopAsked
from misora.engine.service import Engine
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
        pulse: Of the job that it works on now; None between jobs.
    """

    engine: Engine
    tools: Tools
    name: str = field(default_factory=new_worker_name)
    stopping: threading.Event = field(default_factory=threading.Event)
    pulse: Pulse | None = None
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
        while self.run_once():
            taken += 1
        return taken

    def run_once(self) -> bool:
        """Takes one job and brings its turn to an end; False when nothing may start."""
        job = self.engine.claim(self.name)
        if job is None:
            return False
        log.info("claimed %s, attempt %d", job.id, job.attempts)
        try:
            with Pulse(self.engine, job, self.stopping) as self.pulse:
                outputs = self._make(job, self.pulse)
                self._publish(job, outputs)
        except LeaseLost:
            log.info("gave up %s: cancelled, or held by another worker", job.id)
        finally:
            self.pulse = None
        return True

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

    def _make(self, job: Job, pulse: Pulse) -> tuple[NewAsset, ...] | None:
        """The outputs of ``job``; None when its turn ended otherwise, which is then written down."""
        with tempfile.TemporaryDirectory(prefix="misora-job-") as scratch, self._turn(job) as turn:
            turn.outputs = carry_out(job, self._inputs(job), self.tools, Path(scratch), pulse.progress, pulse.preview)
        return turn.outputs

    @contextmanager
    def _turn(self, job: Job) -> Iterator[Turn]:
        """Writes down how a turn ends that does not end with outputs."""
        turn = Turn()
        try:
            yield turn
        except LeaseLost:
            raise
        except PauseAsked:
            self.engine.pause_here(job)
        except (StopAsked, KeyboardInterrupt):
            self.engine.hand_back(job)
            self.stopping.set()
        except Refused as refused:
            self.engine.block(job, refused)
        except InputError as error:
            self.engine.fail(job, "invalid_request", str(error), retry=False)
        except StoreUnavailable as error:
            self.engine.fail(job, "store_unavailable", str(error), retry=True)
        except Exception as error:
            log.exception("%s failed", job.id)
            self.engine.fail(job, "render_failed", f"{type(error).__name__} while making it; the worker's log says more", retry=True)

    def _inputs(self, job: Job) -> list[Asset]:
        """The files that a request names, if they are its account's."""
        with self.engine.database.reading() as tx:
            found = [(file_id, find_asset(tx, file_id, job.account_id)) for file_id in files_of(job.request)]
        missing = [file_id for file_id, asset in found if asset is None]
        if missing:
            raise InputError(f"file {missing[0]!r} is not there any more; upload it again", field="file")
        return [asset for _, asset in found if asset is not None]

    def _publish(self, job: Job, outputs: tuple[NewAsset, ...] | None) -> None:
        """Publishes; a store that is away is tried again while the lease lasts, for the work is done."""
        if outputs is None:
            return
        self.tools.on_step("publish")
        try:
            patiently(lambda: self.engine.publish(job, outputs))
            log.info("completed %s", job.id)
        except BlobMissing as error:
            # It was so slow that its own files were taken for garbage.
            self.engine.fail(job, "store_unavailable", str(error), retry=True)


@dataclass(slots=True)
class Turn:
    """What a turn has made so far."""

    outputs: tuple[NewAsset, ...] | None = None


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

"""Keeps a lease while work goes on: a thread that beats, and the progress callback through which the work hears of a wish."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from misora.base.canvas import Frames
from misora.base.errors import Cancelled, ConflictError, StoreUnavailable
from misora.base.progress import Step
from misora.engine.leases import Beat, LeaseLost
from misora.engine.service import Engine
from misora.media.stills import encode_image
from misora.store.records import Job

log = logging.getLogger(__name__)

SHARES = {"denoise": (0, 85), "decode": (85, 99)}
"""From and to which percent each stage of a render goes."""


class PauseAsked(Cancelled):
    """The job's owner wants it to pause."""


class StopAsked(Cancelled):
    """The worker is told to leave."""


class Pulse:
    """Beats for one job until the block ends; ``progress`` raises as soon as the work has to stop.

    Args:
        job: As it was claimed.
        stopping: Set when the worker has to leave.
    """

    def __init__(self, engine: Engine, job: Job, stopping: threading.Event) -> None:
        self.engine = engine
        self.job = job
        self.stopping = stopping
        self._said = Beat()
        self._lost = False
        self._pausing = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"pulse of {job.id}", daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def progress(self, step: Step) -> None:
        """Notes how far the work is; raises LeaseLost, PauseAsked or StopAsked when it has to stop."""
        if self._lost:
            raise LeaseLost(f"{self.job.id} is no longer ours")
        if self._pausing:
            raise PauseAsked("its owner paused it")
        if self.stopping.is_set():
            raise StopAsked("the worker was told to stop")
        low, high = SHARES.get(step.stage, (0, 99))
        percent = low + (high - low) * step.done // max(1, step.total)
        self._said = Beat(percent, step.stage, self._said.preview)

    def preview(self, frames: Frames) -> None:
        """Shows the last of ``frames`` with the next beat."""
        self._said = Beat(self._said.progress, self._said.stage, encode_image(frames[-1], "WEBP", quality=70))

    def beat(self) -> None:
        """One beat: says how far the work is, hears what is wished."""
        said, self._said = self._said, Beat(self._said.progress, self._said.stage)
        try:
            self._pausing = self.engine.beat(self.job, said).wish == "pause"
        except LeaseLost:
            self._lost = True
        except (StoreUnavailable, ConflictError) as error:
            log.warning("beat of %s not heard: %s", self.job.id, error)

    def _keep(self) -> None:
        while not self._ended.wait(self.engine.timing.beat) and not self._lost:
            self.beat()

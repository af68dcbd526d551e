"""Several workers on one machine, each a process of its own; one that dies is started again, after a pause that grows."""

from __future__ import annotations

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
HEALTHY_SECONDS = 60.0
"""A worker that lived so long begins again with the shortest pause."""
LEAVING_SECONDS = 30.0


@dataclass(slots=True)
class Place:
    """Where a worker runs, is to run again, or has left for good (``process`` None and ``again_at`` infinite)."""

    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    again_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS


def run_processes(arguments: Sequence[str], count: int, *, stopping: threading.Event | None = None) -> int:
    """Keeps ``count`` processes of ``arguments`` running until they all leave of their own accord, or until told to stop.

    Returns:
        0. SIGINT and SIGTERM are passed on, and the processes are waited for.
    """
    stopping = stopping or stop_on_signals()
    places = [Place() for _ in range(count)]
    while not stopping.is_set():
        for place in places:
            tend(place, arguments, time.monotonic())
        if all(place.process is None and place.again_at == float("inf") for place in places):
            break
        stopping.wait(0.2)
    leave(places)
    return 0


def tend(place: Place, arguments: Sequence[str], now: float) -> None:
    """Starts a worker where none runs and it is time to; notes one that has ended."""
    if place.process is None:
        if now >= place.again_at:
            place.process, place.started_at = subprocess.Popen(arguments), now
        return
    code = place.process.poll()
    if code is None:
        return
    place.process = None
    if code == 0:
        place.again_at = float("inf")
        return
    place.pause = FIRST_PAUSE_SECONDS if now - place.started_at >= HEALTHY_SECONDS else min(2 * place.pause, LONGEST_PAUSE_SECONDS)
    place.again_at = now + place.pause
    log.warning("a worker ended with code %d; another starts in %.0f s", code, place.pause)


def leave(places: Sequence[Place]) -> None:
    """Asks every worker to leave and waits; one that does not is killed, and its job goes to another by its lease."""
    running = [place.process for place in places if place.process is not None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping

"""Workers as actors of a Ray cluster: more while jobs wait, fewer when none do, a new one wherever there is room when one is lost.

Ray only says where a worker runs. What waits, what is being made and what is done stands in the database: an actor that is lost with
its node is a worker that falls silent, and its job goes to another when its lease ends. So Ray's own retries and restarts stay off.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from misora.base.errors import InputError, MissingExtraError, StoreUnavailable
from misora.engine.service import Engine
from misora.engine.worker import IDLE_SECONDS, Worker
from misora.store.jobs import count_states

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks at what waits and who is left."""
PATIENCE_SECONDS = 60.0
"""An actor for which there was no job for so long leaves."""
HERE = ("", "local")


@dataclass(frozen=True, slots=True)
class Size:
    """How many actors there may be, and what each is given.

    Args:
        fewest: Kept even when nothing waits, so that a first job does not wait for networks to load.
        cpus, gpus: Of each actor; Ray starts it where these are free, and an autoscaling cluster grows until they are.
    """

    fewest: int = 0
    most: int = 4
    cpus: float = 1.0
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.fewest <= self.most or self.most < 1:
            raise InputError(f"fewest={self.fewest} and most={self.most} leave no room; 0 <= fewest <= most and 1 <= most", field="most")


def wanted(waiting: int, running: int, size: Size) -> int:
    """How many actors there should be: one for each job that waits or runs, within the bounds."""
    return min(size.most, max(size.fewest, waiting + running))


class Member:
    """What runs inside an actor: one worker, until it has had nothing to do for a while.

    Args:
        build: Makes the worker, in the actor's process and with the settings of its machine.
    """

    def __init__(self, build: Callable[[], Worker]) -> None:
        self.worker = build()

    def run(self, patience: float) -> int:
        """Takes jobs until none came for ``patience`` seconds or it is told to stop; returns how many."""
        taken, idle_since = 0, time.monotonic()
        while not self.worker.stopping.is_set() and time.monotonic() - idle_since < patience:
            try:
                self.worker.keep_house()
                if now := self.worker.run_once():
                    taken, idle_since = taken + now, time.monotonic()
                    continue
            except StoreUnavailable as error:
                log.warning("%s", error)
            self.worker.stopping.wait(IDLE_SECONDS)
        return taken

    def stop(self) -> None:
        """Hands its job back at the next step and leaves."""
        self.worker.stopping.set()


@dataclass(slots=True)
class RayPool:
    """Keeps the actors of one install.

    Args:
        ray: The ``ray`` module, connected to a cluster.
        build: See ``Member``; pickled and sent to the actors.
        members: Actors by the reference to what their ``run`` will return.
        lost: How many ended otherwise than of their own accord.
    """

    ray: Any
    engine: Engine
    build: Callable[[], Worker]
    size: Size
    patience: float = PATIENCE_SECONDS
    members: dict[Any, Any] = field(default_factory=dict)
    lost: int = 0

    def run(self, stopping: threading.Event) -> None:
        """Until ``stopping`` is set; then every actor hands its job back."""
        while not stopping.is_set():
            try:
                self.tend()
            except StoreUnavailable as error:
                log.warning("%s", error)
            stopping.wait(LOOK_SECONDS)
        self.leave()

    def tend(self) -> None:
        """Forgets actors that have ended, and starts those that are wanted."""
        self.forget_ended()
        with self.engine.database.reading() as tx:
            states = count_states(tx)
        missing = wanted(states.get("queued", 0), states.get("in_progress", 0), self.size) - len(self.members)
        for _ in range(max(0, missing)):
            self.start()

    def start(self) -> None:
        """One more actor. It has two threads: one works, one hears that it should stop."""
        options = {"num_cpus": self.size.cpus, "num_gpus": self.size.gpus, "max_restarts": 0, "max_task_retries": 0, "max_concurrency": 2}
        actor = self.ray.remote(Member).options(**options).remote(self.build)
        self.members[actor.run.remote(self.patience)] = actor

    def forget_ended(self) -> None:
        ended, _ = self.ray.wait(list(self.members), num_returns=len(self.members), timeout=0) if self.members else ([], [])
        for reference in ended:
            self.members.pop(reference)
            try:
                log.info("an actor left after %d jobs", self.ray.get(reference))
            except self.ray.exceptions.RayError as error:
                self.lost += 1
                log.warning("an actor was lost (%s); its job waits for its lease to end", type(error).__name__)

    def leave(self) -> None:
        """Asks all actors to stop, and waits for them; one that is lost meanwhile is no matter."""
        for actor in self.members.values():
            actor.stop.remote()
        if self.members:
            self.ray.wait(list(self.members), num_returns=len(self.members), timeout=30.0)
        self.members.clear()


def connect(address: str) -> Any:
    """The ``ray`` module, connected to the cluster at ``address``; "local" starts one on this machine.

    Raises:
        MissingExtraError: Ray is not installed.
        InputError: The cluster would run code for whoever reaches it.
        StoreUnavailable: No cluster answers there.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("--ray needs Ray: pip install 'misora[ray]'") from error
    if address not in HERE and os.environ.get("RAY_AUTH_MODE") != "token":
        raise InputError(
            f"--ray {address}: a cluster without RAY_AUTH_MODE=token runs code for whoever reaches it; set it here and on every node",
            field="ray",
        )
    if not ray.is_initialized():
        try:
            ray.init(address=None if address in HERE else address, include_dashboard=False, log_to_driver=True, configure_logging=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise StoreUnavailable(f"no Ray cluster answers at {address}: {str(error).splitlines()[0]}") from error
    return ray

"""``misora worker``: takes jobs from the queue and makes them, until it is told to stop."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from misora.engine.worker import Worker


def worker(
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Leave when nothing waits any more.")] = False,
    processes: Annotated[int, typer.Option(help="Workers to run; each loads the networks for itself.")] = 1,
    ray: Annotated[str, typer.Option(help="Run them on the Ray cluster at this address, or `local`; as many as there is work for.")] = "",
    fewest: Annotated[int, typer.Option(help="With --ray: workers that stay when nothing waits.")] = 0,
    most: Annotated[int, typer.Option(help="With --ray: workers at most.")] = 4,
    gpus: Annotated[float, typer.Option(help="With --ray: GPUs for each worker.")] = 0.0,
) -> None:
    """Makes the jobs that wait.

    Stopped with Ctrl-C or a polite kill, it hands its job back; killed at any other moment, the job goes to another worker in
    half a minute.
    """
    import logging

    from misora.base.errors import InputError
    from misora.engine.processes import run_processes

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # lists its plugins at every start
    if ray:
        return work_on_ray(ray, fewest, most, gpus)
    if not 1 <= processes <= 64:
        raise InputError(f"processes={processes} is outside 1 to 64; nearest: {min(max(processes, 1), 64)}", field="processes")
    if processes > 1:
        arguments = [sys.executable, "-m", "misora.cli.main", "worker", *(["--until-idle"] if until_idle else [])]
        raise typer.Exit(run_processes(arguments, processes))
    work_here(until_idle)


def work_here(until_idle: bool) -> None:
    """One worker in this process."""
    one = build_worker()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: one.stopping.set())
    one.keep_house()
    print(f"{one.run_until_idle()} jobs taken" if until_idle else f"worker {one.name} waits for jobs", file=sys.stderr)
    if not until_idle:
        one.run()


def work_on_ray(address: str, fewest: int, most: int, gpus: float) -> None:
    """Workers as actors of a Ray cluster, each with the settings of the machine it runs on."""
    from misora.base.settings import load_settings
    from misora.engine.processes import stop_on_signals
    from misora.engine.ray_pool import RayPool, Size, connect
    from misora.engine.service import open_engine

    size = Size(fewest, most, gpus=gpus)
    pool = RayPool(connect(address), open_engine(load_settings()), build_worker, size)
    stopping = stop_on_signals()
    print(f"{fewest} to {most} workers on the Ray cluster at {address}", file=sys.stderr)
    pool.run(stopping)


def build_worker() -> Worker:
    """A worker with the networks, by this machine's settings."""
    from misora.base.settings import load_settings
    from misora.engine.judging import load_rules
    from misora.engine.rendering import NativeRenderer
    from misora.engine.service import open_engine
    from misora.engine.signing import RecipeSigner
    from misora.engine.work import Tools
    from misora.engine.worker import Worker

    engine = open_engine(load_settings())
    return Worker(engine, Tools(NativeRenderer(), load_rules(), RecipeSigner(), engine.vault))

"""A small Ray cluster that loses a node in the middle of a job; run by ``tests/engine/test_ray_pool.py`` as a process of its own.

    python tests/ray_drive.py FOLDER

Ray leaves threads and processes behind that a test run would complain about, and its nodes are started and killed from here.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from engines import Bench, make_bench
from misora.engine.leases import Timing
from misora.engine.ray_pool import RayPool, Size
from misora.engine.worker import Worker
from misora.store.database import open_database

TESTS = Path(__file__).resolve().parent
TIMING = Timing(lease=3.0, beat=0.3, sweep=0.5, max_attempts=9, retry=0.1)
HEALTH = {"health_check_initial_delay_ms": 500, "health_check_period_ms": 500, "health_check_failure_threshold": 3}
JOBS = 4
NO_CLUSTER = 3
"""Exit code where no cluster came up, which says nothing about ours."""
PATIENCE_SECONDS = 240.0


def at(place: Path) -> Bench:
    """The install in ``place``, on the clock of the world."""
    bench = make_bench(open_database(f"sqlite:///{place}/misora.db"), place, TIMING)
    bench.engine.clock = time.time
    bench.engine.vault.clock = time.time  # type: ignore[attr-defined]
    return bench


def build(place: Path, head: str) -> Worker:
    """A worker of ``place``; the first one that works elsewhere than on the node ``head`` stays for ever in the middle of its job."""
    import ray

    bench, here = at(place), ray.get_runtime_context().get_node_id()

    def stay() -> None:
        if here != head and not (place / "first").exists():
            (place / "first").touch()
            threading.Event().wait()

    bench.painter.before_step = lambda job, _: stay()
    return bench.worker()


def start(ray: Any) -> tuple[Any, Any]:
    """A cluster of two nodes with room for one worker each, and the one that is not its head; leaves where it does not come up."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 << 20}
    try:
        cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False, "_system_config": HEALTH})
        other = cluster.add_node(**node)
        ray.init(address=cluster.address, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": str(TESTS)}})
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(NO_CLUSTER)
    return cluster, other


def drive(place: Path) -> dict[str, object]:
    """Jobs on two nodes, of which one is killed in the middle of a job; the other makes them all."""
    import ray

    cluster, other = start(ray)
    bench = at(place)
    account = bench.account()
    jobs = [bench.submit(account, f"take {number}").id for number in range(JOBS)]
    pool = RayPool(ray, bench.engine, partial(build, place, cluster.head_node.node_id), Size(0, 2), patience=1.0)
    stopping = threading.Event()
    keeper = threading.Thread(target=pool.run, args=(stopping,))
    keeper.start()
    wait_for(lambda: (place / "first").exists(), keeper)
    cluster.remove_node(other, allow_graceful=False)
    wait_for(lambda: {bench.engine.job(job_id).state for job_id in jobs} == {"completed"} and not pool.members, keeper)
    stopping.set()
    keeper.join()
    found = [bench.engine.job(job_id) for job_id in jobs]
    ray.shutdown()
    cluster.shutdown()
    return {
        "states": [job.state for job in found],
        "attempts": sorted(job.attempts for job in found),
        "lost": pool.lost,
        "charged": bench.engine.credits(account)[0].videos_charged,
        "findings": bench.findings(),
    }


def wait_for(holds: Callable[[], bool], keeper: threading.Thread) -> None:
    """Until something holds, or for as long as it can be hoped for."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds() and time.monotonic() < end:
        keeper.join(0.1)


if __name__ == "__main__":
    print(json.dumps(drive(Path(sys.argv[1]))))

"""What every benchmark prints: the machine, medians with their spread, a Markdown table."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence


def facts() -> str:
    """Processor, cores, memory, Python, and how busy it is now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{processor()}, {cores} cores, {memory:.0f} GiB, Python {platform.python_version()}, load average {load:.1f}"


def processor() -> str:
    """The processor's name, and its matrix units where Linux tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return platform.processor() or platform.machine()
    name = next((line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")), platform.machine())
    units = [unit for unit in ("amx_bf16", "avx512_bf16", "avx2") if unit in text]
    return f"{name} ({units[0]})" if units else name


def seconds_of(work: Callable[[], object], runs: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each of ``runs`` calls, after one that is not counted.

    Args:
        clock: ``time.process_time`` measures one thread fairly on a busy machine.
    """
    work()
    taken = []
    for _ in range(runs):
        started = clock()
        work()
        taken.append(clock() - started)
    return taken


def spread(values: Sequence[float], digits: int = 2) -> str:
    """``median (least to most)``."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table whose first row is the heading."""
    heading, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([heading, "|" + " --- |" * len(rows[0]), *body])


if __name__ == "__main__":
    print(facts())

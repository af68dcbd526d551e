"""Times the whole command, start-up included, and measures its peak memory.

python benchmarks/generate.py [--clips 416x256/2,832x480/5] [--runs N] [--quick]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import facts, markdown, spread

SOURCE = Path(__file__).resolve().parents[1] / "src"
COMMAND = [sys.executable, "-m", "misora.cli.main"]


def measure(arguments: list[str], environ: dict[str, str]) -> tuple[float, float, float]:
    """(seconds, processor seconds, peak MiB) of one run of the command."""
    started = time.perf_counter()
    process = subprocess.Popen([*COMMAND, *arguments], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"misora {' '.join(arguments)} failed with exit code {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def weights_in_use(spare: Path) -> tuple[str, str]:
    """As ``standins.weights_folder``, in a process of its own: a child's peak memory counts that of the parent it was forked from."""
    command = [sys.executable, str(Path(__file__).with_name("standins.py")), str(spare)]
    folder, kind = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    ).stdout.split("\n")[:2]
    return folder, kind


def row(what: str, arguments: list[str], environ: dict[str, str], runs: int) -> list[str]:
    """One line of the table; one run before it warms the disk."""
    measure(arguments, environ)
    results = [measure(arguments, environ) for _ in range(runs)]
    seconds, processor, peaks = zip(*results, strict=True)
    return [what, spread(seconds), spread(processor), f"{max(peaks):,.0f}", str(runs)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--clips", default="416x256/2,416x256/5,832x480/2,832x480/5", help="SIZE/SECONDS, separated by commas")
    parser.add_argument("--quick", action="store_true", help="fewer steps: checks the script, measures little")
    options = parser.parse_args()
    wanted = [clip.split("/") for clip in options.clips.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        weights, kind = weights_in_use(Path(folder) / "weights")
        environ = os.environ | {"MISORA_WEIGHTS": weights, "PYTHONPATH": str(SOURCE)}
        steps = ["--steps", "2"] if options.quick else []
        clip = ["generate", "a dog runs along the beach", "--seed", "1", *steps, "--out", f"{folder}/a.mp4"]
        rows = [
            ["command", "seconds: median (least to most)", "processor seconds", "peak MiB", "N"],
            row("misora --help", ["--help"], environ, max(5, options.runs)),
            *(
                row(f"{seconds} s at {size}, 24 fps", [*clip, "--seconds", seconds, "--size", size], environ, options.runs)
                for size, seconds in wanted
            ),
        ]
    print(f"{facts()}; {kind} weights; `{' '.join(['python', *sys.argv])}`\n\n{markdown(rows)}")


if __name__ == "__main__":
    main()

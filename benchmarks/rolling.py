"""Long clips: seconds to the first decoded frame, seconds in all and peak memory, streamed from noise to an MP4.

    python benchmarks/rolling.py [--size 128x128] [--steps 2] [--seconds 5,20,60]
    python benchmarks/rolling.py --size 832x480 --steps 0     # as users get it: Turbo where there is one, upsampled

Each length runs in a process of its own, weights loaded; "first frame" counts from the request to the first picture, without loading.
``--steps 0`` is the model's own way. Few steps and a small picture keep it short: memory does not depend on steps, and its growth with
length is what is looked at.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from generate import SOURCE, weights_in_use
from machine import facts, markdown


def child(size: str, steps: int, seconds: float, weights: str) -> None:
    """Makes one clip and prints wall seconds to the first frame and in all, then processor seconds in all, after loading."""
    from misora.base.canvas import Canvas, Span
    from misora.base.sampled_size import sampled_size
    from misora.base.settings import load_settings
    from misora.base.shapes import VideoShape, frames_for, parse_size
    from misora.media.encode import write_video
    from misora.media.pictures import Picture
    from misora.pipelines.native import load_pipeline

    pipeline = load_pipeline(Path(weights), "cpu", load_settings().threads)
    shape = VideoShape(frames_for(seconds, 24.0), *parse_size(size), 24.0)
    sampled = None if pipeline.enlarger is None else sampled_size(shape.height, shape.width)
    canvas = Canvas(shape=shape, spans=(Span("a dog runs along the beach"),), seed=1, steps=steps or None, sampled=sampled)
    started, used, first = time.perf_counter(), time.process_time(), []

    def pictures() -> Iterator[Picture]:
        for piece in pipeline.iter_frames(canvas):
            first.append(time.perf_counter() - started)
            yield from piece

    with tempfile.TemporaryDirectory() as folder:
        write_video(Path(folder) / "clip.mp4", pictures(), 24.0)
    print(first[0], time.perf_counter() - started, time.process_time() - used)


def row(size: str, steps: int, seconds: float, weights: str) -> list[str]:
    command = [sys.executable, __file__, "--size", size, "--steps", str(steps), "--seconds", str(seconds), "--weights", weights, "--child"]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(SOURCE)}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with exit code {process.returncode}")
    first, whole, used = map(float, printed.split())
    return [f"{seconds:g} s", f"{first:.2f}", f"{whole:.1f}", f"{used:.1f}", f"{usage.ru_maxrss / 1024:,.0f}", "1"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="128x128")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--seconds", default="5,20,60")
    parser.add_argument("--weights", help=argparse.SUPPRESS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.size, options.steps, float(options.seconds), options.weights)
        return
    with tempfile.TemporaryDirectory() as folder:
        weights, kind = weights_in_use(Path(folder) / "weights")
        table = [["length", "first frame, s", "all, s", "processor s", "peak MiB", "N"]]
        table += [row(options.size, options.steps, float(seconds), weights) for seconds in options.seconds.split(",")]
    said = f"{options.steps} steps" if options.steps else "the model's own steps"
    print(f"{facts()}; {kind} weights; {options.size}, {said}; `{' '.join(['python', *sys.argv])}`\n\n{markdown(table)}")


if __name__ == "__main__":
    main()

"""What making jobs of one shape together gains: processor seconds for each, made alone and made together, with the shipped weights.

    python benchmarks/batching.py [--jobs 4] [--runs 3]

Only sampling: decoding and files are the same either way. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import threading
import time

from machine import facts, markdown, spread

from misora.base.canvas import Canvas, Span
from misora.base.sampled_size import sampled_size
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape
from misora.pipelines.native import NativePipeline, load_pipeline
from misora.pipelines.together import Table

SHAPES = {
    "still, 480p": VideoShape(1, 480, 832, 24.0),
    "1 s, 256x256": VideoShape(25, 256, 256, 24.0),
    "2 s, 480p": VideoShape(49, 480, 832, 24.0),
}
STEPS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    settings = load_settings()
    pipeline = load_pipeline(settings.weights, settings.device, settings.threads)
    rows = [["what", "together", "processor seconds a job, median (least to most)", "N"]]
    for name, shape in SHAPES.items():
        for together in dict.fromkeys((1, 2, args.jobs)):
            sampled(pipeline, shape, together)
            seconds = [sampled(pipeline, shape, together) / together for _ in range(args.runs)]
            rows.append([name, str(together), spread(seconds, digits=2), str(args.runs)])
    print(facts(), markdown(rows), sep="\n\n")


def sampled(pipeline: NativePipeline, shape: VideoShape, count: int) -> float:
    """Processor seconds of this process for ``count`` videos at one table."""
    table, begun = Table(count), time.process_time()

    def work(seed: int) -> None:
        with table.seat():
            canvas = Canvas(
                shape, (Span("a dog runs along the beach"),), seed=seed, steps=STEPS, sampled=sampled_size(shape.height, shape.width)
            )
            next(pipeline.iter_frames(canvas))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.process_time() - begun


if __name__ == "__main__":
    main()

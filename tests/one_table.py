"""Several videos made at one table, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable

from misora.base.canvas import Canvas, Frames
from misora.base.progress import Step
from misora.pipelines.native import NativePipeline
from misora.pipelines.together import Table


class Stopped(Exception):
    """What a cancelled job raises."""


def never(_: Step) -> None:
    return


def all_at_one_table(pipeline: NativePipeline, canvases: list[Canvas], progress: list[Callable[[Step], None]]) -> list[Frames | None]:
    """The frames of each; None for one that was stopped."""
    table, made = Table(len(canvases)), dict[int, Frames | None]()

    def work(index: int) -> None:
        made[index] = None
        try:
            with table.seat():
                made[index] = pipeline.sample(canvases[index], progress[index])
        except (Stopped, RuntimeError):
            return

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(canvases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [made[index] for index in range(len(canvases))]

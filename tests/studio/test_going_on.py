"""Pausing and resuming as a person does it, over HTTP, with the real networks at toy size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from misora.base.canvas import Frames
from misora.base.progress import Progress, Step
from misora.engine.judging import load_rules
from misora.engine.rendering import NativeRenderer
from misora.engine.signing import RecipeSigner
from misora.engine.unfinished import Unfinished
from misora.engine.work import Rendering, Tools
from misora.engine.worker import Worker
from misora.store.records import Job
from studios import Rig

VIDEO = {"prompt": "a dog runs", "size": "64x64", "seconds": "8", "fps": 8, "steps": 3, "seed": 5}


class Watched(NativeRenderer):
    """Tells of each denoising step that is made."""

    def __init__(self, after_step: Callable[[int], None]) -> None:
        super().__init__()
        self.after_step = after_step

    def begin(
        self, job: Job, inputs: Mapping[str, Path], progress: Progress, preview: Callable[[Frames], None], unfinished: Unfinished
    ) -> Rendering:
        def report(step: Step) -> None:
            if step.stage == "denoise":
                self.after_step(step.done)
            progress(step)

        return super().begin(job, inputs, report, preview, unfinished)


def worker_of(rig: Rig, after_step: Callable[[int], None]) -> Worker:
    engine = rig.bench.engine
    return Worker(engine, Tools(Watched(after_step), load_rules(), RecipeSigner(), engine.vault))


def test_a_video_that_was_paused_and_resumed_is_the_video_that_was_not(rig: Rig, tiny_weights_in_use: None) -> None:
    first = rig.create(**VIDEO)["id"]
    made: list[int] = []

    def pause(done: int) -> None:
        made.append(done)
        if done == 8:
            rig.ok(rig.client.post(f"/v1/videos/{first}/pause"))
            assert worker.pulse is not None
            worker.pulse.beat()

    worker = worker_of(rig, pause)
    worker.run_once()
    paused = rig.get(f"/v1/videos/{first}")
    assert paused["state"] == "paused" and 50 < paused["progress"] < 100
    second = rig.create(**VIDEO)["id"]
    worker = worker_of(rig, lambda _: None)
    worker.run_until_idle()
    assert rig.get(f"/v1/videos/{first}")["state"] == "paused" and rig.get(f"/v1/videos/{second}")["status"] == "completed"
    assert rig.ok(rig.client.post(f"/v1/videos/{first}/resume"))["status"] == "queued"
    assert made == [1, 2, 3, 4, 5, 6, 7, 8]
    made.clear()
    worker_of(rig, made.append).run_until_idle()
    assert made == [3, 6, 9] and rig.get(f"/v1/videos/{first}")["progress"] == 100
    contents = [rig.client.get(f"/v1/videos/{video}/content").content for video in (first, second)]
    assert contents[0] == contents[1] and b"ftyp" in contents[0][:12]
    assert rig.bench.findings() == []


@pytest.mark.parametrize("again", ["cancel", "delete"])
def test_cancelling_a_paused_video_leaves_nothing_behind(rig: Rig, tiny_weights_in_use: None, again: str) -> None:
    video = rig.create(**VIDEO)["id"]

    def pause(done: int) -> None:
        if done == 4:
            rig.ok(rig.client.post(f"/v1/videos/{video}/pause"))
            assert worker.pulse is not None
            worker.pulse.beat()

    worker = worker_of(rig, pause)
    worker.run_once()
    assert len(list(rig.bench.engine.vault.stored())) == 2
    path = f"/v1/videos/{video}"
    assert rig.client.delete(path).status_code == 200 if again == "delete" else rig.client.post(f"{path}/cancel").status_code == 200
    rig.bench.clock.pass_seconds(2 * 3600)
    worker.keep_house()
    assert list(rig.bench.engine.vault.stored()) == [] and rig.bench.findings() == []

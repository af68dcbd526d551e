"""The real networks at toy size, stopped in the middle: what comes out is the file that would have come out, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from engines import Bench
from misora.base.canvas import Frames
from misora.base.progress import Progress, Step
from misora.base.shapes import VideoShape
from misora.engine.judging import load_rules
from misora.engine.kinds import check_request
from misora.engine.rendering import NativeRenderer
from misora.engine.signing import RecipeSigner
from misora.engine.submission import Submission
from misora.engine.unfinished import Unfinished
from misora.engine.work import Rendering, Tools
from misora.engine.worker import Worker
from misora.media.encode import write_video
from misora.store.assets import NewAsset, add_asset
from misora.store.records import Job

LONG = {"prompt": "a dog runs", "size": "64x64", "seconds": 8, "fps": 8, "steps": 3, "seed": 5}
"""Its first picture and two windows, of three steps each."""


class Killed(BaseException):
    """What a kill is to whoever looks at the database: nothing more is written."""


class Watched(NativeRenderer):
    """The renderer of a real install; tells of every step that it really makes."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[int] = []
        self.after_step: Callable[[int], None] = lambda _: None

    def begin(
        self, job: Job, inputs: Mapping[str, Path], progress: Progress, preview: Callable[[Frames], None], unfinished: Unfinished
    ) -> Rendering:
        def report(step: Step) -> None:
            if step.stage == "denoise":
                self.steps.append(step.done)
                self.after_step(step.done)
            progress(step)

        return super().begin(job, inputs, report, preview, unfinished)


def worker_of(bench: Bench) -> tuple[Worker, Watched]:
    renderer = Watched()
    return Worker(bench.engine, Tools(renderer, load_rules(), RecipeSigner(), bench.engine.vault)), renderer


def submitted(bench: Bench, account: str, kind: str, request: Mapping[str, object]) -> Job:
    shape = check_request(kind, request) or VideoShape(65, 64, 64, 8.0)
    return bench.engine.submit(Submission(account, kind, request, shape))


def made(bench: Bench, job: Job) -> str:
    """The digest of the finished file."""
    done = bench.engine.job(job.id)
    assert done.state == "completed", (done.error_code, done.error_message)
    return bench.engine.outputs(job.id)["video"].digest


def kill_after(step: int) -> Callable[[int], None]:
    def act(done: int) -> None:
        if done == step:
            raise Killed

    return act


@pytest.fixture(autouse=True)
def _on_tiny_weights(tiny_weights_in_use: None) -> None:
    """Only asks for the shared fixture."""


@pytest.fixture
def clip(bench: Bench, tmp_path: Path) -> Callable[[str], str]:
    """Uploads a clip for an account; its id."""

    def upload(account: str) -> str:
        path = tmp_path / "clip.mp4"
        write_video(path, np.random.default_rng(0).integers(0, 255, (9, 64, 64, 3), np.uint8), 8)
        with bench.engine.database.transaction() as tx:
            blob = bench.engine.vault.put(path)
            return add_asset(tx, bench.engine.vault, NewAsset("input", blob, "video/mp4"), account_id=account, job_id=None, at=1.0).id

    return upload


@pytest.mark.parametrize(("step", "left"), [(7, [3, 6, 7, 8, 9]), (5, [3, 4, 5, 6, 7, 8, 9]), (2, [1, 2, 3, 4, 5, 6, 7, 8, 9])])
def test_a_killed_job_goes_on_from_its_last_window(bench: Bench, step: int, left: list[int]) -> None:
    """The first reports of the turn after are of the windows that were found."""
    account = bench.account()
    whole = submitted(bench, account, "generate", LONG)
    worker, renderer = worker_of(bench)
    worker.run_until_idle()
    job = submitted(bench, account, "generate", LONG)
    renderer.after_step = kill_after(step)
    with pytest.raises(Killed):
        worker.run_until_idle()
    assert bench.engine.job(job.id).state == "in_progress"
    bench.clock.pass_seconds(31)
    bench.engine.sweep()
    another, renderer = worker_of(bench)
    another.run_until_idle()
    assert renderer.steps == left and made(bench, job) == made(bench, whole)
    assert bench.engine.job(job.id).attempts == 2 and bench.findings() == []


def test_a_killed_job_goes_on_from_the_last_step_that_was_kept(bench: Bench) -> None:
    account = bench.account()
    worker, renderer = worker_of(bench)
    job = submitted(bench, account, "generate", LONG)

    def act(done: int) -> None:
        bench.clock.pass_seconds(6.0)
        if done == 3 - 1:
            raise Killed

    renderer.after_step = act
    with pytest.raises(Killed):
        worker.run_until_idle()
    bench.clock.pass_seconds(31)
    bench.engine.sweep()
    another, renderer = worker_of(bench)
    another.run_until_idle()
    assert renderer.steps == [3, 4, 5, 6, 7, 8, 9]
    whole = submitted(bench, account, "generate", LONG)
    another.run_until_idle()
    assert made(bench, job) == made(bench, whole)


@pytest.mark.parametrize("how", ["paused", "stopped"])
def test_a_paused_or_stopped_job_loses_no_step_and_keeps_the_seed_that_was_drawn(bench: Bench, how: str) -> None:
    account = bench.account()
    request = {key: value for key, value in LONG.items() if key != "seed"}
    job = submitted(bench, account, "generate", request)
    worker, renderer = worker_of(bench)

    def act(done: int) -> None:
        if done != 8:
            return
        if how == "stopped":
            worker.stopping.set()
            return
        bench.engine.pause(job.id)
        assert worker.pulse is not None
        worker.pulse.beat()

    renderer.after_step = act
    worker.run_once()
    assert bench.engine.job(job.id).state == ("paused" if how == "paused" else "queued")
    bench.engine.resume(job.id)
    another, renderer = worker_of(bench)
    another.run_until_idle()
    assert renderer.steps == [3, 6, 9]
    seed = (bench.engine.outputs(job.id)["video"].recipe or {})["seed"]
    whole = submitted(bench, account, "generate", LONG | {"seed": seed})
    another.run_until_idle()
    assert made(bench, job) == made(bench, whole)


def test_an_edit_goes_on_with_its_second_canvas(bench: Bench, clip: Callable[[str], str]) -> None:
    account = bench.account()
    pieces = [{"clip": 1}, {"seconds": 1}, {"clip": 1}, {"seconds": 1}, {"clip": 1}]
    tool = {"tool": "recut", "pieces": pieces}
    request = {"tool": tool, "clips": [clip(account)], "prompt": "a dog runs", "steps": 2, "seed": 3}
    assert_goes_on(bench, account, request, windows=1)


def test_a_storyboard_goes_on_with_its_next_card(bench: Bench) -> None:
    cards = [{"at": 0, "text": "a dog runs"}, {"at": 1, "text": "a cat sleeps", "transition": "cut"}]
    board = {"height": 64, "width": 64, "fps": 8, "seconds": 2, "cards": cards}
    assert_goes_on(bench, bench.account(), {"tool": {"tool": "storyboard", "board": board}, "clips": [], "steps": 2, "seed": 3}, windows=2)


def assert_goes_on(bench: Bench, account: str, request: Mapping[str, object], *, windows: int) -> None:
    """Killed in its second canvas, an edit of two canvases of so many windows of two steps makes that one again and no other."""
    whole = submitted(bench, account, "edit", request)
    worker, renderer = worker_of(bench)
    worker.run_until_idle()
    assert made(bench, whole) and len(renderer.steps) == 4 * windows
    job = submitted(bench, account, "edit", request)
    renderer.after_step = kill_after(2 * windows + 1)
    with pytest.raises(Killed):
        worker.run_until_idle()
    bench.clock.pass_seconds(31)
    bench.engine.sweep()
    another, renderer = worker_of(bench)
    another.run_until_idle()
    found, again = [2, 4][:windows], list(range(2 * windows + 1, 4 * windows + 1))
    assert renderer.steps == [*found, *again] and made(bench, job) == made(bench, whole)


def test_other_weights_begin_anew(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from misora.models.registry import save_model
    from tiny import awake, tiny_transformer, write_tiny_weights

    job = submitted(bench, bench.account(), "generate", LONG)
    worker, renderer = worker_of(bench)
    renderer.after_step = kill_after(4)
    with pytest.raises(Killed):
        worker.run_until_idle()
    bench.clock.pass_seconds(31)
    bench.engine.sweep()
    other = write_tiny_weights(tmp_path / "other")
    network = tiny_transformer()
    awake(network, 77)
    save_model(other, "transformer", network, recipe="other")
    monkeypatch.setenv("MISORA_WEIGHTS", str(other))
    another, renderer = worker_of(bench)
    another.run_until_idle()
    assert renderer.steps == [1, 2, 3, 4, 5, 6, 7, 8, 9] and made(bench, job)


def test_a_video_that_does_not_fit_into_the_memory_fails_at_once_and_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISORA_MEMORY", "300MiB")
    job = submitted(bench, bench.account(), "generate", LONG | {"size": "1280x720", "native": True})
    worker, _ = worker_of(bench)
    worker.run_until_idle()
    done = bench.engine.job(job.id)
    assert (done.state, done.error_code, done.attempts) == ("failed", "invalid_request", 1)
    assert "1280x720 takes about" in (done.error_message or "") and "MISORA_MEMORY allows 300" in (done.error_message or "")

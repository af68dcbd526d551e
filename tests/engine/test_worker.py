"""A worker carries jobs out: the steps in order, every way that a turn can end, and nothing served that was not judged and signed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines import Bench
from misora.base.errors import InputError
from misora.base.recipe import Recipe
from misora.engine import work
from misora.engine.judging import Verdict
from misora.engine.kinds import check_request
from misora.engine.submission import Submission
from misora.engine.work import STEPS
from misora.engine.worker import Worker
from misora.media.decode import read_video
from misora.media.probe import probe
from misora.media.stills import read_image, still_metadata
from misora.store.assets import NewAsset, add_asset
from misora.store.records import Job


def beat_of(worker: Worker) -> None:
    """The next beat, now instead of in two seconds."""
    assert worker.pulse is not None
    worker.pulse.beat()


def test_a_job_becomes_a_video_a_thumbnail_and_a_spritesheet(any_bench: Bench) -> None:
    account = any_bench.account()
    job = any_bench.submit(account)
    steps: list[str] = []
    assert any_bench.worker(steps.append).run_until_idle() == 1
    assert tuple(steps) == STEPS
    done = any_bench.engine.job(job.id, account)
    assert (done.state, done.progress, done.error_code) == ("completed", 100, None)
    files = any_bench.engine.outputs(job.id, account)
    assert set(files) == {"video", "thumbnail", "spritesheet"}
    assert all(file.signature == "recipe/1" and file.verdict == Verdict(True, "rules/1").to_dict() for file in files.values())
    video = any_bench.engine.open_asset(files["video"])
    assert read_video(video).frames.shape == (4, 64, 64, 3)
    assert Recipe.from_json(probe(video).metadata["comment"]).prompt == "a dog runs"
    assert still_metadata(any_bench.engine.open_asset(files["thumbnail"]))["title"] == "a dog runs"
    assert any_bench.engine.credits(account)[0].credits_charged == 1
    assert any_bench.findings() == []


def test_a_still_is_a_png(bench: Bench) -> None:
    request = {"prompt": "a dog", "size": "64x96"}
    shape = check_request("image", request)
    assert shape is not None
    job = bench.engine.submit(Submission(bench.account(), "image", request, shape))
    bench.worker().run_until_idle()
    files = bench.engine.outputs(job.id)
    assert set(files) == {"image", "thumbnail"}
    assert read_image(bench.engine.open_asset(files["image"])).shape == (96, 64, 3)


def test_words_that_are_not_allowed_block_the_job_and_cost_nothing(bench: Bench) -> None:
    account = bench.account()
    for prompt, caption in [("a beheading", "a scene"), ("a scene", "a beheading")]:
        bench.painter.caption = caption
        job = bench.submit(account, prompt)
        bench.worker().run_until_idle()
        done = bench.engine.job(job.id)
        assert (done.state, done.error_code) == ("blocked", "moderation_blocked")
        assert "violence/graphic" in (done.error_message or "")
    assert bench.engine.credits(account)[0].credits_left == 1000
    assert list(bench.engine.vault.stored()) == [] and bench.findings() == []


@pytest.mark.parametrize("method", ["judge_text", "judge_frames"])
def test_a_judge_that_is_down_means_nothing_is_served(bench: Bench, method: str) -> None:
    def down(_: object) -> Verdict:
        raise ConnectionError("no answer")

    job = bench.submit(bench.account())
    worker = bench.worker()
    setattr(worker.tools.judge, method, down)
    worker.run_until_idle()
    done = bench.engine.job(job.id)
    assert (done.state, done.error_code) == ("blocked", "moderation_unavailable")
    assert bench.engine.outputs(job.id) == {} and bench.engine.credits(done.account_id)[0].credits_charged == 0


def test_frames_that_are_not_allowed_are_not_kept(bench: Bench) -> None:
    job = bench.submit(bench.account())
    worker = bench.worker()
    seen: list[int] = []

    def judge_frames(frames: np.ndarray) -> Verdict:  # type: ignore[type-arg]
        seen.append(len(frames))
        return Verdict(len(frames) == 1, "strict", "violence", "blood")

    worker.tools.judge.judge_frames = judge_frames  # type: ignore[method-assign]
    worker.run_until_idle()
    assert bench.engine.job(job.id).state == "blocked" and list(bench.engine.vault.stored()) == []
    assert max(seen) == 2


def test_a_file_without_its_recipe_is_not_served(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "metadata_of", lambda _: {})
    job = bench.submit(bench.account())
    for _ in range(3):
        bench.worker().run_until_idle()
        bench.clock.pass_seconds(100)
    assert bench.engine.job(job.id).state == "failed" and bench.engine.outputs(job.id) == {}


def test_what_the_caller_can_mend_fails_at_once_and_says_so(bench: Bench) -> None:
    bench.painter.raises["odd"] = InputError("size has an odd side; nearest: 64x64", field="size")
    job = bench.submit(bench.account(), "odd")
    bench.worker().run_until_idle()
    done = bench.engine.job(job.id)
    assert (done.state, done.error_code, done.error_message) == ("failed", "invalid_request", "size has an odd side; nearest: 64x64")


def test_any_other_failure_is_tried_three_times_with_growing_waits_and_leaks_nothing(bench: Bench) -> None:
    bench.painter.raises["bad"] = MemoryError("0x1234 at a secret path")
    account = bench.account()
    job = bench.submit(account, "bad")
    worker = bench.worker()
    assert worker.run_until_idle() == 1
    assert bench.engine.job(job.id).state == "queued"
    bench.clock.pass_seconds(5)
    assert worker.run_until_idle() == 1
    bench.clock.pass_seconds(5)
    assert worker.run_until_idle() == 0
    bench.clock.pass_seconds(5)
    assert worker.run_until_idle() == 1
    done = bench.engine.job(job.id)
    assert (done.state, done.error_code, done.attempts) == ("failed", "render_failed", 3)
    assert "secret" not in (done.error_message or "") and bench.engine.credits(account)[0].credits_charged == 0


def test_a_cancelled_job_stops_at_the_next_step_and_nothing_is_kept(bench: Bench) -> None:
    job = bench.submit(bench.account())
    steps: list[int] = []
    worker = bench.worker()

    def cancel(running: Job, index: int) -> None:
        steps.append(index)
        if index == 1:
            bench.engine.cancel(running.id)
            beat_of(worker)

    bench.painter.before_step = cancel
    worker.run_until_idle()
    assert steps == [0, 1] and bench.engine.job(job.id).state == "cancelled"
    assert list(bench.engine.vault.stored()) == []


def test_a_paused_job_gives_the_worker_free_and_goes_on_when_resumed(bench: Bench) -> None:
    job = bench.submit(bench.account())
    worker = bench.worker()

    def pause(running: Job, index: int) -> None:
        if index == 1 and running.lease_token == 1:
            bench.engine.pause(running.id)
            beat_of(worker)

    bench.painter.before_step = pause
    assert worker.run_until_idle() == 1 and bench.engine.job(job.id).state == "paused"
    bench.engine.resume(job.id)
    assert worker.run_until_idle() == 1 and bench.engine.job(job.id).state == "completed"


def test_a_worker_that_is_told_to_stop_hands_its_job_back(bench: Bench) -> None:
    job = bench.submit(bench.account())
    worker = bench.worker()
    bench.painter.before_step = lambda running, index: worker.stopping.set()
    worker.run()
    back = bench.engine.job(job.id)
    assert (back.state, back.attempts) == ("queued", 0)


def test_files_of_the_request_are_the_accounts_own_or_missing(bench: Bench, tmp_path: Path) -> None:
    mine, other = bench.account(), bench.account("bob")
    file = tmp_path / "a.png"
    file.write_bytes(b"picture")
    with bench.engine.database.transaction() as tx:
        blob = bench.engine.vault.put(file)
        theirs = add_asset(tx, bench.engine.vault, NewAsset("input", blob, "image/png"), account_id=other, job_id=None, at=1.0)
        own = add_asset(tx, bench.engine.vault, NewAsset("input", blob, "image/png"), account_id=mine, job_id=None, at=1.0)
    good, bad = (bench.submit(mine, images=[{"file": asset.id}]) for asset in (own, theirs))
    bench.worker().run_until_idle()
    assert bench.engine.job(good.id).state == "completed"
    assert bench.engine.job(bad.id).error_code == "invalid_request"


def test_every_worker_keeps_the_house(bench: Bench, tmp_path: Path) -> None:
    job, worker = bench.submit(bench.account()), bench.worker()
    bench.engine.claim("silent")
    worker.keep_house()
    assert bench.engine.job(job.id).state == "in_progress"
    bench.clock.pass_seconds(31)
    worker.keep_house()
    assert bench.engine.job(job.id).state == "queued"
    file = tmp_path / "left behind"
    file.write_bytes(b"by a worker that was killed before it published")
    bench.engine.vault.put(file)
    bench.clock.pass_seconds(3500)
    worker.keep_house()
    assert len(list(bench.engine.vault.stored())) == 1
    bench.clock.pass_seconds(1000)
    worker.keep_house()
    assert list(bench.engine.vault.stored()) == []

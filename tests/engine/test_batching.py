"""Jobs made together: who joins, and that fairness, cancelling and kills are as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engines import Bench
from misora.base.errors import StoreUnavailable
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape
from misora.engine.batching import shape_from
from misora.engine.judging import load_rules
from misora.engine.kinds import check_request
from misora.engine.pulse import Pulse
from misora.engine.rendering import NativeRenderer, rows_of
from misora.engine.service import Engine
from misora.engine.signing import RecipeSigner
from misora.engine.submission import Submission
from misora.engine.work import Tools
from misora.engine.worker import Worker
from misora.store.records import Job


@pytest.fixture
def roomy(bench: Bench) -> Bench:
    """A bench whose worker makes up to four together."""
    bench.painter.room = 4
    return bench


def states(bench: Bench, jobs: list[Job]) -> list[str]:
    return [bench.engine.job(job.id).state for job in jobs]


def test_jobs_that_are_alike_are_made_together_and_published_each(roomy: Bench) -> None:
    account = roomy.account(plan="local")
    jobs = [roomy.submit(account, f"take {number}") for number in range(6)]
    assert roomy.worker().run_until_idle() == 6
    assert states(roomy, jobs) == ["completed"] * 6 and roomy.painter.together == [4, 2]
    assert all(set(roomy.engine.outputs(job.id)) == {"video", "thumbnail", "spritesheet"} for job in jobs) and roomy.findings() == []


@pytest.mark.parametrize("other", [{"size": "64x96"}, {"steps": 9}, {"guidance": 2.0}, {"native": True}, {"seconds": 1.0}])
def test_a_job_that_is_not_alike_is_never_overtaken(roomy: Bench, other: dict[str, object]) -> None:
    account, started = roomy.account(plan="local"), list[str]()
    roomy.painter.before_step = lambda job, index: started.append(job.id) if index == 0 else None
    jobs = [roomy.submit(account, "a"), roomy.submit(account, "b"), roomy.submit(account, "c", **other), roomy.submit(account, "d")]
    roomy.worker().run_until_idle()
    assert roomy.painter.together == [2] and set(started[:2]) == {jobs[0].id, jobs[1].id}
    assert started[2:] == [jobs[2].id, jobs[3].id]


def test_the_next_account_joins_before_the_second_job_of_the_first(roomy: Bench) -> None:
    roomy.painter.room = 2
    ada, bob, started = roomy.account("ada"), roomy.account("bob"), list[str]()
    roomy.painter.before_step = lambda job, index: started.append(job.account_id) if index == 0 else None
    for account in (ada, ada, ada, bob):
        roomy.submit(account)
    roomy.worker().run_once()
    assert set(started) == {ada, bob}


def test_a_plans_limit_of_running_jobs_holds_within_a_batch(roomy: Bench) -> None:
    account = roomy.account(plan="free")
    for number in range(3):
        roomy.submit(account, f"take {number}")
    assert roomy.worker().run_until_idle() == 3 and roomy.painter.together == []


def test_one_of_a_batch_is_cancelled_and_the_others_are_delivered(roomy: Bench) -> None:
    account = roomy.account(plan="local")
    jobs = [roomy.submit(account, f"take {number}") for number in range(3)]
    worker = roomy.worker()

    def cancel(job: Job, index: int) -> None:
        if job.id == jobs[1].id and index == 1:
            roomy.engine.cancel(job.id)
            worker.pulses[job.id].beat()

    roomy.painter.before_step = cancel
    worker.run_until_idle()
    assert states(roomy, jobs) == ["completed", "cancelled", "completed"] and roomy.findings() == []


def test_one_of_a_batch_that_fails_takes_no_other_with_it(roomy: Bench) -> None:
    account = roomy.account(plan="local")
    roomy.painter.raises["bad"] = MemoryError()
    jobs = [roomy.submit(account, prompt) for prompt in ("good", "bad", "better")]
    roomy.worker().run_once()
    assert states(roomy, jobs) == ["completed", "queued", "completed"]


def test_after_a_kill_each_is_made_alone_so_that_one_that_kills_harms_no_other(roomy: Bench) -> None:
    account = roomy.account(plan="local")
    jobs = [roomy.submit(account, f"take {number}") for number in range(3)]
    first = roomy.engine.claim("killed")
    assert first is not None
    while roomy.engine.claim("killed", like=first) is not None:
        pass
    roomy.clock.pass_seconds(31)
    roomy.engine.sweep()
    fresh = roomy.submit(account, "take 3")
    assert roomy.worker().run_until_idle() == 4 and roomy.painter.together == []
    assert states(roomy, [*jobs, fresh]) == ["completed"] * 4


def test_a_worker_that_is_told_to_stop_hands_the_whole_batch_back(roomy: Bench) -> None:
    account = roomy.account(plan="local")
    jobs = [roomy.submit(account, f"take {number}") for number in range(2)]
    worker = roomy.worker()
    roomy.painter.before_step = lambda *_: worker.stopping.set()
    worker.run()
    assert states(roomy, jobs) == ["queued"] * 2 and all(roomy.engine.job(job.id).attempts == 0 for job in jobs)


def test_a_store_that_goes_away_while_company_is_sought_stops_no_job(roomy: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    account = roomy.account(plan="local")
    jobs = [roomy.submit(account, f"take {number}") for number in range(2)]
    right = Engine.claim

    def claim(engine: Engine, worker: str, like: Job | None = None) -> Job | None:
        if like is not None:
            raise StoreUnavailable("the database does not answer")
        return right(engine, worker)

    monkeypatch.setattr(Engine, "claim", claim)
    assert roomy.worker().run_until_idle() == 2 and states(roomy, jobs) == ["completed"] * 2


def test_one_that_cannot_begin_leaves_its_seat_to_nobody(roomy: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    account = roomy.account(plan="local")
    jobs = [roomy.submit(account, f"take {number}") for number in range(2)]
    right, left = Pulse.__enter__, list[str]()

    def enter(pulse: Pulse) -> Pulse:
        if pulse.job.id == jobs[0].id:
            raise RuntimeError("no thread can be started")
        return right(pulse)

    @contextmanager
    def seat(name: str) -> Iterator[None]:
        yield
        left.append(name)

    monkeypatch.setattr(Pulse, "__enter__", enter)
    roomy.painter.seats = lambda count: [seat(name) for name in "ab"]  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="no thread"):
        roomy.worker().run_once()
    assert sorted(left) == ["a", "b"] and states(roomy, jobs) == ["in_progress", "completed"]


def test_a_device_that_is_not_there_ends_a_job_with_its_sentence(bench: Bench, tiny_weights_in_use: None) -> None:
    settings = load_settings({"MISORA_WEIGHTS": str(load_settings().weights), "MISORA_DEVICE": "cuda:7"})
    job = bench.submit(bench.account())
    Worker(bench.engine, Tools(NativeRenderer(settings), load_rules(), RecipeSigner(), bench.engine.vault)).run_once()
    done = bench.engine.job(job.id)
    assert (done.state, done.error_code) == ("failed", "invalid_request") and "choose auto, cpu or cuda" in (done.error_message or "")


def test_stills_made_together_are_the_bytes_made_alone(bench: Bench, tiny_weights_in_use: None) -> None:
    account = bench.account(plan="local")
    request = {"prompt": "a dog runs", "size": "64x64", "steps": 2}
    shape = check_request("image", request)
    assert shape is not None

    def made(batch: str) -> list[str]:
        settings = load_settings({"MISORA_WEIGHTS": str(load_settings().weights), "MISORA_THREADS": "1", "MISORA_BATCH": batch})
        worker = Worker(bench.engine, Tools(NativeRenderer(settings), load_rules(), RecipeSigner(), bench.engine.vault))
        jobs = [bench.engine.submit(Submission(account, "image", request | {"seed": seed}, shape)) for seed in range(3)]
        first = worker.run_once()
        assert first == int(batch)
        worker.run_until_idle()
        return [bench.engine.outputs(job.id)["image"].digest for job in jobs]

    assert made("3") == made("1")


def test_rooms_are_measured_in_tokens_of_the_window() -> None:
    assert shape_from("48x480x832@23.976") == VideoShape(48, 480, 832, 23.976)
    assert rows_of(VideoShape(1, 64, 64, 24.0), native=True) == 2 * 1 * 2 * 2
    assert rows_of(VideoShape(480, 64, 96, 24.0), native=True) == 2 * 7 * 2 * 3

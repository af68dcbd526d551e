from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines import Bench
from misora.base.errors import StoreUnavailable
from misora.base.parts import Begun, Values
from misora.base.recipe import Recipe
from misora.base.shapes import VideoShape
from misora.engine.leases import LeaseLost
from misora.engine.unfinished import Unfinished
from misora.store.vault import Blob

RECIPE = Recipe("a dog", "a dog runs", VideoShape(9, 64, 64, 8.0), seed=3, steps=2, guidance=3.0, sampler="euler")


def values(number: float) -> Values:
    return np.full((1, 2, 3), number, np.float32)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def claimed(bench: Bench, scratch: Path, recipe: Recipe | None = RECIPE) -> Unfinished:
    """The next turn of the job that waits."""
    lease = bench.engine.claim("worker")
    assert lease is not None
    turn = Unfinished(bench.engine, lease, scratch)
    if recipe is not None:
        turn.belong_to(recipe)
    return turn


def stored(bench: Bench) -> int:
    return len(list(bench.engine.vault.stored()))


def test_the_next_turn_finds_what_the_last_one_made(any_bench: Bench, scratch: Path) -> None:
    any_bench.submit(any_bench.account())
    first = claimed(any_bench, scratch)
    first.keep("window 0", values(1))
    first.keep_begun("window 1", Begun(4, values(2)))
    first.flush()
    any_bench.engine.hand_back(first.lease)
    second = claimed(any_bench, scratch, None)
    assert second.recipe is not None and second.recipe.to_json() == RECIPE.to_json()
    found, begun = second.find("window 0"), second.find_begun("window 1")
    assert found is not None and np.array_equal(found, values(1))
    assert begun is not None and begun.steps == 4 and np.array_equal(begun.values, values(2))
    assert second.find("window 1") is None and second.find_begun("window 2") is None


def test_a_step_is_kept_now_and_then_and_only_the_last_one(bench: Bench, scratch: Path) -> None:
    bench.submit(bench.account())
    turn = claimed(bench, scratch)
    for step in range(1, 8):
        bench.clock.pass_seconds(1.0)
        turn.keep_begun("window 0", Begun(step, values(step)))
    assert turn.step is not None and turn.step.steps == 5 and stored(bench) == 1
    turn.flush()
    assert turn.step.steps == 7 and stored(bench) == 1
    turn.keep("window 0", values(9))
    turn.flush()
    checkpoint = bench.engine.job(turn.lease.id).checkpoint or {}
    assert turn.step is None and stored(bench) == 1 and (checkpoint["parts"], checkpoint["step"]) == (turn.parts, None)


def test_parts_of_another_recipe_are_forgotten(bench: Bench, scratch: Path) -> None:
    bench.submit(bench.account())
    turn = claimed(bench, scratch)
    turn.keep("window 0", values(1))
    bench.engine.hand_back(turn.lease)
    again = claimed(bench, scratch, None)
    again.belong_to(Recipe("a cat", "a cat runs", RECIPE.shape, seed=3, steps=2, guidance=3.0, sampler="euler"))
    assert again.find("window 0") is None


def test_a_worker_that_lost_its_lease_keeps_nothing_and_removes_nothing(bench: Bench, scratch: Path) -> None:
    bench.submit(bench.account())
    slow = claimed(bench, scratch)
    slow.keep_begun("window 0", Begun(1, values(1)))
    slow.flush()
    bench.clock.pass_seconds(31)
    bench.engine.sweep()
    quick = claimed(bench, scratch)
    with pytest.raises(LeaseLost):
        slow.keep("window 0", values(5))
    begun = quick.find_begun("window 0")
    assert begun is not None and np.array_equal(begun.values, values(1)) and quick.find("window 0") is None


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_what_is_gone_or_damaged_is_made_again(bench: Bench, scratch: Path, harm: str) -> None:
    bench.submit(bench.account())
    turn = claimed(bench, scratch)
    turn.keep("window 0", values(1))
    digest = turn.parts["window 0"]
    if harm == "gone":
        bench.engine.vault.remove(digest)
    else:
        bench.engine.vault.fetch(digest).write_bytes(b"\x93NUMPY and then something else")
    assert turn.find("window 0") is None


def test_a_full_vault_stops_no_work(bench: Bench, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> Blob:
        raise StoreUnavailable("the vault cannot be written: no space left on device")

    bench.submit(bench.account())
    turn = claimed(bench, scratch)
    monkeypatch.setattr(bench.engine.vault, "put", full)
    turn.keep("window 0", values(1))
    assert turn.parts == {} and bench.engine.job(turn.lease.id).checkpoint is None


def test_a_checkpoint_of_another_version_begins_anew(bench: Bench, scratch: Path) -> None:
    bench.submit(bench.account())
    turn = claimed(bench, scratch)
    bench.engine.note(turn.lease, {"frames": 8})
    bench.engine.hand_back(turn.lease)
    assert claimed(bench, scratch, None).recipe is None


def test_garbage_spares_unfinished_work_until_the_job_ends(any_bench: Bench, scratch: Path) -> None:
    job = any_bench.submit(any_bench.account())
    turn = claimed(any_bench, scratch)
    turn.keep("window 0", values(1))
    turn.keep_begun("window 1", Begun(1, values(2)))
    turn.flush()
    any_bench.engine.pause_here(turn.lease)
    any_bench.clock.pass_seconds(3 * 3600)
    assert any_bench.engine.collect_garbage() == 0 and any_bench.findings() == []
    any_bench.engine.cancel(job.id)
    assert any_bench.engine.collect_garbage() == 2 and any_bench.findings() == []


def test_a_failed_attempt_is_not_gone_on_with_but_a_store_that_was_away_is(bench: Bench, scratch: Path) -> None:
    bench.submit(bench.account())
    for code, gone_on in (("store_unavailable", True), ("render_failed", False)):
        turn = claimed(bench, scratch)
        turn.keep("window 0", values(1))
        bench.engine.fail(turn.lease, code, "it failed", retry=True)
        bench.clock.pass_seconds(60)
        assert bool(bench.engine.job(turn.lease.id).checkpoint) is gone_on


def test_a_finished_job_leaves_nothing_of_its_work(bench: Bench) -> None:
    bench.painter.keeps = True
    job = bench.submit(bench.account())
    bench.worker().run_until_idle()
    done = bench.engine.job(job.id)
    assert (done.state, done.checkpoint) == ("completed", None)
    assert {stored.digest for stored in bench.engine.vault.stored()} == {file.digest for file in bench.engine.outputs(job.id).values()}


def test_an_equal_job_that_ends_takes_nothing_from_another(bench: Bench, scratch: Path) -> None:
    account = bench.account()
    first, second = bench.submit(account), bench.submit(account)
    turns = [claimed(bench, scratch) for _ in (first, second)]
    for turn in turns:
        turn.keep("window 0", values(1))
    turns[0].discard()
    assert turns[0].find("window 0") is None and turns[1].find("window 0") is not None

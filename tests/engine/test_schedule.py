from __future__ import annotations

from misora.engine.schedule import RELAXED_PATIENCE_SECONDS, Candidate, in_order


def names(candidates: list[Candidate], running: dict[str, int] | None = None, limit: int = 2) -> list[str]:
    return [one.account_id for one in in_order(candidates, running or {}, {one.account_id: limit for one in candidates})]


def test_priority_goes_before_relaxed_until_the_relaxed_one_has_waited_long() -> None:
    fast, slow = Candidate("fast", "priority", 9, 1.0, 5.0), Candidate("slow", "relaxed", 1, 1000.0, 0.0)
    assert names([slow, fast]) == ["fast", "slow"]
    patient = Candidate("slow", "relaxed", 1, RELAXED_PATIENCE_SECONDS, 0.0)
    assert names([patient, fast]) == ["slow", "fast"]


def test_who_runs_least_comes_first_then_who_was_served_longest_ago_then_who_came_first() -> None:
    one, two, three = (
        Candidate(name, "priority", number, 1.0, served) for name, number, served in [("a", 1, 9.0), ("b", 2, 3.0), ("c", 3, 3.0)]
    )
    assert names([one, two, three]) == ["b", "c", "a"]
    assert names([one, two, three], {"b": 1}) == ["c", "a", "b"]


def test_an_account_at_its_limit_waits() -> None:
    assert names([Candidate("a", "priority", 1, 1.0, 0.0)], {"a": 2}) == []


def test_ten_accounts_with_one_job_start_before_the_second_of_an_account_with_a_thousand() -> None:
    queues = {"crowd": 1000, **{f"single {number}": 1 for number in range(10)}}
    served = dict.fromkeys(queues, 0.0)
    order = []
    for turn in range(12):
        heads = [Candidate(name, "priority", number, 1.0, served[name]) for number, name in enumerate(queues) if queues[name]]
        chosen = in_order(heads, {}, dict.fromkeys(queues, 1))[0].account_id
        queues[chosen] -= 1
        served[chosen] = turn + 1.0
        order.append(chosen)
    assert sorted(order[:11]) == sorted(queues) and order[11] == "crowd"

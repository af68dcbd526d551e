"""Progress is a callback; raising in it is how work is stopped."""

from __future__ import annotations

import pytest

from misora.base.errors import Cancelled
from misora.base.progress import Progress, Step, silent


def work(total: int, progress: Progress = silent) -> int:
    """Stands for any long job: reports after each unit."""
    for done in range(1, total + 1):
        progress(Step("denoise", done, total))
    return total


def test_silence_is_the_default_and_returns_nothing() -> None:
    assert work(3) == 3
    assert silent(Step("decode", 1, 1)) is None


def test_steps_arrive_in_order_as_values() -> None:
    seen: list[Step] = []
    work(2, seen.append)
    assert seen == [Step("denoise", 1, 2), Step("denoise", 2, 2)]


def test_raising_cancelled_in_the_callback_stops_the_work() -> None:
    seen: list[int] = []

    def stop_at_two(step: Step) -> None:
        seen.append(step.done)
        if step.done == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        work(100, stop_at_two)
    assert seen == [1, 2]

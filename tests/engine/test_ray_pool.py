"""Workers in a Ray cluster: how many, and that a lost one loses nothing. The cluster is real and runs where Ray is installed."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from misora.base.errors import InputError, MissingExtraError
from misora.engine.ray_pool import Member, Size, connect, wanted
from misora.store.database import open_database
from misora.store.migrate import migrate
from ray_drive import NO_CLUSTER, at

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("waiting", "running", "size", "number"),
    [
        (0, 0, Size(0, 4), 0),
        (0, 0, Size(2, 4), 2),
        (1, 0, Size(0, 4), 1),
        (1, 2, Size(0, 4), 3),
        (90, 4, Size(0, 4), 4),
        (1, 0, Size(2, 4), 2),
    ],
)
def test_there_are_as_many_as_there_is_work_for(waiting: int, running: int, size: Size, number: int) -> None:
    assert wanted(waiting, running, size) == number


@pytest.mark.parametrize(("fewest", "most"), [(-1, 4), (5, 4), (0, 0)])
def test_bounds_that_leave_no_room_are_told(fewest: int, most: int) -> None:
    with pytest.raises(InputError, match="no room"):
        Size(fewest, most)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    database = open_database(f"sqlite:///{tmp_path}/misora.db")
    migrate(database)
    database.close()
    return tmp_path


def test_a_member_works_until_it_is_idle_or_told_to_stop(place: Path) -> None:
    bench = at(place)
    account = bench.account()
    jobs = [bench.submit(account, f"take {number}") for number in range(2)]
    assert Member(lambda: at(place).worker()).run(0.3) == 2
    assert {bench.engine.job(job.id).state for job in jobs} == {"completed"}
    member = Member(lambda: at(place).worker())
    member.stop()
    assert member.run(60.0) == 0
    bench.engine.database.close()


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    right = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return right(name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", absent)
        with pytest.raises(MissingExtraError, match=r"pip install 'misora\[ray\]'"):
            connect("local")
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'misora[ray]'")
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    with pytest.raises(InputError, match="RAY_AUTH_MODE=token"):
        connect("ray.example:6379")


@pytest.mark.slow
def test_a_node_that_is_lost_in_the_middle_of_a_job_loses_nothing(place: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'misora[ray]'")
    environment = os.environ | {"PYTHONPATH": str(TESTS), "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    driven = subprocess.run(
        [sys.executable, TESTS / "ray_drive.py", place], env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    if driven.returncode == NO_CLUSTER:
        pytest.skip(f"no Ray cluster comes up on this machine: {driven.stderr.splitlines()[-1]}")
    assert driven.returncode == 0, driven.stderr[-2000:]
    found = json.loads(driven.stdout.splitlines()[-1])
    assert found["states"] == ["completed"] * 4 and found["charged"] == 4 and found["findings"] == []
    assert found["lost"] >= 1 and found["attempts"][-1] == 2

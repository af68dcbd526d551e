from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from misora.base.errors import InputError
from misora.base.settings import load_settings
from misora.base.shapes import VideoShape
from misora.engine.plans import Plan, load_plans, plan_of
from misora.engine.pricing import price
from misora.engine.work import STEPS

GOOD = "[a]\nmonthly_credits = 1\nmonthly_videos = 1\nmax_seconds = 1\nmax_resolution = 480\nmax_running = 1\nmax_waiting = 1\n"


def test_the_shipped_plans_are_those_that_are_promised() -> None:
    plans = load_plans(load_settings({}).plans)
    assert set(plans) == {"local", "free", "plus", "pro"}
    clip = price(VideoShape(120, 480, 832, 24))
    assert (plans["free"].monthly_videos, plans["free"].max_seconds, plans["free"].max_running) == (10, 5, 1)
    assert plans["plus"].monthly_credits == 50 * clip and plans["plus"].max_resolution == 720 and plans["plus"].max_running == 2
    assert plans["pro"].monthly_credits == 500 * clip and plans["pro"].relaxed and not plans["pro"].visible_mark
    assert plans["free"].visible_mark and plans["local"].unlimited


def test_longer_and_larger_cost_more_and_edits_less() -> None:
    one = price(VideoShape(120, 480, 832, 24))
    assert one == 20
    assert price(VideoShape(240, 480, 832, 24)) == 40
    assert price(VideoShape(120, 720, 1280, 24)) > 2 * one
    assert price(VideoShape(120, 480, 832, 24), is_edit=True) == 16
    assert price(VideoShape(1, 64, 64, 24)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1", "is not a table"),
        (GOOD + "colour = 1", "unknown keys colour"),
        ("[a]\nmax_seconds = 1", "lacks max_resolution"),
        (GOOD.replace("monthly_credits = 1", "monthly_credits = -1"), "a.monthly_credits=-1 must be a number of at least 0"),
        (GOOD + "relaxed = 1", "a.relaxed=1 must be true or false"),
        ("[", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_names_plan_and_key(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plans.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        load_plans(path)


def test_a_missing_file_or_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read") as caught:
        load_plans(tmp_path / "none.toml")
    assert caught.value.field == "MISORA_PLANS"
    with pytest.raises(InputError, match="choose one of local"):
        plan_of(load_plans(load_settings({}).plans), "gold")


def test_every_key_of_a_plan_and_every_step_is_explained_to_the_operator() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    words = [field.name for field in fields(Plan) if field.name != "name"] + list(STEPS)
    assert [word for word in words if f"`{word}`" not in text] == []

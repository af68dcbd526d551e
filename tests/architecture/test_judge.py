"""The judge only evaluates: evaluation loads it, and training only to go on training the judge itself."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "misora"
LOADS = re.compile(r"""load_judge|load_parser\([^)]*["']judge["']|evaluation\.judge""")


STARTERS = {"training/parser.py", "training/track_stage.py", "training/head_stage.py"}
"""Stages that train a parser of one role; they may go on from that role."""


def files_with(pattern: str) -> set[str]:
    return {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if re.search(pattern, path.read_text(encoding="utf-8"))}


def test_only_evaluation_loads_the_judge_and_what_trains_it() -> None:
    found = files_with(LOADS.pattern)
    assert {name for name in found if not name.startswith("evaluation/")} == {"training/parser_start.py"}
    assert files_with("parser_start") - {"training/parser_start.py"} == STARTERS


def test_a_run_goes_on_from_its_own_role_alone() -> None:
    for name in STARTERS:
        calls = re.findall(r"(?<!import )load_start.*?\)", (SOURCE / name).read_text(encoding="utf-8"))
        assert calls == ["load_start(Path(config.start)"], name
        assert "load_start(Path(config.start), config.role)" in (SOURCE / name).read_text(encoding="utf-8")


def test_no_room_that_trains_ranks_or_makes_videos_imports_evaluation() -> None:
    for room in ("training", "pipelines", "api", "models", "diffusion"):
        for path in (SOURCE / room).rglob("*.py"):
            assert "misora.evaluation" not in path.read_text(encoding="utf-8"), path


def test_parsers_are_loaded_by_name_so_that_the_search_above_sees_every_load() -> None:
    calls = [call for path in SOURCE.rglob("*.py") for call in re.findall(r"(?<!def )load_parser\((.*)", path.read_text(encoding="utf-8"))]
    assert len(calls) >= 2
    assert all('"critic"' in call or '"judge"' in call for call in calls)

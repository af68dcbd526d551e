"""The judge only evaluates: no room but evaluation loads it, and training writes it without ever reading it."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "misora"
LOADS = re.compile(r"""load_judge|load_parser\([^)]*["']judge["']|evaluation\.judge""")


def test_only_evaluation_loads_the_judge() -> None:
    found = {path.relative_to(SOURCE).parts[0] for path in SOURCE.rglob("*.py") if LOADS.search(path.read_text(encoding="utf-8"))}
    assert found == {"evaluation"}


def test_no_room_that_trains_ranks_or_makes_videos_imports_evaluation() -> None:
    for room in ("training", "pipelines", "api", "models", "diffusion"):
        for path in (SOURCE / room).rglob("*.py"):
            assert "misora.evaluation" not in path.read_text(encoding="utf-8"), path


def test_parsers_are_loaded_by_name_so_that_the_search_above_sees_every_load() -> None:
    calls = [call for path in SOURCE.rglob("*.py") for call in re.findall(r"(?<!def )load_parser\((.*)", path.read_text(encoding="utf-8"))]
    assert len(calls) >= 2
    assert all('"critic"' in call or '"judge"' in call for call in calls)

"""What a web process or `misora --help` imports must not load torch: each case runs in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"


def modules_under(*parts: str) -> list[str]:
    """Dotted names of every module in a room, read from the files so that none is forgotten."""
    files = sorted(SOURCE.joinpath("misora", *parts).rglob("*.py"))
    names = [".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__") for file in files]
    return [name for name in names if not name.endswith("__main__")]


LIGHT = {
    "misora": ["misora"],
    "base": modules_under("base"),
    "editing": modules_under("editing"),
    "prompting": modules_under("prompting"),
    "store": [name for name in modules_under("store") if "migrations" not in name],
    "engine": [name for name in modules_under("engine") if name != "misora.engine.rendering"],
    "studio": modules_under("studio"),
    "world's words": ["misora.world.cast", "misora.world.lexicon", "misora.world.captions", "misora.world.program"],
    "cli": ["misora.cli.main"],
}
HELP = """
import sys
from misora.cli.main import main
sys.argv = ["misora", "--help"]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
"""


def run_without_torch(code: str) -> None:
    code += "\nimport sys\nassert 'torch' not in sys.modules, sorted(name for name in sys.modules if name.startswith('misora'))"
    environ = os.environ | {"PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", LIGHT)
def test_importing_it_does_not_load_torch(what: str) -> None:
    assert LIGHT[what]
    run_without_torch("\n".join(f"import {name}" for name in LIGHT[what]))


def test_help_does_not_load_torch() -> None:
    run_without_torch(HELP)

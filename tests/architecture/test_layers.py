"""Rooms import downwards only; the contracts themselves are in pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_a_layer_and_no_layer_lacks_its_room() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layered = {
        room.strip() for contract in contracts if contract["type"] == "layers" for line in contract["layers"] for room in line.split("|")
    }
    rooms = {path.parent.name for path in (ROOT / "src" / "misora").glob("*/__init__.py")}
    assert rooms == layered

"""The tree itself: file names, its size, and no path of somebody's machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_TREE_BYTES = 60 * 2**20
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}
# Spelled in parts, so that this file passes its own test.
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:" + "|".join(["home", "root", "work"]) + r")/\w")


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """What a commit of everything would hold: tracked files and new ones that git does not ignore."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
    return [path for name in sorted(set(listed.split("\0")) - {""}) if (path := ROOT / name).is_file()]


def test_no_file_has_a_name_that_says_nothing(files: list[Path]) -> None:
    assert [path for path in files if VAGUE & {path.stem, path.parent.name}] == []


def test_the_tree_can_be_carried_whole(files: list[Path]) -> None:
    sizes = sorted(((path.stat().st_size, str(path.relative_to(ROOT))) for path in files), reverse=True)
    total = sum(size for size, _ in sizes)
    assert total < MAX_TREE_BYTES, f"{total / 2**20:.1f} MiB of {MAX_TREE_BYTES / 2**20:.0f}; largest: {sizes[:5]}"


def test_no_path_of_one_machine_is_written_down(files: list[Path]) -> None:
    found = []
    for path in files:
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            match = MACHINE_PATH.search(content.decode("utf-8", errors="replace"))
            found += [f"{path.relative_to(ROOT)}: {match.group()}"] if match else []
    assert found == []

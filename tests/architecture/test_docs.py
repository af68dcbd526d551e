"""Every target, setting and room is documented, and links between the documents lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from misora.base import settings

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(path.parent for path in (ROOT / "src" / "misora").glob("*/__init__.py"))
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md")]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def text(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def phony_targets() -> list[str]:
    return [name for line in re.findall(r"^\.PHONY: (.+)$", text("Makefile"), re.MULTILINE) for name in line.split()]


def public_targets() -> list[str]:
    return [name for name in phony_targets() if not name.startswith("require-")]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_bare_make_lists_every_target() -> None:
    printed = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
    assert re.findall(r"^  make (\S+) ", printed, re.MULTILINE) == public_targets()


@pytest.mark.parametrize("target", public_targets())
def test_every_target_is_documented(target: str) -> None:
    assert re.search(rf"\bmake {target}\b", text("README.md") + text("CONTRIBUTING.md"))


def test_every_setting_is_in_the_docstring_and_the_docs() -> None:
    read = set(re.findall(r"""environ\.get\("(MISORA_\w+)""", text("src/misora/base/settings.py")))
    assert read
    assert read == set(re.findall(r"``(MISORA_\w+)``", settings.__doc__ or ""))
    assert read == set(re.findall(r"`(MISORA_\w+)`", text("docs/architecture.md")))


def test_no_setting_is_read_elsewhere() -> None:
    known = set(re.findall(r"MISORA_\w+", text("src/misora/base/settings.py")))
    for path in (ROOT / "src").rglob("*.py"):
        assert set(re.findall(r"\bMISORA_[A-Z]\w*", path.read_text(encoding="utf-8"))) <= known, path


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_has_a_readme_and_a_row(room: Path) -> None:
    assert (room / "README.md").is_file()
    assert f"\n| `{room.name}` |" in text("docs/architecture.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(document: Path) -> None:
    targets = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in targets if not (document.parent / link).exists()] == []

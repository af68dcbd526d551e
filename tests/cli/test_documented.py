"""docs/cli.md names every verb and option, docs/python.md every argument of the Python API; neither names one that is gone."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import misora
from misora.cli.main import app

DOCS = Path(__file__).resolve().parents[2] / "docs"


def verbs(command: Any, path: str = "misora") -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", {})
    if not children:
        yield path, command
    for name, child in children.items():
        yield from verbs(child, f"{path} {name}")


VERBS = dict(verbs(get_command(app)))


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")} - {"--help"}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_and_option_is_in_the_docs(verb: str) -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    heading = "## " + (verb if f"## {verb}\n" in text or f"## {verb} " in text else verb.rpartition(" ")[0])
    section = text[text.index(heading) :].split("\n## ")[0]
    assert verb in section
    assert {option for option in options(VERBS[verb]) if f"`{option}`" not in section} == set()


def test_the_docs_name_no_option_that_is_gone() -> None:
    known = set().union(*map(options, VERBS.values())) | {"--help"}
    assert set(re.findall(r"--[a-z][a-z-]+", (DOCS / "cli.md").read_text(encoding="utf-8"))) <= known


def test_the_python_api_is_documented() -> None:
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    for name in inspect.signature(misora.generate).parameters:
        assert name in text
    for name in misora.__all__:
        assert name.startswith("_") or re.search(rf"\b{name}\b", text), name

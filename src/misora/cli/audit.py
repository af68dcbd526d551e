"""``misora audit``: does everything hold that must always hold?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer


def audit(
    quick: Annotated[bool, typer.Option("--quick", help="Do not read the files' bytes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Checks jobs, ledger and files.

    Reads only. Prints each invariant that does not hold; exit code 0 when all do, else 1.
    """
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine

    findings = open_engine(load_settings()).audit(read_files=not quick)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        print("\n".join(f"{one.invariant} {one.subject} {one.said}" for one in findings) or "everything holds")
    if findings:
        raise typer.Exit(1)

"""``misora backup`` and ``misora restore``: a whole install into a folder, and out of it into an empty install of any kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from misora.store.backup import Copied


def backup(folder: Annotated[Path, typer.Argument(help="Made when absent; an earlier backup in it is brought up to date.")]) -> None:
    """Saves the database and every file that it names, while everything runs.

    Exit code 1 when a file could not be read.
    """
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine
    from misora.store.backup import back_up

    engine = open_engine(load_settings())
    tell(back_up(engine.database, engine.vault, folder), f"saved in {folder}")


def restore(folder: Annotated[Path, typer.Argument(help="What `misora backup` wrote.")]) -> None:
    """Puts a backup into the install that MISORA_DATABASE and MISORA_VAULT name, which must be empty.

    It may be of another kind than the one that was saved: SQLite or PostgreSQL, a folder or a bucket.
    """
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine
    from misora.store import backup as store

    engine = open_engine(load_settings())
    tell(store.restore(folder, engine.database, engine.vault), "restored; now run `misora audit`")


def tell(copied: Copied, what: str) -> None:
    """What was copied, and what was not."""
    print(f"{what}: {copied.num_files} files, {copied.new_files} of them new")
    for reason in copied.missing:
        print(f"not copied: {reason}")
    if copied.missing:
        raise typer.Exit(1)

"""``misora keys``: API keys of an account; the secret is printed once and never again."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

keys = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="API keys.")

DAY_SECONDS = 86_400


@keys.command("add")
def add_key(
    who: Annotated[str, typer.Argument(help="Name or id of the account.")],
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    scopes: Annotated[str, typer.Option(help="videos, files, admin, with commas between.")] = "videos,files",
    days: Annotated[int | None, typer.Option(min=1, help="How long it is good for; without it, until it is revoked.")] = None,
) -> None:
    """Makes a key and prints it, this once."""
    from misora.base.settings import load_settings
    from misora.cli.accounts import named
    from misora.engine.service import open_engine
    from misora.store.audit_log import write_log
    from misora.store.keys import create_key

    engine = open_engine(load_settings())
    now = engine.clock()
    with engine.database.transaction() as tx:
        account = named(tx, who)
        ends = None if days is None else now + days * DAY_SECONDS
        key, text = create_key(tx, account.id, at=now, label=label, scopes=[scope.strip() for scope in scopes.split(",")], expires_at=ends)
        write_log(tx, "cli", "key.create", key.id, at=now, account=account.id, scopes=list(key.scopes))
    print(text)
    print("keep it: only its hash is stored, it cannot be shown again", file=sys.stderr)


@keys.command("list")
def list_all() -> None:
    """Prints every key without its secret."""
    from misora.base.settings import load_settings
    from misora.cli.tables import table
    from misora.engine.service import open_engine
    from misora.store.keys import list_keys

    with open_engine(load_settings()).database.reading() as tx:
        rows = [["id", "account", "label", "scopes", "made", "state"]]
        for key in list_keys(tx):
            made = time.strftime("%Y-%m-%d", time.gmtime(key.created_at))
            ended = key.expires_at is not None and key.expires_at <= time.time()
            state = "revoked" if key.revoked_at is not None else "expired" if ended else "live"
            rows.append([key.id, key.account_id, key.label, ",".join(key.scopes), made, state])
    print(table(rows))


@keys.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="The key's id, the part after msk_.")]) -> None:
    """Makes a key useless from now on."""
    from misora.base.errors import InputError
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine
    from misora.store.audit_log import write_log
    from misora.store.keys import revoke_key

    engine = open_engine(load_settings())
    with engine.database.transaction() as tx:
        if not revoke_key(tx, key_id, at=engine.clock()):
            raise InputError(f"there is no live key {key_id!r}; `misora keys list` prints them", field="key_id")
        write_log(tx, "cli", "key.revoke", key_id, at=engine.clock())

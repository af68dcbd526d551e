"""``misora webhooks``: addresses that hear when videos are done; a signing secret is printed once and never again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import sqlalchemy as sa

    from misora.store.records import Account, WebhookEndpoint

webhooks = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Addresses that hear when videos are done.")

Owner = Annotated[
    str | None, typer.Option("--account", help="Name or id of the account; without it, the one of an install without logins.")
]
EndpointId = Annotated[str, typer.Argument(help="The endpoint's id, as `misora webhooks list` prints it.")]


@webhooks.command("add")
def add_webhook(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    url: Annotated[str, typer.Argument(help="Where events are sent.")],
    event: Annotated[list[str] | None, typer.Option(help="video.completed or video.failed; may be repeated. Without it, both.")] = None,
    account: Owner = None,
    allow_network: Annotated[
        list[str] | None, typer.Option(help="A private network that it may be in; `misora serve` needs it too.")
    ] = None,
) -> None:
    """Registers an address and prints the secret that signs what it is sent, this once."""
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine
    from misora.store.audit_log import write_log
    from misora.store.webhooks import EVENT_TYPES, add_endpoint
    from misora.studio.egress import Egress, parse_networks
    from misora.studio.schemas import EndpointBody, parse

    body = parse(EndpointBody, {"name": name, "url": url, "event_types": event or list(EVENT_TYPES)})
    Egress(parse_networks(allow_network or ())).check(body.url, "url")
    engine = open_engine(load_settings())
    with engine.database.transaction() as tx:
        owner = owner_of(tx, account, engine.clock())
        made = add_endpoint(tx, owner.id, name=body.name, url=body.url, event_types=body.event_types, at=engine.clock())
        write_log(tx, "cli", "webhook.create", made.id, at=engine.clock(), account=owner.id)
    print(made.secret)
    print(f"keep it: it signs what {made.id} is sent, and cannot be shown again", file=sys.stderr)


@webhooks.command("list")
def list_all(account: Owner = None) -> None:
    """Prints the account's endpoints without their secrets."""
    from misora.base.settings import load_settings
    from misora.cli.tables import table
    from misora.engine.service import open_engine
    from misora.store.webhooks import list_endpoints

    engine = open_engine(load_settings())
    with engine.database.transaction() as tx:
        found = list_endpoints(tx, owner_of(tx, account, engine.clock()).id)
    print(table([["id", "name", "events", "url"], *([one.id, one.name, ",".join(one.event_types), one.url] for one in found)]))


@webhooks.command("deliveries")
def list_sent(endpoint_id: EndpointId, account: Owner = None) -> None:
    """Prints the last hundred events for an endpoint and what became of them."""
    from misora.base.settings import load_settings
    from misora.cli.tables import table
    from misora.engine.service import open_engine
    from misora.store.webhooks import list_deliveries

    engine = open_engine(load_settings())
    with engine.database.transaction() as tx:
        found = list_deliveries(tx, endpoint_of(tx, endpoint_id, account, engine.clock()).id)
    rows = [[one.event_id, one.state, str(one.attempts), str(one.status_code or "-"), one.error or "-"] for one in found]
    print(table([["event", "state", "attempts", "answer", "error"], *rows]))


@webhooks.command("rotate")
def rotate(
    endpoint_id: EndpointId,
    keep_old: Annotated[bool, typer.Option("--keep-old", help="Let the old secret sign beside the new one for a day.")] = False,
    account: Owner = None,
) -> None:
    """Gives an endpoint a new secret and prints it, this once."""
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine
    from misora.store.audit_log import write_log
    from misora.store.webhooks import rotate_secret

    engine = open_engine(load_settings())
    with engine.database.transaction() as tx:
        endpoint = endpoint_of(tx, endpoint_id, account, engine.clock())
        print(rotate_secret(tx, endpoint, at=engine.clock(), keep_old=keep_old).secret)
        write_log(tx, "cli", "webhook.rotate", endpoint.id, at=engine.clock(), keep_old=keep_old)


@webhooks.command("remove")
def remove(endpoint_id: EndpointId, account: Owner = None) -> None:
    """Forgets an endpoint; what waits to be sent there is not sent."""
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine
    from misora.store.audit_log import write_log
    from misora.store.webhooks import forget_endpoint

    engine = open_engine(load_settings())
    with engine.database.transaction() as tx:
        endpoint = endpoint_of(tx, endpoint_id, account, engine.clock())
        forget_endpoint(tx, endpoint, at=engine.clock())
        write_log(tx, "cli", "webhook.delete", endpoint.id, at=engine.clock())


def owner_of(tx: sa.Connection, who: str | None, at: float) -> Account:
    """The named account, or the local one."""
    from misora.cli.accounts import named
    from misora.store.accounts import ensure_local_account

    return ensure_local_account(tx, at=at) if who is None else named(tx, who)


def endpoint_of(tx: sa.Connection, endpoint_id: str, who: str | None, at: float) -> WebhookEndpoint:
    """An endpoint of the account; raises InputError when there is none."""
    from misora.base.errors import InputError
    from misora.store.webhooks import find_endpoint

    found = find_endpoint(tx, endpoint_id, owner_of(tx, who, at).id)
    if found is None:
        raise InputError(
            f"there is no webhook endpoint {endpoint_id!r} of this account; `misora webhooks list` prints them", field="endpoint_id"
        )
    return found

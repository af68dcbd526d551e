"""``misora accounts``: who may ask, under which plan, with how many credits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import sqlalchemy as sa

    from misora.store.records import Account

accounts = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Accounts, their plans and credits.")

WHO = typer.Argument(help="Name or id of the account.")


@accounts.command("add")
def add_account(
    name: Annotated[str, typer.Argument(help="Unique name, an e-mail address perhaps.")],
    plan: Annotated[str, typer.Option(help="A plan of the plans file.")] = "free",
    adult: Annotated[bool, typer.Option("--adult", help="The owner has confirmed to be 18 or older.")] = False,
) -> None:
    """Makes an account and prints its id."""
    from misora.base.settings import load_settings
    from misora.engine.plans import plan_of
    from misora.engine.service import open_engine
    from misora.store.accounts import create_account
    from misora.store.audit_log import write_log

    engine = open_engine(load_settings())
    plan_of(engine.plans, plan)
    with engine.database.transaction() as tx:
        account = create_account(tx, name, plan, at=engine.clock(), adult=adult)
        write_log(tx, "cli", "account.create", account.id, at=engine.clock(), plan=plan)
    print(account.id)


@accounts.command("list")
def list_accounts() -> None:
    """Prints every account, its plan and what is left of its credits."""
    from misora.base.settings import load_settings
    from misora.cli.tables import table
    from misora.engine.service import open_engine
    from misora.store.accounts import list_accounts as all_accounts
    from misora.store.ledger import balance

    engine = open_engine(load_settings())
    with engine.database.reading() as tx:
        rows = [["id", "name", "plan", "state", "credits left"]]
        for account in all_accounts(tx):
            left = ", ".join(f"{pot.period}: {pot.credits_left}" for pot in balance(tx, account.id))
            rows.append([account.id, account.name, account.plan, account.state, left])
    print(table(rows))


@accounts.command("plan")
def change_plan(who: Annotated[str, WHO], plan: Annotated[str, typer.Argument(help="A plan of the plans file.")]) -> None:
    """Gives an account another plan; credits of a larger one are there at once."""
    from misora.base.settings import load_settings
    from misora.engine.plans import plan_of
    from misora.engine.service import open_engine
    from misora.store.accounts import set_plan
    from misora.store.audit_log import write_log

    engine = open_engine(load_settings())
    plan_of(engine.plans, plan)
    with engine.database.transaction() as tx:
        account = named(tx, who)
        set_plan(tx, account.id, plan)
        write_log(tx, "cli", "account.plan", account.id, at=engine.clock(), plan=plan)


@accounts.command("grant")
def grant_credits(
    who: Annotated[str, WHO],
    credits: Annotated[int, typer.Argument(min=1, help="Credits that never end.")],
    reference: Annotated[str, typer.Option(help="Why; the same reason grants once.")],
) -> None:
    """Gives an account credits beside those of its plan."""
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine
    from misora.store.audit_log import write_log
    from misora.store.ledger import EXTRA, Amount, grant

    engine = open_engine(load_settings())
    with engine.database.transaction() as tx:
        account = named(tx, who)
        # Credits from outside a plan are not counted in videos.
        granted = grant(tx, account.id, EXTRA, Amount(credits, credits), reference=f"gift:{reference}"[:64], at=engine.clock())
        write_log(tx, "cli", "account.grant", account.id, at=engine.clock(), credits=credits, granted=granted)
    print(f"{credits} credits granted" if granted else "granted before under this reason; nothing was changed")


@accounts.command("ban")
def ban(who: Annotated[str, WHO], lift: Annotated[bool, typer.Option("--lift", help="Let the account in again.")] = False) -> None:
    """Shuts an account out: its keys open nothing."""
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine
    from misora.store.accounts import set_state
    from misora.store.audit_log import write_log

    engine = open_engine(load_settings())
    with engine.database.transaction() as tx:
        account = named(tx, who)
        set_state(tx, account.id, "active" if lift else "banned")
        write_log(tx, "cli", "account.unban" if lift else "account.ban", account.id, at=engine.clock())


def named(tx: sa.Connection, who: str) -> Account:
    """The account of a name or id; raises InputError when there is none."""
    from misora.base.errors import InputError
    from misora.store.accounts import find_account

    account = find_account(tx, who)
    if account is None:
        raise InputError(f"there is no account {who!r}; `misora accounts list` prints them", field="who")
    return account

"""Who is asking: the local person, or the owner of a key; and whether a browser was sent here by somebody else's page.

Without accounts everything is allowed to whoever reaches this address, so it must be this machine that reaches it: the Host that was
called must be one of ours (a foreign name may have been pointed here), and a page that calls must be ours too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from misora.base.errors import InputError
from misora.store.keys import verify_key
from misora.store.records import Account
from misora.studio.errors import NotAllowed
from misora.studio.service import Options, Studio

NO_KEY = "no API key, or one that opens nothing here; send Authorization: Bearer msk_..."


async def studio_of(request: Request) -> Studio:
    """A dependency; a coroutine, for an ordinary function would be sent to a thread, which costs more than what it does."""
    return studio_at(request)


def studio_at(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


def check_caller(options: Options, headers: dict[str, str]) -> None:
    """Raises InputError when this server has no accounts and is called by a foreign name or from a foreign page."""
    if options.accounts:
        return
    host = host_of(headers.get("host", ""))
    if host not in options.hosts:
        raise InputError(
            f"host {host[:80]!r} is not served here; call {', '.join(options.hosts)}, or allow it with --host-name", field="host"
        )
    origin = headers.get("origin")
    if origin is not None and host_of(urlsplit(origin).netloc) not in options.hosts:
        raise InputError(f"pages of {origin[:80]!r} may not call this server", field="origin")
    if origin is None and headers.get("sec-fetch-site") == "cross-site":
        raise InputError("other sites' pages may not call this server", field="sec-fetch-site")


def host_of(netloc: str) -> str:
    """The name in ``name:port`` or ``[::1]:port``; empty when it is malformed."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def caller(scope: str) -> Callable[[Request], Account]:
    """A dependency: the account that asks, if its key is for ``scope``; raises NotAllowed."""

    def find(request: Request) -> Account:
        studio = studio_at(request)
        account = account_of(studio, request.headers.get("authorization", ""), scope)
        request.state.account_id = account.id
        return account

    return find


def account_of(studio: Studio, authorization: str, scope: str) -> Account:
    """The local account, or that of the key in an Authorization header."""
    if not studio.options.accounts:
        return studio.engine.local_account()
    kind, _, text = authorization.partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise NotAllowed(NO_KEY)
    with studio.engine.database.reading() as tx:
        found = verify_key(tx, text.strip()[:400], at=studio.clock())
    if found is None:
        raise NotAllowed(NO_KEY)
    account, key = found
    if scope not in key.scopes and "admin" not in key.scopes:
        raise NotAllowed(f"this key is for {', '.join(key.scopes)}, not for {scope}; make one with `misora keys create --scope {scope}`")
    return account


Videos = Annotated[Account, Depends(caller("videos"))]
Files = Annotated[Account, Depends(caller("files"))]
Here = Annotated[Studio, Depends(studio_of)]

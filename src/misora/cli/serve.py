"""``misora serve``: the HTTP API, and workers beside it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from misora.base.shapes import VideoShape


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine's own need --accounts.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8400,
    accounts: Annotated[bool, typer.Option("--accounts", help="Ask for API keys; `misora accounts` and `misora keys` make them.")] = False,
    workers: Annotated[int, typer.Option(min=0, max=64, help="Worker processes to start; 0 leaves them to `misora worker`.")] = 1,
    host_name: Annotated[list[str] | None, typer.Option(help="A further name by which a server without accounts may be called.")] = None,
    json_mib: Annotated[int, typer.Option(min=1, max=64, help="Largest JSON body in MiB; files come as forms.")] = 4,
    allow_network: Annotated[list[str] | None, typer.Option(help="A private network that picture URLs may name, as 10.0.0.0/8.")] = None,
) -> None:
    """Serves the API until it is stopped.

    A program that uses the official openai client needs only the printed address as its base_url.
    """
    import logging

    from misora.base.settings import load_settings
    from misora.engine.judging import load_rules
    from misora.engine.service import open_engine
    from misora.studio.app import create_app
    from misora.studio.egress import Egress, parse_networks
    from misora.studio.service import MIB, Options, Studio
    from misora.studio.serving import LOCAL, Address, check_address
    from misora.studio.serving import serve as run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    address = Address(host, port)
    options = Options(accounts=accounts, hosts=(*LOCAL, *(host_name or ())), max_json_bytes=json_mib * MIB)
    check_address(address, options)
    egress = Egress(parse_networks(allow_network or ()))
    studio = Studio(open_engine(load_settings()), check_request, load_rules(), options, egress=egress)
    print(f"Misora serves {address.url}, {'with' if accounts else 'without'} accounts, {workers} worker processes", file=sys.stderr)
    run(create_app(studio), address, workers=workers)


def check_request(kind: str, request: Mapping[str, Any]) -> VideoShape | None:
    """The engine's check, imported by the first request that needs it: it knows the tools that read pictures, which take a while."""
    from misora.engine import kinds

    return kinds.check_request(kind, request)

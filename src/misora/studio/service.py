"""What the web process works with: the engine as it sees it, and the options of this server.

The studio asks for little, so it says here what; ``engine.service.Engine`` offers it, and so may anything else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from misora.base.shapes import VideoShape
from misora.engine.judging import Judge
from misora.engine.submission import Offer, Submission
from misora.store.database import Database
from misora.store.jobs import Page
from misora.store.records import Account, Asset, Job, Pot
from misora.store.vault import Vault
from misora.studio.egress import Egress
from misora.studio.load import Load

MIB = 1 << 20


class JobService(Protocol):
    """What is asked of the engine; every method is a transaction of its own."""

    @property
    def database(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    def submit(self, submission: Submission) -> Job: ...
    def estimate(self, submission: Submission) -> Offer: ...
    def credits(self, account_id: str) -> tuple[Pot, ...]: ...
    def job(self, job_id: str, account_id: str | None = None) -> Job: ...
    def jobs(self, account_id: str | None = None, **choice: Any) -> Page: ...
    def outputs(self, job_id: str, account_id: str | None = None) -> dict[str, Asset]: ...
    def result(self, job_id: str, account_id: str | None = None) -> tuple[Job, dict[str, Asset]]: ...
    def open_asset(self, asset: Asset) -> Path: ...
    def read_asset(self, asset: Asset, start: int, stop: int) -> Iterator[bytes]: ...
    def preview(self, job_id: str, account_id: str | None = None) -> tuple[bytes, str] | None: ...
    def pause(self, job_id: str, account_id: str | None = None) -> Job: ...
    def resume(self, job_id: str, account_id: str | None = None) -> Job: ...
    def cancel(self, job_id: str, account_id: str | None = None) -> Job: ...
    def delete(self, job_id: str, account_id: str | None = None) -> None: ...
    def local_account(self) -> Account: ...


Check = Callable[[str, Mapping[str, Any]], VideoShape | None]
"""Raises InputError when a request of this kind cannot be made; the shape that will be, or None for an edit."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this server behaves.

    Args:
        accounts: Whether a key is asked for; without, everything belongs to the one local account.
        hosts: Names by which a server without accounts may be called; others are pages that point their own name at this machine.
        max_body_bytes: Largest request.
        max_json_bytes: Largest JSON body; it is held in memory, unlike a form with files.
        max_at_once: Requests in work together; further ones are told to come back.
        max_streams: Requests that only wait together: live event streams, and stills that are being made.
        image_seconds: How long a request for a still waits for it.
    """

    accounts: bool = False
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")
    max_body_bytes: int = 200 * MIB
    max_json_bytes: int = 4 * MIB
    max_at_once: int = 64
    max_streams: int = 100
    image_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything that a route needs.

    Args:
        check: Looks at a request before it is priced; kept out of this room because it knows the tools that read pictures.
        clock: Seconds since 1970.
    """

    engine: JobService
    check: Check
    judge: Judge
    options: Options = field(default_factory=Options)
    clock: Callable[[], float] = time.time
    egress: Egress = field(default_factory=Egress)
    load: Load = field(default_factory=Load)

"""A bucket for tests: moto's S3 server in this process, spoken to over HTTP as any other would be."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from misora.store.bucket import Bucket
from misora.store.s3_vault import META, S3Vault
from misora.store.vault import LocalVault

ACCOUNT = "123456789012"


@dataclass
class Server:
    """A running server and two clients of it, which take long to make: one that always works, one that is in ``trouble``."""

    url: str
    client: Any
    troubled: Any
    trouble: list[Trouble] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.troubled.meta.events.register("before-send.s3", self.before_send)
        self.troubled.meta.events.register("after-call.s3", self.after_call)

    def before_send(self, request: Any, **_: Any) -> Any:
        return next((answer for one in self.trouble if (answer := one.before_send(request)) is not None), None)

    def after_call(self, parsed: Any, **_: Any) -> None:
        for one in self.trouble:
            one.after_call(parsed)


@contextmanager
def s3_server() -> Iterator[Server]:
    """A server that lives for the block."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    client, troubled = client_of(url), client_of(url)
    try:
        yield Server(url, client, troubled)
    finally:
        client.close()
        troubled.close()
        server.stop()


@dataclass
class Trouble:
    """What is wrong with the way to the store.

    Args:
        share: Of all requests, how many are refused with 503 before they arrive.
        lost_answers: How many are carried out and their answer lost.
        cut_after: Bytes after which the next body that is read breaks off; None lets it come whole.
        refused: How many were.
    """

    rng: random.Random = field(default_factory=lambda: random.Random(7))
    share: float = 0.0
    lost_answers: float = 0.0
    cut_after: int | None = None
    refused: int = 0

    def before_send(self, request: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        if self.rng.random() >= self.share:
            return None
        self.refused += 1
        return AWSResponse(request.url, 503, {}, Silence())

    def after_call(self, parsed: Any) -> None:
        from botocore.exceptions import ReadTimeoutError

        if self.rng.random() < self.lost_answers:
            self.refused += 1
            raise ReadTimeoutError(endpoint_url="the answer was lost")
        if self.cut_after is not None and "Body" in parsed:
            parsed["Body"] = CutBody(parsed["Body"], self.cut_after)
            self.cut_after = None


class Silence:
    """A response body without bytes."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        return iter([b""])


class CutBody:
    """A body that breaks off."""

    def __init__(self, body: Any, left: int) -> None:
        self.body = body
        self.left = left

    def read(self, size: int) -> bytes:
        from botocore.exceptions import ResponseStreamingError

        if size > self.left:
            raise ResponseStreamingError(error="connection broken")
        self.left -= size
        piece: bytes = self.body.read(size)
        return piece

    def close(self) -> None:
        self.body.close()


@dataclass
class Shop:
    """A vault in a bucket of its own, and ways to harm it.

    Args:
        trouble: Of every request that the vault makes.
    """

    server: Server
    folder: Path
    clock: Callable[[], float]
    trouble: Trouble = field(default_factory=Trouble)
    name: str = field(default_factory=lambda: f"misora-{secrets.token_hex(6)}")
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.client.create_bucket(Bucket=self.name)
        self.server.trouble.append(self.trouble)
        bucket = Bucket(self.name, self.server.troubled, self.pauses.append)
        self.vault = S3Vault(bucket, "films/", LocalVault(self.folder / "copies", self.clock))

    @property
    def client(self) -> Any:
        return self.server.client

    def key(self, digest: str) -> str:
        return f"films/{digest[:2]}/{digest}"

    def spoil(self, digest: str, at: int) -> None:
        """Flips a bit of the object at rest, and forgets the local copy."""
        found = self.client.get_object(Bucket=self.name, Key=self.key(digest))
        spoiled = bytearray(found["Body"].read())
        spoiled[at] ^= 1
        self.client.put_object(Bucket=self.name, Key=self.key(digest), Body=bytes(spoiled), Metadata={META: found["Metadata"][META]})
        self.vault.copies.remove(digest)

    def age(self, digest: str, seconds: float) -> None:
        """Makes the object older; the server is in this process."""
        from moto.s3.models import s3_backends

        held = s3_backends[ACCOUNT]["aws"].buckets[self.name].keys[self.key(digest)]
        held.last_modified -= timedelta(seconds=seconds)

    def close(self) -> None:
        self.server.trouble.clear()


def client_of(url: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1}, request_checksum_calculation="when_required", response_checksum_validation="when_required"
    )
    return boto3.session.Session().client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="tester", aws_secret_access_key="tester", config=config
    )

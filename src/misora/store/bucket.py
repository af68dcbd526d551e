"""A bucket of an S3-compatible store: every call tried again while that may help, every failure told in words that can be acted on.

Address and keys are those of every S3 program (``AWS_ENDPOINT_URL_S3``, ``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
a profile, a machine's role); they are read by boto3 and never by us.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from misora.base.errors import InputError, MisoraError, MissingExtraError, StoreUnavailable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

Result = TypeVar("Result")

TRIES = 5
FIRST_PAUSE_SECONDS = 0.2
CONNECT_SECONDS, READ_SECONDS = 3.0, 20.0
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
PASSING = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequests", "InternalError", "BadDigest"})
"""Refusals that say nothing against the request; a wrong digest means that bytes were lost on the way."""
ABSENT = frozenset({"NoSuchKey", "NotFound", "404", "NoSuchUpload"})


class ObjectMissing(MisoraError):
    """The bucket does not hold this key."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket through one client; safe to share between threads.

    Args:
        client: boto3's for S3, with its own retries off.
        pause: Sleeps between tries; tests do not.
    """

    name: str
    client: Any
    pause: Callable[[float], None] = field(default=time.sleep)

    def call(self, operation: str, **arguments: Any) -> Any:
        """One operation (``"get_object"``) on the bucket; raises ObjectMissing or StoreUnavailable."""
        return self.patiently(lambda: getattr(self.client, operation)(Bucket=self.name, **arguments))

    def objects(self, prefix: str) -> Iterator[Any]:
        """Every object whose key begins with ``prefix``: ``Key``, ``Size``, ``LastModified``."""
        further: dict[str, str] = {}
        while True:
            page = self.call("list_objects_v2", Prefix=prefix, **further)
            yield from page.get("Contents", ())
            if not page.get("IsTruncated"):
                return
            further = {"ContinuationToken": page["NextContinuationToken"]}

    def patiently(self, act: Callable[[], Result]) -> Result:
        """``act()``, again after a growing pause while the store is away or busy."""
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as NotConnected

        for attempt in range(1, TRIES + 1):
            try:
                return act()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ABSENT:
                    raise ObjectMissing(f"bucket {self.name!r} does not hold it") from error
                if attempt == TRIES or not may_pass(error):
                    raise StoreUnavailable(f"the vault's bucket {self.name!r} refuses: {reason(error)}") from error
            except (BotoCoreError, OSError) as error:
                if attempt == TRIES or not isinstance(error, (HTTPClientError, NotConnected, OSError)):
                    raise StoreUnavailable(f"the vault's bucket {self.name!r} does not answer: {error}; try again in a moment") from error
            self.pause(random.uniform(0.5, 1.0) * FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        raise AssertionError("unreachable")


def open_bucket(name: str, pause: Callable[[float], None] = time.sleep) -> Bucket:
    """The bucket ``name``, looked at once.

    Raises:
        MissingExtraError: boto3 is not installed.
        InputError: There is no such bucket, no key is set, or the key does not open it.
        StoreUnavailable: The store does not answer.
    """
    bucket = Bucket(name, make_client(name), pause)
    try:
        bucket.call("list_objects_v2", MaxKeys=1)
    except (ObjectMissing, StoreUnavailable) as error:
        raise as_setting(name, error) from error
    return bucket


def make_client(name: str) -> Any:
    """boto3's client with our patience instead of its own."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, PartialCredentialsError
    except ImportError as error:
        raise MissingExtraError(f"MISORA_VAULT=s3://{name} needs a client: pip install 'misora[s3]'") from error
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1},
        # Other makers' servers do not all know the checksums that newer clients add; ours are sent and compared by us.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return boto3.session.Session().client("s3", config=config)
    except PartialCredentialsError as error:
        raise without_key(name) from error
    except (BotoCoreError, ValueError) as error:
        raise InputError(
            f"the S3 store of MISORA_VAULT cannot be addressed: {error}; set AWS_REGION, and AWS_ENDPOINT_URL_S3 unless it is Amazon's",
            field="MISORA_VAULT",
        ) from error


def may_pass(error: ClientError) -> bool:
    """Whether the same request may succeed later."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or status == 429 or error.response.get("Error", {}).get("Code") in PASSING


def reason(error: ClientError) -> str:
    told = error.response.get("Error", {})
    return str(told.get("Message") or told.get("Code") or error)


def as_setting(name: str, error: MisoraError) -> MisoraError:
    """What a user has to set where the first look at a bucket failed."""
    from botocore.exceptions import ClientError, NoCredentialsError

    cause = error.__cause__
    if isinstance(cause, NoCredentialsError):
        return without_key(name)
    if not isinstance(cause, ClientError) or may_pass(cause):
        return error
    code = cause.response.get("Error", {}).get("Code")
    if code in ABSENT | {"NoSuchBucket"}:
        return InputError(f"there is no bucket {name!r} for MISORA_VAULT; make it, or set AWS_ENDPOINT_URL_S3", field="MISORA_VAULT")
    return InputError(f"bucket {name!r} of MISORA_VAULT is not opened by this key ({code}); check {KEYS}", field="MISORA_VAULT")


def without_key(name: str) -> InputError:
    return InputError(f"MISORA_VAULT=s3://{name} needs a key: set {KEYS}", field="MISORA_VAULT")

"""How webhooks are signed, so that the official client's ``webhooks.unwrap`` takes them.

Reference: the Standard Webhooks specification (standardwebhooks.com), symmetric signatures.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"


def signed_headers(secrets: Sequence[str], message_id: str, at: float, body: bytes) -> dict[str, str]:
    """The three headers that go with ``body``; ``message_id`` stays the same when it is sent again, the time does not."""
    timestamp = str(int(at))
    signatures = " ".join(signature(secret, message_id, timestamp, body) for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """``v1,`` and the HMAC-SHA256 of ``id.timestamp.body`` in base64."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX)) if secret.startswith(SECRET_PREFIX) else secret.encode()
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")

"""Names of things: a word that says what it is, then time and chance, so that names sort by age and cannot be guessed."""

from __future__ import annotations

import secrets
import time


def new_id(kind: str) -> str:
    """``kind`` ("video", "acct"), an underscore, 12 hex digits of milliseconds and 20 of chance (80 bits)."""
    return f"{kind}_{int(time.time() * 1000):012x}{secrets.token_hex(10)}"

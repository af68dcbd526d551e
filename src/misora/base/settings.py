"""Where things lie and how many threads may run, from the environment, read once when asked.

| variable | default | meaning |
| --- | --- | --- |
| ``MISORA_WEIGHTS`` | the package's own ``models/weights`` | folder of ``*.safetensors`` |
| ``MISORA_ASSETS`` | ``./data/stage`` | the stage's built sprite atlas |
| ``MISORA_DEVICE`` | ``auto`` | ``cpu``, ``cuda``, ``cuda:1``, ... |
| ``MISORA_THREADS`` | all cores | CPU threads of one job |
| ``MISORA_BATCH`` | 4 | most jobs of one shape that a worker makes together; 1 is none |
| ``MISORA_MEMORY`` | | most that networks and a video in the making may take, ``4GiB``; unset is one set of networks and no bound |
| ``MISORA_PRESETS`` | ``~/.config/misora/presets`` | folder of a user's own style presets |
| ``MISORA_DATABASE`` | ``sqlite:///data/library/misora.db`` | where jobs, accounts and the ledger lie; ``postgresql://...`` too |
| ``MISORA_VAULT`` | ``data/library/vault`` | folder of finished files and uploads; ``s3://BUCKET/PREFIX`` too |
| ``MISORA_CACHE`` | ``data/library/cache`` | local copies of what lies in a bucket, 10 GiB at most |
| ``MISORA_PLANS`` | the package's own ``engine/plans.toml`` | what accounts may do and what it costs |
| ``MISORA_TIER`` | ``small`` | what the weights were taught, and prompts are rewritten for: ``small`` or ``full`` |
| ``MISORA_REWRITER`` | ``offline`` | who rewrites prompts: ``off``, ``offline``, ``chat`` |
| ``MISORA_CHAT_URL`` | | base URL of an OpenAI-compatible endpoint, ``http://localhost:8000/v1`` |
| ``MISORA_CHAT_MODEL`` | | the model to ask there |
| ``MISORA_CHAT_KEY`` | | its key, sent to that endpoint alone and never written anywhere |
| ``MISORA_CHAT_TIMEOUT`` | 20 | seconds to wait for its answer |
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from misora.base.errors import InputError

MAX_TIMEOUT = 600.0
MAX_BATCH = 64
TIERS = ("small", "full")
PACKAGE = Path(__file__).resolve().parent.parent
DATABASE = "sqlite:///data/library/misora.db"
VAULT = "data/library/vault"
CACHE = Path("data/library/cache")
PLANS = PACKAGE / "engine" / "plans.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    weights: Path
    assets: Path
    device: str
    threads: int
    presets: Path
    database: str
    vault: str
    plans: Path
    cache: Path = CACHE
    rewriter: str = "offline"
    tier: str = "small"
    chat_url: str = ""
    chat_model: str = ""
    chat_key: str = field(default="", repr=False)
    chat_timeout: float = 20.0
    batch: int = 4
    memory: int | None = None


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from ``environ``; raises InputError when a value cannot be used."""
    threads = environ.get("MISORA_THREADS", "")
    if threads and not (threads.isdecimal() and int(threads) >= 1):
        raise InputError(
            f"MISORA_THREADS={threads!r} is not a whole number of at least 1; leave it unset for all cores", field="MISORA_THREADS"
        )
    return Settings(
        weights=Path(environ.get("MISORA_WEIGHTS") or PACKAGE / "models" / "weights"),
        assets=Path(environ.get("MISORA_ASSETS") or "data/stage"),
        device=environ.get("MISORA_DEVICE") or "auto",
        threads=int(threads) if threads else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        presets=Path(environ.get("MISORA_PRESETS") or "~/.config/misora/presets").expanduser(),
        database=environ.get("MISORA_DATABASE") or DATABASE,
        vault=environ.get("MISORA_VAULT") or VAULT,
        plans=Path(environ.get("MISORA_PLANS") or PLANS),
        cache=Path(environ.get("MISORA_CACHE") or CACHE),
        rewriter=environ.get("MISORA_REWRITER") or "offline",
        tier=tier_of(environ.get("MISORA_TIER") or TIERS[0]),
        chat_url=environ.get("MISORA_CHAT_URL") or "",
        chat_model=environ.get("MISORA_CHAT_MODEL") or "",
        chat_key=environ.get("MISORA_CHAT_KEY") or "",
        batch=batch_of(environ.get("MISORA_BATCH") or "4"),
        memory=bytes_of(environ.get("MISORA_MEMORY") or ""),
        chat_timeout=seconds_of("MISORA_CHAT_TIMEOUT", environ.get("MISORA_CHAT_TIMEOUT") or "20"),
    )


def batch_of(text: str) -> int:
    """Raises InputError unless ``text`` is a whole number from 1 to 64."""
    if not (text.isdecimal() and 1 <= int(text) <= MAX_BATCH):
        raise InputError(f"MISORA_BATCH={text!r} is no whole number from 1 to {MAX_BATCH}; 1 makes every job alone", field="MISORA_BATCH")
    return int(text)


def bytes_of(text: str) -> int | None:
    """``"4GiB"`` or ``"800MiB"`` in bytes, None for nothing; raises InputError for anything else."""
    if not text:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(MiB|GiB)", text.strip(), re.IGNORECASE)
    if found is None or float(found[1]) == 0:
        raise InputError(f"MISORA_MEMORY={text!r} is not an amount of memory; write 4GiB or 800MiB", field="MISORA_MEMORY")
    return int(float(found[1]) * (1 << (30 if found[2].lower() == "gib" else 20)))


def tier_of(name: str) -> str:
    """Raises InputError unless ``name`` is a tier of the stage."""
    if name not in TIERS:
        raise InputError(f"MISORA_TIER={name!r} is not known; choose one of {', '.join(TIERS)}", field="MISORA_TIER")
    return name


def seconds_of(name: str, text: str) -> float:
    """Raises InputError naming the variable unless ``text`` is a number of seconds above 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_TIMEOUT:
        raise InputError(f"{name}={text!r} is not a number of seconds above 0 and at most {MAX_TIMEOUT:g}; nearest: 20", field=name)
    return seconds

"""Files that appear whole or not at all: written beside their target, then renamed over it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from misora.base.errors import InputError

StrPath = str | os.PathLike[str]


@contextmanager
def replacing(path: StrPath) -> Iterator[Path]:
    """A new empty file beside ``path`` that takes its place when the block ends, and is removed when the block fails.

    Raises:
        InputError: The target is a folder, its folder is missing, or the disk refuses (field "out").
    """
    target = Path(path)
    partial = target.with_name(f".{target.name[:60]}.{os.getpid()}-{secrets.token_hex(4)}.part") if target.name else target
    if not target.name or target.is_dir():
        raise InputError(f"cannot write {target}: it is a folder; give a file name", field="out")
    try:
        with refusal_explained(target):
            partial.open("xb").close()
        yield partial
        with refusal_explained(target):
            _sync(partial)
            os.replace(partial, target)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


@contextmanager
def refusal_explained(target: StrPath) -> Iterator[None]:
    """Turns the operating system's refusal to write into an InputError about ``target``."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"cannot write {target}: the folder {Path(target).parent} does not exist", field="out") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot write {target}: {reason}", field="out") from error


def write_bytes(path: StrPath, content: bytes) -> None:
    """Writes ``content`` to ``path``, whole or not at all."""
    with replacing(path) as partial, refusal_explained(path):
        partial.write_bytes(content)


def _sync(path: Path) -> None:
    """Forces the bytes to the disk, so that a rename that survives a power cut never names an empty file."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())

"""Files by the SHA-256 of their bytes. A file is in the vault whole or not at all, and is checked against its name when it is read.

Here on a local disk, in a bucket in ``s3_vault``. On a disk: written beside its place, synced, renamed, the folder synced; a power cut
leaves the old state or the new one.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from misora.base.errors import InputError, MisoraError, StoreUnavailable

PIECE_BYTES = 1 << 20


class BlobMissing(MisoraError):
    """The vault does not hold this digest."""


class BlobDamaged(MisoraError):
    """The bytes no longer match the digest that names them; they are not served."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A file in the vault."""

    digest: str
    num_bytes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A digest and when it was last put, seconds since 1970."""

    digest: str
    put_at: float


class Vault(Protocol):
    """What every vault can do; ``tests/contracts/test_vaults.py`` is the contract."""

    def put(self, path: Path) -> Blob:
        """Takes a copy of a file; putting the same bytes again only renews their age."""

    def fetch(self, digest: str) -> Path:
        """A local file with these bytes, checked; to be read only. Raises BlobMissing or BlobDamaged."""

    def read(self, blob: Blob, start: int, stop: int) -> Iterator[bytes]:
        """The bytes ``[start, stop)`` in pieces, none of which is given out unchecked. Raises BlobMissing or BlobDamaged."""

    def contains(self, digest: str) -> bool:
        """Whether the bytes are there, unchecked."""

    def put_time(self, digest: str) -> float | None:
        """When the bytes were last put, seconds since 1970; None when they are not there."""

    def stored(self) -> Iterator[Stored]:
        """Everything in the vault."""

    def remove(self, digest: str) -> None:
        """Forgets the bytes; absent ones are no error."""

    def remove_partials(self, *, older_than: float) -> int:
        """Clears what a kill left half put; returns how many."""


class LocalVault:
    """A folder, two hex digits a sub-folder.

    Args:
        folder: Made when absent.
        clock: Seconds since 1970; what ages are told by.
        verified: Digests whose bytes were checked by this process stay trusted until their size or time changes.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.clock = clock
        self._verified: dict[str, tuple[int, int]] = {}
        try:
            (folder / "partial").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot use {folder} as a vault: {(error.strerror or str(error)).lower()}", field="MISORA_VAULT") from error

    def put(self, path: Path) -> Blob:
        partial = self.folder / "partial" / secrets.token_hex(8)
        try:
            blob = _copy(path, partial)
            target = self._place(blob.digest)
            self._make_folder(target.parent)
            now = self.clock()
            os.utime(partial, (now, now))
            os.replace(partial, target)
            sync_folder(target.parent)
        except OSError as error:
            raise StoreUnavailable(f"the vault cannot be written: {(error.strerror or str(error)).lower()}; free some space") from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        return blob

    def fetch(self, digest: str) -> Path:
        path = self._place(digest)
        try:
            stat = path.stat()
        except OSError as error:
            raise BlobMissing(f"the vault does not hold {digest}") from error
        stamp = (stat.st_size, stat.st_mtime_ns)
        if self._verified.get(digest) != stamp:
            if digest_of(path) != digest:
                raise BlobDamaged(f"{digest} no longer matches its bytes; restore it from a backup")
            self._verified[digest] = stamp
        return path

    def read(self, blob: Blob, start: int, stop: int) -> Iterator[bytes]:
        with self.fetch(blob.digest).open("rb") as file:
            file.seek(start)
            left = stop - start
            while left > 0 and (piece := file.read(min(PIECE_BYTES, left))):
                left -= len(piece)
                yield piece

    def contains(self, digest: str) -> bool:
        return self.put_time(digest) is not None

    def put_time(self, digest: str) -> float | None:
        try:
            return self._place(digest).stat().st_mtime
        except FileNotFoundError:
            return None

    def size(self, digest: str) -> int:
        """Bytes of a file; 0 when it is not there."""
        try:
            return self._place(digest).stat().st_size
        except FileNotFoundError:
            return 0

    def stored(self) -> Iterator[Stored]:
        for path in sorted(self.folder.glob("??/*")):
            with suppress(FileNotFoundError):
                yield Stored(path.name, path.stat().st_mtime)

    def remove(self, digest: str) -> None:
        self._place(digest).unlink(missing_ok=True)
        self._verified.pop(digest, None)

    def remove_partials(self, *, older_than: float) -> int:
        left = 0
        for path in (self.folder / "partial").iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than:
                    path.unlink()
                    left += 1
        return left

    def _make_folder(self, folder: Path) -> None:
        """A sub-folder whose own name is on the disk before anything is put into it."""
        if not folder.is_dir():
            with suppress(FileExistsError):
                os.mkdir(folder)
            sync_folder(self.folder)

    def _place(self, digest: str) -> Path:
        if not is_digest(digest):
            raise BlobMissing(f"{digest[:80]!r} is not a SHA-256 in hex")
        return self.folder / digest[:2] / digest


def open_vault(location: str, copies: Path) -> Vault:
    """The vault at a folder or at ``s3://BUCKET/PREFIX``; raises InputError for places of another kind.

    Args:
        copies: Folder for local copies of what lies in a bucket.
    """
    if location.startswith("s3://"):
        # Imported only where it is used: boto3 takes a quarter of a second.
        from misora.store.s3_vault import open_s3_vault

        return open_s3_vault(location, copies)
    if "://" in location:
        raise InputError(f"MISORA_VAULT={location!r} is neither a folder nor s3://BUCKET/PREFIX", field="MISORA_VAULT")
    return LocalVault(Path(location))


def is_digest(name: str) -> bool:
    """Whether ``name`` is a SHA-256 in lower-case hex."""
    return len(name) == 64 and not set(name) - set("0123456789abcdef")


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Forces a folder's names to the disk; a failure is fatal, for a second try may claim a success that never was."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path) -> Blob:
    """Copies, hashes and syncs in one pass."""
    sha, num_bytes = hashlib.sha256(), 0
    with source.open("rb") as reader, target.open("xb") as writer:
        while piece := reader.read(PIECE_BYTES):
            sha.update(piece)
            writer.write(piece)
            num_bytes += len(piece)
        writer.flush()
        os.fsync(writer.fileno())
    return Blob(sha.hexdigest(), num_bytes)

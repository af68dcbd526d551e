"""What a file's bytes hash to, whole and piece by piece, so that a part of it can be checked without reading all of it.

The pieces' hashes travel with the file as one line of text that fits into the metadata of an object store (2 KB with S3).
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

SMALLEST_PIECE = 1 << 20
MOST_PIECES = 80
HASH_BYTES = 16
"""SHA-256 cut in half: against decay, not against somebody who may write to the store, and he could change this line as well."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hashes of a file.

    Args:
        digest: SHA-256 of the whole, in hex.
        pieces: The first ``HASH_BYTES`` of each piece's SHA-256; every piece but the last has ``piece_bytes_of(num_bytes)``.
    """

    digest: str
    num_bytes: int
    pieces: tuple[bytes, ...]

    def matches(self, index: int, piece: bytes) -> bool:
        """Whether ``piece`` is the one at ``index``."""
        return index < len(self.pieces) and hash_of(piece) == self.pieces[index]

    def line(self) -> str:
        """``pieces`` as text."""
        return urlsafe_b64encode(b"".join(self.pieces)).decode("ascii")


def piece_bytes_of(num_bytes: int) -> int:
    """How large the pieces of a file are: 1 MiB, doubled until there are at most ``MOST_PIECES``."""
    size = SMALLEST_PIECE
    while size * MOST_PIECES < num_bytes:
        size *= 2
    return size


def fingerprint_of(path: Path) -> Fingerprint:
    """Reads a file once."""
    num_bytes = path.stat().st_size
    whole, pieces, seen = hashlib.sha256(), [], 0
    with path.open("rb") as file:
        while piece := file.read(piece_bytes_of(num_bytes)):
            whole.update(piece)
            pieces.append(hash_of(piece))
            seen += len(piece)
    return Fingerprint(whole.hexdigest(), seen, tuple(pieces))


def from_line(digest: str, num_bytes: int, line: str) -> Fingerprint:
    """What ``line`` made; a line that is damaged matches no piece."""
    try:
        packed = urlsafe_b64decode(line)
    except ValueError:
        packed = b""
    return Fingerprint(digest, num_bytes, tuple(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)))


def hash_of(piece: bytes) -> bytes:
    return hashlib.sha256(piece).digest()[:HASH_BYTES]

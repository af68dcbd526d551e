"""The vault in a bucket: objects named by the SHA-256 of their bytes, checked piece by piece while they are read.

``s3://BUCKET/PREFIX``. An object appears whole or not at all, as S3 promises; every part is sent with its MD5, which the store compares.
Readers that need a path get a local copy, whose folder is kept within a bound.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from misora.base.errors import InputError, StoreUnavailable
from misora.store.bucket import TRIES, Bucket, ObjectMissing, open_bucket
from misora.store.fingerprint import Fingerprint, fingerprint_of, from_line, piece_bytes_of
from misora.store.vault import Blob, BlobDamaged, BlobMissing, LocalVault, Stored, is_digest

PART_BYTES = 16 << 20
"""Larger files go up in parts of this size; S3 wants at least 5 MiB and at most 10,000 of them."""
COPIES_BYTES = 10 << 30
COPY_SECONDS = 3600.0
"""A local copy younger than this is left alone, for somebody may be reading it."""
META = "misora-pieces"


class S3Vault:
    """See ``store.vault.Vault``.

    Args:
        prefix: What all names begin with; "" or ending in a slash.
        copies: Where ``fetch`` puts what it has read.
        copies_bytes: How much may lie there.
    """

    def __init__(self, bucket: Bucket, prefix: str, copies: LocalVault, copies_bytes: int = COPIES_BYTES) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.copies = copies
        self.copies_bytes = copies_bytes

    def put(self, path: Path) -> Blob:
        try:
            print_of = fingerprint_of(path)
            send = self._put_whole if print_of.num_bytes <= PART_BYTES else self._put_parts
            send(path, print_of, self._key(print_of.digest))
        except OSError as error:
            raise StoreUnavailable(f"{path.name} cannot be read: {(error.strerror or str(error)).lower()}") from error
        return Blob(print_of.digest, print_of.num_bytes)

    def fetch(self, digest: str) -> Path:
        self._key(digest)
        with suppress(BlobMissing, BlobDamaged):
            return self.copies.fetch(digest)
        self._copy(Blob(digest, self._head(digest)["ContentLength"]))
        self._forget_copies()
        return self.copies.fetch(digest)

    def read(self, blob: Blob, start: int, stop: int) -> Iterator[bytes]:
        size, tries = piece_bytes_of(blob.num_bytes), 0
        index = start // size
        while index * size < stop:
            try:
                for piece in self._pieces(blob, index, min(blob.num_bytes, -(-stop // size) * size)):
                    yield piece[max(0, start - index * size) : stop - index * size]
                    index, tries = index + 1, 0
            except ConnectionError as error:
                tries += 1
                if tries == TRIES:
                    raise StoreUnavailable(f"the vault's bucket stops in the middle of a file: {error}; try again in a moment") from error
                self.bucket.pause(0.1 * 2**tries)

    def contains(self, digest: str) -> bool:
        return self.put_time(digest) is not None

    def put_time(self, digest: str) -> float | None:
        try:
            return float(self._head(digest)["LastModified"].timestamp())
        except BlobMissing:
            return None

    def stored(self) -> Iterator[Stored]:
        for entry in self.bucket.objects(self.prefix):
            digest = entry["Key"].rpartition("/")[2]
            # A bucket may hold other things too; they are none of ours to list or to collect.
            if is_digest(digest) and entry["Key"] == self._key(digest):
                yield Stored(digest, entry["LastModified"].timestamp())

    def remove(self, digest: str) -> None:
        self.bucket.call("delete_object", Key=self._key(digest))
        self.copies.remove(digest)

    def remove_partials(self, *, older_than: float) -> int:
        # The first thousand; what is beyond them is for the next time.
        begun = self.bucket.call("list_multipart_uploads", Prefix=self.prefix).get("Uploads", ())
        left = [upload for upload in begun if upload["Initiated"].timestamp() < older_than]
        for upload in left:
            with suppress(ObjectMissing):
                self.bucket.call("abort_multipart_upload", Key=upload["Key"], UploadId=upload["UploadId"])
        return len(left) + self.copies.remove_partials(older_than=older_than)

    def _key(self, digest: str) -> str:
        if not is_digest(digest):
            raise BlobMissing(f"{digest[:80]!r} is not a SHA-256 in hex")
        return f"{self.prefix}{digest[:2]}/{digest}"

    def _head(self, digest: str) -> Any:
        try:
            return self.bucket.call("head_object", Key=self._key(digest))
        except ObjectMissing as error:
            raise BlobMissing(f"the vault does not hold {digest}") from error

    def _copy(self, blob: Blob) -> None:
        """Puts the bytes among the local copies."""
        try:
            with tempfile.NamedTemporaryFile(dir=self.copies.folder / "partial") as partial:
                for piece in self.read(blob, 0, blob.num_bytes):
                    partial.write(piece)
                partial.flush()
                if self.copies.put(Path(partial.name)).digest != blob.digest:
                    raise damaged(blob.digest)
        except OSError as error:
            raise StoreUnavailable(f"{self.copies.folder} cannot be written: {(error.strerror or str(error)).lower()}") from error

    def _put_whole(self, path: Path, print_of: Fingerprint, key: str) -> None:
        [part] = parts_of(path, print_of) if print_of.num_bytes else [b""]
        self.bucket.call("put_object", Key=key, Body=part, ContentMD5=md5(part), Metadata={META: print_of.line()})

    def _put_parts(self, path: Path, print_of: Fingerprint, key: str) -> None:
        upload = self.bucket.call("create_multipart_upload", Key=key, Metadata={META: print_of.line()})["UploadId"]
        try:
            sent = []
            for number, part in enumerate(parts_of(path, print_of), start=1):
                answer = self.bucket.call("upload_part", Key=key, UploadId=upload, PartNumber=number, Body=part, ContentMD5=md5(part))
                sent.append({"PartNumber": number, "ETag": answer["ETag"]})
            self.bucket.call("complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": sent})
        except BaseException:
            with suppress(ObjectMissing, StoreUnavailable):
                self.bucket.call("abort_multipart_upload", Key=key, UploadId=upload)
            raise

    def _pieces(self, blob: Blob, index: int, stop: int) -> Iterator[bytes]:
        """The pieces from ``index`` to the byte ``stop``, each compared with its hash; raises ConnectionError when the store breaks off."""
        from botocore.exceptions import BotoCoreError

        size = piece_bytes_of(blob.num_bytes)
        span = f"bytes={index * size}-{stop - 1}"
        try:
            answer = self.bucket.call("get_object", Key=self._key(blob.digest), Range=span)
        except ObjectMissing as error:
            raise BlobMissing(f"the vault does not hold {blob.digest}") from error
        print_of = from_line(blob.digest, blob.num_bytes, answer["Metadata"].get(META, ""))
        with closing(answer["Body"]) as body:
            for at in range(index, -(-stop // size)):
                try:
                    piece = body.read(min(size, stop - at * size))
                except (BotoCoreError, OSError) as error:
                    raise ConnectionError(str(error)) from error
                if not print_of.matches(at, piece):
                    raise damaged(blob.digest)
                yield piece

    def _forget_copies(self) -> None:
        """Removes the oldest local copies beyond the bound."""
        copies = sorted(self.copies.stored(), key=lambda copy: copy.put_at)
        sizes = {copy.digest: self.copies.size(copy.digest) for copy in copies}
        for copy in copies:
            if sum(sizes.values()) <= self.copies_bytes or copy.put_at > self.copies.clock() - COPY_SECONDS:
                break
            self.copies.remove(copy.digest)
            del sizes[copy.digest]


def open_s3_vault(location: str, copies: Path, clock: Callable[[], float] = time.time) -> S3Vault:
    """The vault at ``s3://BUCKET/PREFIX``; see ``open_bucket`` for what it raises."""
    name, _, prefix = location.removeprefix("s3://").partition("/")
    if not name:
        raise InputError(f"MISORA_VAULT={location!r} names no bucket; for example s3://videos/misora", field="MISORA_VAULT")
    prefix = prefix.strip("/")
    return S3Vault(open_bucket(name), f"{prefix}/" if prefix else "", LocalVault(copies, clock))


def parts_of(path: Path, print_of: Fingerprint) -> Iterator[bytes]:
    """The file in parts of ``PART_BYTES``, compared once more with the hashes it was named by."""
    size = piece_bytes_of(print_of.num_bytes)
    with path.open("rb") as file:
        index = 0
        while part := file.read(max(PART_BYTES, size)):
            for at in range(0, len(part), size):
                if not print_of.matches(index, part[at : at + size]):
                    raise StoreUnavailable(f"{path.name} changed while it was put into the vault; put it again")
                index += 1
            yield part


def md5(part: bytes) -> str:
    """As S3 wants it in a header: it refuses a part that arrives otherwise."""
    return b64encode(hashlib.md5(part, usedforsecurity=False).digest()).decode("ascii")


def damaged(digest: str) -> BlobDamaged:
    return BlobDamaged(f"{digest} no longer matches its bytes; restore it from a backup")

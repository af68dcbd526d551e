"""What every vault must do; each kind is one parameter."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from buckets import Shop
from misora.store.vault import Blob, BlobDamaged, BlobMissing, LocalVault, Vault

DATA = b"frames " * 400_000
"""Three pieces, the last of them short."""


@dataclass
class Kind:
    """A vault and ways to harm it: flip a bit at a place, make a file older by some seconds."""

    vault: Vault
    spoil: Callable[[str, int], None]
    age: Callable[[str, float], None]


@pytest.fixture(params=["local", "s3"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    if request.param == "local":
        yield local_kind(tmp_path / "vault")
        return
    shop = Shop(request.getfixturevalue("s3"), tmp_path, lambda: 1e10)
    yield Kind(shop.vault, shop.spoil, shop.age)
    shop.close()


def local_kind(folder: Path) -> Kind:
    vault = LocalVault(folder)

    def spoil(digest: str, at: int) -> None:
        path = folder / digest[:2] / digest
        spoiled = bytearray(path.read_bytes())
        spoiled[at] ^= 1
        path.write_bytes(spoiled)

    def age(digest: str, seconds: float) -> None:
        path = folder / digest[:2] / digest
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))

    return Kind(vault, spoil, age)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    return path


def test_what_is_put_is_fetched_under_the_digest_of_its_bytes(kind: Kind, file: Path) -> None:
    blob = kind.vault.put(file)
    assert blob == Blob(hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert kind.vault.contains(blob.digest)
    assert kind.vault.fetch(blob.digest).read_bytes() == DATA
    assert kind.vault.fetch(blob.digest) == kind.vault.fetch(blob.digest)


@pytest.mark.parametrize(
    "span",
    [(0, len(DATA)), (0, 1), (7, 7), (1 << 20, 2 << 20), ((1 << 20) - 3, (1 << 20) + 3), (len(DATA) - 5, len(DATA)), (99, 2_500_000)],
)
def test_any_part_is_read_alone(kind: Kind, file: Path, span: tuple[int, int]) -> None:
    assert b"".join(kind.vault.read(kind.vault.put(file), *span)) == DATA[slice(*span)]


def test_a_file_without_bytes_is_one_too(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    blob = kind.vault.put(tmp_path / "empty")
    assert blob.num_bytes == 0 and kind.vault.fetch(blob.digest).read_bytes() == b"" and list(kind.vault.read(blob, 0, 0)) == []


def test_putting_again_keeps_one_copy_and_renews_its_age(kind: Kind, file: Path) -> None:
    first = kind.vault.put(file)
    put_at = kind.vault.put_time(first.digest)
    kind.age(first.digest, 3600.0)
    assert put_at is not None and kind.vault.put_time(first.digest) == pytest.approx(put_at - 3600.0, abs=1e-3)
    assert kind.vault.put(file) == first
    [stored] = kind.vault.stored()
    assert stored.digest == first.digest and stored.put_at >= put_at and stored.put_at == kind.vault.put_time(first.digest)


def test_what_is_removed_is_missing_and_removing_twice_is_no_error(kind: Kind, file: Path) -> None:
    blob = kind.vault.put(file)
    kind.vault.fetch(blob.digest)
    kind.vault.remove(blob.digest)
    kind.vault.remove(blob.digest)
    assert not kind.vault.contains(blob.digest) and kind.vault.put_time(blob.digest) is None and list(kind.vault.stored()) == []
    with pytest.raises(BlobMissing):
        kind.vault.fetch(blob.digest)
    with pytest.raises(BlobMissing):
        next(kind.vault.read(blob, 0, 10))


@pytest.mark.parametrize("name", ["", "../../secret", "a" * 63, "A" * 64, "/etc/passwd"])
def test_only_digests_are_names(kind: Kind, name: str) -> None:
    with pytest.raises(BlobMissing):
        kind.vault.fetch(name)
    with pytest.raises(BlobMissing):
        next(kind.vault.read(Blob(name, 10), 0, 10))


@pytest.mark.parametrize("at", [0, 1_500_000, len(DATA) - 1])
def test_one_flipped_bit_is_never_served(kind: Kind, file: Path, at: int) -> None:
    blob = kind.vault.put(file)
    kind.vault.fetch(blob.digest)
    kind.spoil(blob.digest, at)
    with pytest.raises(BlobDamaged):
        kind.vault.fetch(blob.digest)
    given: list[bytes] = []
    with pytest.raises(BlobDamaged):
        given.extend(kind.vault.read(blob, 0, blob.num_bytes))
    assert DATA.startswith(b"".join(given))
    kind.vault.put(file)
    assert kind.vault.fetch(blob.digest).read_bytes() == DATA


def test_nothing_is_left_half_put(kind: Kind, file: Path) -> None:
    kind.vault.put(file)
    assert kind.vault.remove_partials(older_than=1e11) == 0

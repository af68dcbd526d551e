"""What every vault must do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from misora.store.vault import BlobDamaged, BlobMissing, LocalVault, Vault

MakeVault = Callable[[Callable[[], float]], Vault]


@pytest.fixture(params=["local"])
def make_vault(request: pytest.FixtureRequest, tmp_path: Path) -> MakeVault:
    return lambda clock: LocalVault(tmp_path / "vault", clock)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"frames " * 1000)
    return path


def test_what_is_put_is_fetched_under_the_digest_of_its_bytes(make_vault: MakeVault, file: Path) -> None:
    vault = make_vault(lambda: 5.0)
    blob = vault.put(file)
    assert blob.digest == hashlib.sha256(file.read_bytes()).hexdigest() and blob.num_bytes == 7000
    assert vault.contains(blob.digest)
    assert vault.fetch(blob.digest).read_bytes() == file.read_bytes()


def test_putting_again_keeps_one_copy_and_renews_its_age(make_vault: MakeVault, file: Path) -> None:
    now = [5.0]
    vault = make_vault(lambda: now[0])
    first = vault.put(file)
    now[0] = 9.0
    assert vault.put(file) == first
    assert [(stored.digest, stored.put_at) for stored in vault.stored()] == [(first.digest, 9.0)]


def test_what_is_removed_is_missing_and_removing_twice_is_no_error(make_vault: MakeVault, file: Path) -> None:
    vault = make_vault(lambda: 5.0)
    digest = vault.put(file).digest
    vault.remove(digest)
    vault.remove(digest)
    assert not vault.contains(digest) and list(vault.stored()) == []
    with pytest.raises(BlobMissing):
        vault.fetch(digest)


@pytest.mark.parametrize("name", ["", "../../secret", "a" * 63, "A" * 64, "/etc/passwd"])
def test_only_digests_are_names(make_vault: MakeVault, name: str) -> None:
    vault = make_vault(lambda: 5.0)
    with pytest.raises(BlobMissing):
        vault.fetch(name)


def test_one_flipped_bit_is_never_served(make_vault: MakeVault, file: Path) -> None:
    vault = make_vault(lambda: 5.0)
    digest = vault.put(file).digest
    path = vault.fetch(digest)
    spoiled = bytearray(path.read_bytes())
    spoiled[100] ^= 1
    path.write_bytes(spoiled)
    with pytest.raises(BlobDamaged):
        vault.fetch(digest)

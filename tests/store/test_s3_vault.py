"""What is particular to the vault in a bucket: many parts, lost requests, settings that are missing, a bound on copies."""

from __future__ import annotations

import builtins
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from buckets import Server, Shop
from misora.base.errors import InputError, MissingExtraError, StoreUnavailable
from misora.store import s3_vault
from misora.store.bucket import TRIES
from misora.store.fingerprint import MOST_PIECES, fingerprint_of, from_line, piece_bytes_of
from misora.store.s3_vault import PART_BYTES, S3Vault
from misora.store.vault import BlobDamaged, open_vault

MIB = 1 << 20


@pytest.fixture
def shop(s3: Server, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(s3, tmp_path, lambda: 1e10)
    yield shop
    shop.close()


def file_of(folder: Path, size: int, seed: int = 1) -> Path:
    path = folder / f"{size}-{seed}.mp4"
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


@pytest.mark.parametrize("size", [0, 1, MIB, MIB * MOST_PIECES, MIB * MOST_PIECES + 1, 5000 * MIB])
def test_hashes_of_any_file_fit_into_two_kilobytes(size: int) -> None:
    pieces = -(-size // piece_bytes_of(size))
    assert pieces <= MOST_PIECES and 4 * -(-16 * pieces // 3) < 2000
    assert PART_BYTES % piece_bytes_of(size) == 0 or piece_bytes_of(size) > PART_BYTES


def test_a_spoiled_line_of_hashes_matches_nothing(tmp_path: Path) -> None:
    path = file_of(tmp_path, 1000)
    line, data = fingerprint_of(path).line(), path.read_bytes()
    assert from_line("d", 1000, line).matches(0, data) and not from_line("d", 1000, line).matches(1, data)
    for spoiled in ("", "A" + line[1:] if line[0] != "A" else "B" + line[1:], line[:-5], "é"):
        assert not from_line("d", 1000, spoiled).matches(0, data)


def test_a_large_file_goes_up_in_parts_and_comes_back(shop: Shop, tmp_path: Path) -> None:
    path = file_of(tmp_path, PART_BYTES + 3 * MIB + 17)
    blob = shop.vault.put(path)
    tag = shop.client.head_object(Bucket=shop.name, Key=shop.key(blob.digest))["ETag"]
    assert tag.endswith('-2"')
    assert b"".join(shop.vault.read(blob, PART_BYTES - 1, PART_BYTES + 1)) == path.read_bytes()[PART_BYTES - 1 : PART_BYTES + 1]
    assert shop.vault.fetch(blob.digest).read_bytes() == path.read_bytes()


def test_a_put_that_fails_half_way_leaves_no_object_and_no_parts(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file_of(tmp_path, PART_BYTES + MIB)
    client = shop.vault.bucket.client

    def stop(**_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "complete_multipart_upload", stop)
    with pytest.raises(KeyboardInterrupt):
        shop.vault.put(path)
    assert list(shop.vault.stored()) == [] and shop.vault.remove_partials(older_than=1e11) == 0


def test_parts_that_a_kill_left_behind_are_cleared_by_age(shop: Shop) -> None:
    shop.client.create_multipart_upload(Bucket=shop.name, Key=shop.key("a" * 64))
    assert shop.vault.remove_partials(older_than=0.0) == 0
    assert shop.vault.remove_partials(older_than=1e11) == 1
    assert shop.vault.remove_partials(older_than=1e11) == 0


def test_a_file_that_changes_while_it_is_put_is_not_kept(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = file_of(tmp_path, 5000), file_of(tmp_path, 5000, seed=2)
    monkeypatch.setattr(s3_vault, "fingerprint_of", lambda _: fingerprint_of(other))
    with pytest.raises(StoreUnavailable, match="changed while it was put"):
        shop.vault.put(path)
    assert list(shop.vault.stored()) == []


def test_a_store_that_fails_one_call_in_ten_loses_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.trouble.share = shop.trouble.lost_answers = 0.1
    for seed in range(20):
        path = file_of(tmp_path, 3000 + seed, seed)
        blob = shop.vault.put(path)
        assert b"".join(shop.vault.read(blob, 0, blob.num_bytes)) == shop.vault.fetch(blob.digest).read_bytes() == path.read_bytes()
    large = file_of(tmp_path, PART_BYTES + MIB)
    assert shop.vault.fetch(shop.vault.put(large).digest).read_bytes() == large.read_bytes()
    assert shop.trouble.refused > 5 and len(list(shop.vault.stored())) == 21


def test_pauses_grow_and_a_store_that_stays_away_is_told(shop: Shop, tmp_path: Path) -> None:
    shop.trouble.share = 1.0
    with pytest.raises(StoreUnavailable, match=shop.name):
        shop.vault.put(file_of(tmp_path, 10))
    assert shop.trouble.refused == TRIES and len(shop.pauses) == TRIES - 1
    assert all(later > 0.9 * earlier for earlier, later in zip(shop.pauses, shop.pauses[1:], strict=False)) and sum(shop.pauses) < 4


def test_a_body_that_breaks_off_goes_on_where_it_broke(shop: Shop, tmp_path: Path) -> None:
    path = file_of(tmp_path, 3 * MIB)
    blob = shop.vault.put(path)
    shop.trouble.cut_after = MIB + 5
    assert b"".join(shop.vault.read(blob, 10, blob.num_bytes)) == path.read_bytes()[10:]
    assert len(shop.pauses) == 1


def test_a_copy_that_rots_is_fetched_again(shop: Shop, tmp_path: Path) -> None:
    path = file_of(tmp_path, 5000)
    digest = shop.vault.put(path).digest
    shop.vault.fetch(digest).write_bytes(b"rot")
    assert shop.vault.fetch(digest).read_bytes() == path.read_bytes()


def test_an_object_that_lost_its_hashes_is_not_served(shop: Shop, tmp_path: Path) -> None:
    path = file_of(tmp_path, 5000)
    blob = shop.vault.put(path)
    shop.client.put_object(Bucket=shop.name, Key=shop.key(blob.digest), Body=path.read_bytes())
    with pytest.raises(BlobDamaged):
        next(shop.vault.read(blob, 0, 10))


def test_old_copies_go_when_there_are_too_many(shop: Shop, tmp_path: Path) -> None:
    now = [1e9]
    shop.vault.copies.clock, shop.vault.copies_bytes = lambda: now[0], 10_000
    digests = []
    for seed in range(4):
        digests.append(shop.vault.put(file_of(tmp_path, 4000, seed)).digest)
        shop.vault.fetch(digests[-1])
        now[0] += 10
    assert [shop.vault.copies.contains(digest) for digest in digests] == [True] * 4  # somebody may still be reading them
    now[0] += 3600
    digests.append(shop.vault.put(file_of(tmp_path, 4000, 9)).digest)
    shop.vault.fetch(digests[-1])
    assert [shop.vault.copies.contains(digest) for digest in digests] == [False, False, False, True, True]
    assert shop.vault.fetch(digests[0]).stat().st_size == 4000


def test_other_things_in_the_bucket_are_left_alone(shop: Shop) -> None:
    for key in ("films/readme.txt", "films/zz/" + "a" * 64, "other/" + "a" * 64, "a" * 64):
        shop.client.put_object(Bucket=shop.name, Key=key, Body=b"x")
    assert list(shop.vault.stored()) == []


def test_more_objects_than_one_page(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {shop.vault.put(file_of(tmp_path, 100, seed)).digest for seed in range(5)}
    client, pages = shop.vault.bucket.client, []
    whole = client.list_objects_v2
    monkeypatch.setattr(client, "list_objects_v2", lambda **given: pages.append(given) or whole(**given, MaxKeys=2))
    assert {stored.digest for stored in shop.vault.stored()} == digests and len(pages) == 3


@pytest.fixture
def addressed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, with the environment of somebody who uses it."""
    values = {
        "AWS_ENDPOINT_URL_S3": shop.server.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "tester",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    return shop


def test_it_is_opened_by_its_address(addressed: Shop, tmp_path: Path) -> None:
    vault = open_vault(f"s3://{addressed.name}/films", tmp_path / "cache")
    assert isinstance(vault, S3Vault)
    digest = vault.put(file_of(tmp_path, 100)).digest
    assert addressed.vault.contains(digest)
    vault.bucket.client.close()


@pytest.mark.parametrize(
    ("location", "unset", "said"),
    [
        ("s3://", "", "names no bucket"),
        ("s3:///films", "", "names no bucket"),
        ("s3://no-such-bucket", "", "there is no bucket 'no-such-bucket'"),
        ("s3://{}/films", "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("s3://{}/films", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_what_is_not_set_is_named(
    addressed: Shop, tmp_path: Path, location: str, unset: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if unset:
        monkeypatch.delenv(unset)
    with pytest.raises(InputError, match=said) as caught:
        open_vault(location.format(addressed.name), tmp_path / "cache")
    assert caught.value.field == "MISORA_VAULT"


def test_an_address_that_is_none_names_the_variable(addressed: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "not an address")
    with pytest.raises(InputError, match="AWS_ENDPOINT_URL_S3"):
        open_vault("s3://films", tmp_path / "cache")


def test_without_the_client_the_command_that_installs_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name == "boto3":
            raise ImportError(name)
        return right(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtraError, match=r"pip install 'misora\[s3\]'"):
        open_vault("s3://films", tmp_path / "cache")

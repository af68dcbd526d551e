"""A studio whose files lie in a bucket: content is passed on piece by piece, a store that is away is a 503."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from buckets import Server, Shop
from studios import Rig, make_rig


@pytest.fixture
def shop(s3: Server, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(s3, tmp_path, lambda: 1e10)
    yield shop
    shop.close()


@pytest.fixture
def rig(tmp_path: Path, shop: Shop) -> Iterator[Rig]:
    rig = make_rig(tmp_path)
    rig.bench.engine.vault, rig.bench.clock.now = shop.vault, 1e10
    rig.app.state.studio = replace(rig.studio, clock=rig.bench.clock)
    yield rig
    rig.client.close()
    rig.bench.engine.database.close()


def test_content_is_served_from_the_bucket_without_a_copy(rig: Rig, shop: Shop) -> None:
    path = f"/v1/videos/{rig.made()['id']}/content"
    asset = rig.bench.engine.outputs(path.split("/")[3])["video"]
    whole = rig.client.get(path)
    assert whole.status_code == 200 and len(whole.content) == asset.num_bytes
    part = rig.client.get(path, headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert not shop.vault.copies.contains(asset.digest)
    shop.trouble.share = 1.0
    away = rig.client.get(path)
    assert rig.error(away, 503)["message"].startswith("the vault's bucket") and int(away.headers["retry-after"]) > 0
    shop.trouble.share = 0.0
    shop.spoil(asset.digest, 5)
    assert b"ftyp" not in rig.client.get(path).content


def test_uploads_lie_there_too(rig: Rig, shop: Shop, clip: bytes) -> None:
    file = rig.ok(rig.client.post("/v1/files", files={"file": ("a.mp4", clip)}))["id"]
    assert rig.client.get(f"/v1/files/{file}/content").content == clip
    rig.ok(rig.client.post("/v1/videos/edits", json={"prompt": "in snow", "video": {"id": file}}))
    assert rig.work() == 1 and rig.get("/v1/videos")["data"][0]["status"] == "completed"
    assert rig.bench.findings() == []

"""Uploads in parts: as the client sends them, gone on with after a break, and never a file that is not whole."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from misora.store.uploads import expire_uploads
from misora.studio.uploads import DAY_SECONDS, MAX_PENDING
from studios import Rig

PARTS = 3


def begin(rig: Rig, clip: bytes, **fields: Any) -> str:
    body = {"bytes": len(clip), "filename": "clip.mp4", "mime_type": "video/mp4", "purpose": "user_data"} | fields
    return str(rig.ok(rig.client.post("/v1/uploads", json=body))["id"])


def send(rig: Rig, upload: str, data: bytes) -> str:
    return str(rig.ok(rig.client.post(f"/v1/uploads/{upload}/parts", files={"data": ("part", data)}))["id"])


def pieces(clip: bytes) -> list[bytes]:
    size = -(-len(clip) // PARTS)
    return [clip[start : start + size] for start in range(0, len(clip), size)]


def test_parts_in_any_order_become_the_file(rig: Rig, clip: bytes) -> None:
    upload = begin(rig, clip)
    sent = {number: send(rig, upload, pieces(clip)[number]) for number in (2, 0, 1)}
    assert [part["bytes"] for part in rig.get(f"/v1/uploads/{upload}")["parts"]] == [len(pieces(clip)[number]) for number in (2, 0, 1)]
    body = {"part_ids": [sent[0], sent[1], sent[2]], "md5": hashlib.md5(clip).hexdigest()}
    done = rig.ok(rig.client.post(f"/v1/uploads/{upload}/complete", json=body))
    assert done["status"] == "completed" and done["file"]["filename"] == "clip.mp4" and done["file"]["num_frames"] == 4
    assert rig.client.get(f"/v1/files/{done['file']['id']}/content").content == clip
    assert rig.get(f"/v1/uploads/{upload}")["parts"] == []
    edit = {"video": {"id": done["file"]["id"]}, "prompt": "in snow"}
    rig.ok(rig.client.post("/v1/videos/edits", json=edit))


def test_a_part_says_its_digest_so_that_a_client_knows_where_to_go_on(rig: Rig, clip: bytes) -> None:
    upload = begin(rig, clip)
    send(rig, upload, pieces(clip)[0])
    (part,) = rig.get(f"/v1/uploads/{upload}")["parts"]
    assert part["sha256"] == hashlib.sha256(pieces(clip)[0]).hexdigest()


@pytest.mark.parametrize(
    ("spoil", "param"),
    [
        (lambda ids: {"part_ids": ids[:2]}, "part_ids"),
        (lambda ids: {"part_ids": [*ids, ids[0]]}, "part_ids.3"),
        (lambda ids: {"part_ids": ["file_0", *ids[1:]]}, "part_ids.0"),
        (lambda ids: {"part_ids": ids[::-1]}, "file"),
        (lambda ids: {"part_ids": ids, "md5": "0" * 32}, "md5"),
        (lambda ids: {"part_ids": ids, "md5": "x"}, "md5"),
        (lambda ids: {"part_ids": []}, "part_ids"),
    ],
)
def test_what_is_not_whole_is_no_file_and_the_upload_stays(rig: Rig, clip: bytes, spoil: Any, param: str) -> None:
    upload = begin(rig, clip)
    ids = [send(rig, upload, piece) for piece in pieces(clip)]
    answer = rig.client.post(f"/v1/uploads/{upload}/complete", json=spoil(ids))
    assert answer.status_code in (400, 415) and (answer.json()["error"]["param"] or "file") == param
    assert rig.get("/v1/files")["data"] == []
    assert rig.ok(rig.client.post(f"/v1/uploads/{upload}/complete", json={"part_ids": ids}))["status"] == "completed"


def test_no_more_than_was_announced_is_kept(rig: Rig, clip: bytes) -> None:
    upload = begin(rig, clip, bytes=10)
    error = rig.error(rig.client.post(f"/v1/uploads/{upload}/parts", files={"data": ("part", b"x" * 11)}), 400)
    assert error["param"] == "data" and rig.get(f"/v1/uploads/{upload}")["parts"] == []
    assert rig.error(rig.client.post("/v1/uploads", json={"bytes": 1 << 40, "filename": "a", "mime_type": "b"}), 400)["param"] == "bytes"


def test_a_cancelled_upload_takes_and_keeps_nothing(rig: Rig, clip: bytes) -> None:
    upload = begin(rig, clip)
    part = send(rig, upload, pieces(clip)[0])
    assert rig.ok(rig.client.post(f"/v1/uploads/{upload}/cancel"))["status"] == "cancelled"
    rig.error(rig.client.post(f"/v1/uploads/{upload}/parts", files={"data": ("part", b"x")}), 400)
    rig.error(rig.client.post(f"/v1/uploads/{upload}/complete", json={"part_ids": [part]}), 400)
    rig.error(rig.client.post(f"/v1/uploads/{upload}/cancel"), 409)
    rig.error(rig.client.get(f"/v1/files/{part}"), 404)


def test_a_part_is_no_clip(rig: Rig, clip: bytes) -> None:
    part = send(rig, begin(rig, clip), clip)
    rig.error(rig.client.post("/v1/videos/edits", json={"prompt": "x", "video": {"id": part}}), 404)


def test_after_a_day_the_parts_are_forgotten(rig: Rig, clip: bytes) -> None:
    upload = begin(rig, clip)
    send(rig, upload, pieces(clip)[0])
    with rig.bench.engine.database.transaction() as tx:
        assert expire_uploads(tx, at=rig.studio.clock() + DAY_SECONDS - 1) == 0
        assert expire_uploads(tx, at=rig.studio.clock() + DAY_SECONDS) == 1
    assert (rig.get(f"/v1/uploads/{upload}")["status"], rig.get(f"/v1/uploads/{upload}")["parts"]) == ("expired", [])


def test_a_few_may_wait_together(rig: Rig, clip: bytes) -> None:
    uploads = [begin(rig, clip) for _ in range(MAX_PENDING)]
    body = {"bytes": 1, "filename": "a", "mime_type": "b"}
    assert rig.error(rig.client.post("/v1/uploads", json=body), 429)["code"] == "too_many_uploads"
    rig.ok(rig.client.post(f"/v1/uploads/{uploads[0]}/cancel"))
    rig.ok(rig.client.post("/v1/uploads", json=body))

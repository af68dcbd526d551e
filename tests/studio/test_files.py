"""Uploads: what is read is kept as pixels, what is not is refused, and nothing of a stranger's file is trusted."""

from __future__ import annotations

import base64
import io
import json
import random
from typing import Any

import pytest
from PIL import Image

from studios import SMALL, Rig


def jpeg_with_secrets() -> bytes:
    """A photograph that tells where it was taken."""
    image = Image.new("RGB", (64, 48), "white")
    exif = Image.Exif()
    exif[0x010E] = "CANARY description"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"CANARY comment")
    return out.getvalue()


def test_a_picture_is_written_anew_and_kept_once(rig: Rig) -> None:
    photo = jpeg_with_secrets()
    assert photo.count(b"CANARY") == 2
    file = rig.ok(rig.client.post("/v1/files", data={"purpose": "vision"}, files={"file": ("../../ab.jpg", photo)}))
    assert (file["object"], file["filename"], file["media_type"], file["width"]) == ("file", "ab.jpg", "image/png", 64)
    kept = rig.client.get(f"/v1/files/{file['id']}/content")
    assert b"CANARY" not in kept.content and kept.headers["content-disposition"].startswith("attachment")
    again = rig.ok(rig.client.post("/v1/files", files={"file": ("ab.jpg", photo)}))
    assert again["id"] == file["id"]
    assert [one["id"] for one in rig.get("/v1/files")["data"]] == [file["id"]]
    assert rig.ok(rig.client.delete(f"/v1/files/{file['id']}"))["deleted"] is True
    rig.error(rig.client.get(f"/v1/files/{file['id']}"), 404)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"<html><script>alert(1)</script>", 415),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", 415),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", 415),
        (b"PK\x03\x04zip", 415),
        (b"", 415),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, 400),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 40, 400),
        (b"GIF89a" + b"\xff" * 20, 400),
    ],
)
def test_what_is_no_picture_or_clip_is_refused(rig: Rig, content: bytes, status: int) -> None:
    rig.error(rig.client.post("/v1/files", files={"file": ("a.mp4", content)}), status)
    assert rig.get("/v1/files")["data"] == []


def test_a_bomb_is_refused_by_its_header(rig: Rig) -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    assert "9000x9000" in rig.error(rig.client.post("/v1/files", files={"file": ("bomb.png", out.getvalue())}), 400)["message"]


def test_references_in_every_form_begin_a_video(rig: Rig, picture: bytes) -> None:
    data_url = "data:image/png;base64," + base64.b64encode(picture).decode()
    file = rig.ok(rig.client.post("/v1/files", files={"file": ("p.png", picture)}))["id"]
    forms: list[dict[str, Any]] = [
        {"data": SMALL | {"prompt": "x"}, "files": {"input_reference": ("p.png", picture)}},
        {"json": SMALL | {"prompt": "x", "input_reference": {"file_id": file}}},
        {"data": SMALL | {"prompt": "x", "input_reference[image_url]": data_url}},
    ]
    for form in forms:
        video = rig.ok(rig.client.post("/v1/videos", **form))
        assert len(rig.bench.engine.job(video["id"]).request["images"]) == 1
    placed = SMALL | {"prompt": "x", "last_frame": {"file_id": file}, "keyframes": [{"media": file, "seconds": 0.25, "strength": 0.5}]}
    images = rig.bench.engine.job(rig.ok(rig.client.post("/v1/videos", json=placed))["id"]).request["images"]
    assert images == [{"file": file, "seconds": 0.25, "strength": 0.5}, {"file": file, "seconds": "end"}]


def test_a_form_takes_a_data_url_of_megabytes_but_not_of_more_than_twenty(rig: Rig) -> None:
    noise = random.Random(0).randbytes(900 * 900 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (900, 900), noise).save(out, "PNG", compress_level=1)
    assert len(out.getvalue()) > 2 << 20
    head = "data:image/png;base64,"
    large = {"input_reference[image_url]": head + base64.b64encode(out.getvalue()).decode()}
    video = rig.ok(rig.client.post("/v1/videos", data=SMALL | {"prompt": "x"} | large))
    assert len(rig.bench.engine.job(video["id"]).request["images"]) == 1
    larger = {"input_reference[image_url]": head + base64.b64encode(bytes((20 << 20) + 300)).decode()}
    assert "more than 20 MiB" in rig.error(rig.client.post("/v1/videos", data=SMALL | {"prompt": "x"} | larger), 400)["message"]


def test_a_character_is_cut_from_a_clip_and_reused(rig: Rig, clip: bytes) -> None:
    made = rig.ok(rig.client.post("/v1/videos/characters", data={"name": "Momo"}, files={"video": ("clip.mp4", clip)}))
    assert made["name"] == "Momo"
    assert rig.get(f"/v1/videos/characters/{made['id']}") == made
    video = rig.create("Momo runs", characters=[{"id": made["id"]}])
    assert [image["file"] for image in rig.bench.engine.job(video["id"]).request["images"]] == [made["id"]]
    rig.error(rig.client.get("/v1/videos/characters/file_0"), 404)


def test_a_body_beyond_the_bound_is_a_413(limited: Any, picture: bytes) -> None:
    rig = limited(max_body_bytes=1000)
    rig.error(rig.client.post("/v1/files", files={"file": ("a.png", picture + b"\0" * 2000)}), 413)
    rig.error(rig.client.post("/v1/videos", content=iter([b" " * 600] * 3), headers={"content-type": "application/json"}), 413)


@pytest.mark.parametrize("announced", [True, False])
def test_json_beyond_its_own_bound_is_a_413_that_says_what_to_send_instead(limited: Any, announced: bool) -> None:
    rig = limited(max_json_bytes=1000)
    whole = json.dumps(SMALL | {"prompt": "x" * 2000}).encode()
    content = whole if announced else iter([whole[:900], whole[900:]])
    response = rig.client.post("/v1/videos", content=content, headers={"content-type": "application/json"})
    error = rig.error(response, 413)
    assert "1000 bytes" in error["message"] and "multipart/form-data" in error["message"]
    assert rig.create()["status"] == "queued"

"""Row 9: a file that arrives in parts over a real connection, which is cut at a byte that chance picks, again and again, from two sides."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from databases import free_port
from misora.media.encode import write_video
from misora.studio.serving import Address, build_server
from soak.ground import Ground
from studios import Rig, make_rig

BOUNDARY = "misora-soak"
PARTS = 4


@contextmanager
def served(rig: Rig) -> Iterator[Address]:
    """The studio of ``rig`` on a loopback port."""
    address = Address(port=free_port())
    server = build_server(rig.app, address)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join()


def part_request(upload: str, data: bytes) -> bytes:
    """The whole request that sends a part."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="data"; filename="part"\r\n\r\n'.encode()
    body = head + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    lines = (
        f"POST /v1/uploads/{upload}/parts HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def send_cut(address: Address, request: bytes, cut: int, *, half_open: bool) -> socket.socket | None:
    """Sends the first ``cut`` bytes and hangs up, or says nothing more and keeps the connection."""
    connection = socket.create_connection((address.host, address.port))
    connection.sendall(request[:cut])
    if half_open:
        return connection
    connection.close()
    return None


def send_whole(address: Address, request: bytes) -> dict[str, Any]:
    """The answer to a request that arrives."""
    with socket.create_connection((address.host, address.port)) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def cut_an_upload(seed: int, ground: Ground) -> None:
    """Every part is cut once before it arrives; a second writer sends the same parts; what is put together is the file."""
    rng = random.Random(seed)
    with ground.place() as place:
        write_video(place / "clip.mp4", rng_frames(seed), 8)
        clip = (place / "clip.mp4").read_bytes()
        rig = make_rig(place)
        begun = {"bytes": 2 * len(clip), "filename": "clip.mp4", "mime_type": "video/mp4"}
        upload = rig.ok(rig.client.post("/v1/uploads", json=begun))["id"]
        size = -(-len(clip) // PARTS)
        pieces = [clip[start : start + size] for start in range(0, len(clip), size)]
        left_open: list[socket.socket] = []
        with served(rig) as address:
            for piece in pieces:
                request = part_request(upload, piece)
                open_end = send_cut(address, request, rng.randrange(1, len(request)), half_open=rng.random() < 0.5)
                left_open += [open_end] if open_end else []
                senders = [threading.Thread(target=send_whole, args=(address, request)) for _ in range(2)]
                for sender in senders:
                    sender.start()
                for sender in senders:
                    sender.join()
            parts = rig.get(f"/v1/uploads/{upload}")["parts"]
            for connection in left_open:
                connection.close()
        by_digest = {part["sha256"]: part["id"] for part in parts}
        assert len(parts) == 2 * len(pieces) and set(by_digest) == {hashlib.sha256(piece).hexdigest() for piece in pieces}
        check_completion(rig, upload, [by_digest[hashlib.sha256(piece).hexdigest()] for piece in pieces], clip)


def check_completion(rig: Rig, upload: str, part_ids: list[str], clip: bytes) -> None:
    """More than was wanted arrived, so the whole is begun again with its true length; only then is it a file."""
    refused = rig.client.post(f"/v1/uploads/{upload}/complete", json={"part_ids": part_ids})
    assert refused.status_code == 400 and rig.get("/v1/files")["data"] == []
    rig.ok(rig.client.post(f"/v1/uploads/{upload}/cancel"))
    begun = {"bytes": len(clip), "filename": "clip.mp4", "mime_type": "video/mp4"}
    again = rig.ok(rig.client.post("/v1/uploads", json=begun))["id"]
    sent = rig.ok(rig.client.post(f"/v1/uploads/{again}/parts", files={"data": ("part", clip)}))["id"]
    file = rig.ok(rig.client.post(f"/v1/uploads/{again}/complete", json={"part_ids": [sent]}))["file"]["id"]
    assert rig.client.get(f"/v1/files/{file}/content").content == clip
    rig.bench.clock.pass_seconds(2 * 3600)
    rig.bench.engine.collect_garbage()
    assert rig.bench.findings() == []
    rig.client.close()
    rig.bench.engine.database.close()


def rng_frames(seed: int) -> Any:
    return np.random.default_rng(seed).integers(0, 255, (4, 64, 64, 3), np.uint8)

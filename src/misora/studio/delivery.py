"""A file to a client: whole or one range of it, with a tag by which nothing is sent twice.

One range is honoured; several are answered with the whole, which the protocol allows and which no request can make expensive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from misora.store.records import Asset

RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
GUARD = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}
Read = Callable[[Asset, int, int], Iterator[bytes]]
"""The bytes ``[start, stop)`` of a file, checked; ``engine.service.Engine.read_asset``."""
SUFFIXES = {"video/mp4": ".mp4", "video/webm": ".webm", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}


class NoSuchRange(Exception):
    """The range begins behind the end of the file."""


def deliver(request: Request, asset: Asset, read: Read, *, name: str, attachment: bool = False) -> Response:
    """The answer to a GET or HEAD of ``asset``; what ``read`` raises for its first piece is raised here, before anything is sent.

    Args:
        name: Its file name without suffix: an id, never what a user typed.
        attachment: Whether a browser should keep it instead of showing it.
    """
    tag = f'"{asset.digest}"'
    headers = GUARD | {
        "ETag": tag,
        "Content-Disposition": f'{"attachment" if attachment else "inline"}; filename="{name}{SUFFIXES.get(asset.media_type, "")}"',
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        span = wanted(request.headers.get("range", ""), request.headers.get("if-range", tag), tag, asset.num_bytes)
    except NoSuchRange:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{asset.num_bytes}"})
    start, stop = span or (0, asset.num_bytes)
    headers |= {"Content-Length": str(stop - start)}
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{asset.num_bytes}"
    status = 200 if span is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=asset.media_type)
    pieces = read(asset, start, stop)
    return StreamingResponse(chain([next(pieces, b"")], pieces), status, headers, media_type=asset.media_type)


def wanted(text: str, condition: str, tag: str, size: int) -> tuple[int, int] | None:
    """``[start, stop)`` of the one range that ``text`` asks for; None is the whole. Raises NoSuchRange."""
    found = RANGE.fullmatch(text.replace(" ", "")) if condition == tag else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        if length == 0:
            raise NoSuchRange
        return size - length, size
    start, stop = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    if found[2] and int(found[2]) < start:
        return None
    if start >= size:
        raise NoSuchRange
    return start, stop

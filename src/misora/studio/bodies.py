"""What a client sent, as one object: JSON, or a form with bracket names, which the official clients use by turns.

Text fields of a form stay text; the schemas turn ``"8"`` into 8. Files wait in spooled temporary files that end with the request.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from misora.base.errors import InputError
from misora.studio.brackets import to_tree
from misora.studio.errors import TooLarge, WrongMedia

MAX_FORM_FIELDS, MAX_FORM_FILES = 1000, 40
MAX_FIELD_BYTES = 28 << 20
"""A field may be a data URL of 20 MiB, which base64 makes a third larger; the whole body has its own bound."""
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


async def read_body(request: Request) -> dict[str, Any]:
    """The object of a request; an absent body is an empty one.

    Raises:
        InputError: It is not JSON, not an object, or not a form.
        WrongMedia: It is of another type.
        TooLarge: JSON that is longer than this server reads at once.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in FORMS:
        return await read_form(request)
    if kind in ("", "application/json") or kind.endswith("+json"):
        return to_object(await read_json(request, request.app.state.studio.options.max_json_bytes))
    raise WrongMedia(f"content-type {kind[:80]!r} is not read here; send application/json or multipart/form-data")


async def read_json(request: Request, most: int) -> bytes:
    """The bytes of a JSON body, at most ``most`` of them; what is longer is not taken in, whatever its head announced."""
    content = bytearray()
    try:
        async for part in request.stream():
            content += part
            if len(content) > most:
                raise TooLarge(f"a JSON body may have {most} bytes; send pictures as multipart/form-data, or as a file to /v1/files first")
    except ClientDisconnect as error:
        raise InputError("the body ended before it was whole; send it again") from error
    return bytes(content)


async def read_form(request: Request) -> dict[str, Any]:
    """A form; the caller's request closes its files."""
    try:
        form = await request.form(max_files=MAX_FORM_FILES, max_fields=MAX_FORM_FIELDS, max_part_size=MAX_FIELD_BYTES)
    except (MultiPartException, HTTPException, UnicodeDecodeError) as error:
        reason = getattr(error, "message", None) or getattr(error, "detail", None) or "it is not UTF-8"
        raise InputError(f"the form cannot be read: {str(reason)[:200].rstrip('.').lower()}") from error
    except ClientDisconnect as error:
        raise InputError("the form ended before it was whole; send it again") from error
    return to_tree((name, value) for name, value in form.multi_items() if not is_absent(value))


def is_absent(value: str | UploadFile) -> bool:
    """A browser sends a file field that was left alone as a file without name and content."""
    return isinstance(value, UploadFile) and not value.filename and not value.size


def to_object(content: bytes) -> dict[str, Any]:
    """JSON bytes as an object, its nulls dropped; numbers that JSON does not have (NaN) are refused."""
    if not content.strip():
        return {}
    try:
        data = json.loads(content, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the body is not JSON: {str(error)[:200]}") from error
    if not isinstance(data, dict):
        raise InputError("the body is JSON but not an object; send {...}")
    return {name: value for name, value in data.items() if value is not None}


def refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")

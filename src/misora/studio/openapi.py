"""Bodies in the OpenAPI document: one schema under both content types, with an example; and the body itself as a dependency."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from misora.studio.bodies import read_body

ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
STATUSES = {
    "400": "Something in the request can be mended; `param` names it.",
    "401": "No key, or one that opens nothing here.",
    "404": "No such thing, or it is somebody else's.",
    "408": "The body came too slowly.",
    "409": "It contradicts what is there, or the video is not ready.",
    "413": "The body is too large.",
    "415": "The body is of a type that is not read.",
    "429": "The plan allows no more now; `Retry-After` says when.",
    "503": "Something that is needed does not answer; `Retry-After` says when to try again.",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": said, "content": {"application/json": {"schema": ERROR_SCHEMA}}} for status, said in STATUSES.items()
}


async def sent_body(request: Request) -> AsyncIterator[dict[str, Any]]:
    """What the client sent; its files are closed when the answer has gone."""
    try:
        yield await read_body(request)
    finally:
        await request.close()


Sent = Annotated[dict[str, Any], Depends(sent_body)]


_unwritten: list[tuple[dict[str, Any], type[BaseModel], dict[str, Any], bool]] = []
"""Routes' extras whose schemas are written when the document is first asked for; that takes longer than all else of a route."""


def sends(kind: type[BaseModel], example: dict[str, Any], *, form_only: bool = False) -> dict[str, Any]:
    """For the ``openapi_extra`` of a route that takes ``kind`` as JSON and as a form."""
    extra: dict[str, Any] = {}
    _unwritten.append((extra, kind, example, form_only))
    return extra


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document."""
    while _unwritten:
        extra, kind, example, form_only = _unwritten.pop()
        extra["requestBody"] = body_of(kind, example, form_only)
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
    return app.openapi_schema


def body_of(kind: type[BaseModel], example: dict[str, Any], form_only: bool) -> dict[str, Any]:
    """The ``requestBody`` of a route."""
    schema = inlined(kind.model_json_schema())
    content = {"multipart/form-data": {"schema": schema}}
    if not form_only:
        content = {"application/json": {"schema": schema, "example": example}, **content}
    return {"required": True, "content": content}


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with its own definitions in place of references, for the document keeps those elsewhere."""
    definitions = schema.pop("$defs", {})

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return walk(definitions[node["$ref"].rpartition("/")[2]])
            return {key: walk(value) for key, value in node.items()}
        return [walk(item) for item in node] if isinstance(node, list) else node

    inner: dict[str, Any] = walk(schema)
    return inner

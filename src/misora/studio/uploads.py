"""``/v1/uploads``: a file that arrives in parts, each kept when its answer is sent, so that a lost connection costs one part."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile

from misora.base.errors import InputError, QuotaError
from misora.engine.submission import take_account
from misora.media.inspection import MAX_BYTES
from misora.store import uploads as rows
from misora.store.records import Account, Asset, Upload
from misora.studio.answers import PartObject, UploadObject
from misora.studio.doors import Files, Here
from misora.studio.errors import NotFound
from misora.studio.intake import Intake, plain_name
from misora.studio.openapi import Sent, sends
from misora.studio.presenting import to_file
from misora.studio.schemas import CompletionBody, PartBody, UploadBody, parse
from misora.studio.service import Studio

router = APIRouter(prefix="/v1/uploads", tags=["files"])

DAY_SECONDS = 86_400.0
MAX_PART_BYTES = 64 << 20
MAX_PENDING = 8
"""Uploads of an account that may wait for parts at the same time."""
EXAMPLE = {"bytes": 150_000_000, "filename": "dog.mp4", "mime_type": "video/mp4", "purpose": "user_data"}


@router.post("", openapi_extra=sends(UploadBody, EXAMPLE))
def create_upload(studio: Here, account: Files, sent: Sent) -> UploadObject:
    """Begins an upload; it has a day for its parts."""
    body = parse(UploadBody, sent)
    if body.bytes > MAX_BYTES:
        raise InputError(f"bytes={body.bytes} is more than {MAX_BYTES}, the largest file that is kept", field="bytes")
    now = studio.clock()
    with studio.engine.database.transaction() as tx:
        take_account(tx, account.id)
        rows.expire_uploads(tx, at=now)
        if rows.count_pending(tx, account.id) >= MAX_PENDING:
            raise QuotaError(f"{MAX_PENDING} uploads wait for their parts; complete or cancel one of them", code="too_many_uploads")
        name = plain_name(body.filename)
        upload = rows.add_upload(tx, account.id, name=name, num_bytes=body.bytes, at=now, expires_at=now + DAY_SECONDS)
    return shown(upload)


@router.get("/{upload_id}")
def retrieve_upload(studio: Here, account: Files, upload_id: str) -> UploadObject:
    """An upload with the parts that are here: where to go on after a lost connection."""
    upload = upload_of(studio, account, upload_id)
    with studio.engine.database.reading() as tx:
        parts = rows.parts_of(tx, upload)
    return {**shown(upload), "parts": [{"id": part.id, "bytes": part.num_bytes, "sha256": part.digest} for part in parts]}


@router.post("/{upload_id}/parts", openapi_extra=sends(PartBody, {}, form_only=True))
def add_part(studio: Here, account: Files, upload_id: str, sent: Sent) -> PartObject:
    """Keeps a part; parts may come in any order."""
    upload = pending(upload_of(studio, account, upload_id))
    data = parse(PartBody, sent).data
    with tempfile.TemporaryDirectory(prefix="misora-upload-") as scratch:
        path = Path(scratch) / "part"
        write_part(data, path)
        blob = studio.engine.vault.put(path)
    with studio.engine.database.transaction() as tx:
        part = rows.keep_part(tx, studio.engine.vault, upload, blob, at=studio.clock())
    return {"id": part.id, "object": "upload.part", "created_at": int(part.created_at), "upload_id": upload.id}


@router.post("/{upload_id}/complete", openapi_extra=sends(CompletionBody, {"part_ids": ["file_0193c5"]}))
def complete_upload(studio: Here, account: Files, upload_id: str, sent: Sent) -> UploadObject:
    """Joins the parts and looks at the file; one that cannot be read leaves the upload as it was."""
    upload = pending(upload_of(studio, account, upload_id))
    body = parse(CompletionBody, sent)
    with studio.engine.database.reading() as tx:
        parts = ordered(rows.parts_of(tx, upload), body.part_ids)
    with tempfile.TemporaryDirectory(prefix="misora-upload-") as scratch:
        path = Path(scratch) / "upload"
        join((studio.engine.vault.fetch(part.digest) for part in parts), path)
        check_whole(path, upload, body.md5)
        asset = Intake(studio, account).store(path, upload.name, "file")
    with studio.engine.database.transaction() as tx:
        done = rows.end_upload(tx, upload, "completed", at=studio.clock(), asset_id=asset.id)
    return {**shown(done), "file": to_file(asset)}


@router.post("/{upload_id}/cancel")
def cancel_upload(studio: Here, account: Files, upload_id: str) -> UploadObject:
    """Forgets the parts."""
    upload = upload_of(studio, account, upload_id)
    with studio.engine.database.transaction() as tx:
        return shown(rows.end_upload(tx, upload, "cancelled", at=studio.clock()))


def upload_of(studio: Studio, account: Account, upload_id: str) -> Upload:
    """An upload of the account; raises NotFound."""
    with studio.engine.database.reading() as tx:
        found = rows.find_upload(tx, upload_id, account.id)
    if found is None:
        raise NotFound(f"there is no upload {upload_id[:80]!r}")
    return found


def pending(upload: Upload) -> Upload:
    """``upload`` if it takes parts; raises InputError when it has ended."""
    if upload.state != "pending":
        raise InputError(f"{upload.id} is {upload.state}; begin another upload", field="upload_id")
    return upload


def write_part(data: Any, path: Path) -> None:
    """The bytes of a part, whether they came as a file or as a field."""
    if not isinstance(data, UploadFile):
        raise InputError("data must be the part's bytes, as a file of the form", field="data")
    if (data.size or 0) > MAX_PART_BYTES:
        raise InputError(f"data has {data.size} bytes; a part has at most {MAX_PART_BYTES}", field="data")
    data.file.seek(0)
    with path.open("wb") as file:
        shutil.copyfileobj(data.file, file)


def ordered(parts: Iterable[Asset], part_ids: list[str]) -> list[Asset]:
    """The parts as they are named; raises InputError for one that is not of this upload, named twice or left out."""
    known = {part.id: part for part in parts}
    for number, part_id in enumerate(part_ids):
        if part_id not in known or part_id in part_ids[:number]:
            raise InputError(f"part_ids.{number}={part_id[:80]!r} is no part of this upload, or is named twice", field=f"part_ids.{number}")
    return [known[part_id] for part_id in part_ids]


def join(parts: Iterable[Path], path: Path) -> None:
    """One file of all parts."""
    with path.open("wb") as whole:
        for part in parts:
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, whole)


def check_whole(path: Path, upload: Upload, md5: str | None) -> None:
    """Raises InputError unless the file is as long as was announced and has the digest that the client says."""
    size = path.stat().st_size
    if size != upload.num_bytes:
        raise InputError(f"part_ids: these parts hold {size} bytes, and {upload.num_bytes} were announced", field="part_ids")
    if md5 is not None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != md5.lower():
            raise InputError(f"md5={md5!r}, and the parts that are here give {found!r}; send them again", field="md5")


def shown(upload: Upload) -> UploadObject:
    """An upload as the official client knows it."""
    return {
        "id": upload.id,
        "object": "upload",
        "bytes": upload.num_bytes,
        "filename": upload.name,
        "purpose": "user_data",
        "status": upload.state,  # type: ignore[typeddict-item]
        "created_at": int(upload.created_at),
        "expires_at": int(upload.expires_at),
        "file": None,
    }

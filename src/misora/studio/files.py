"""``/v1/files``: uploads of the account, to be named in later requests; and ``/v1/videos/characters``, pictures that are reused by name."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from misora.store.assets import delete_assets, find_asset, list_assets
from misora.store.records import Account, Asset
from misora.studio.answers import CharacterObject, Deleted, FileObject, FilePage
from misora.studio.delivery import deliver
from misora.studio.doors import Files, Here, Videos
from misora.studio.errors import NotFound
from misora.studio.intake import Intake, plain_name
from misora.studio.openapi import Sent, sends
from misora.studio.presenting import to_character, to_file, to_page
from misora.studio.schemas import CharacterBody, FileBody, parse
from misora.studio.service import Studio

router = APIRouter(prefix="/v1/files", tags=["files"])
characters = APIRouter(prefix="/v1/videos/characters", tags=["characters"])


@router.post("", openapi_extra=sends(FileBody, {}, form_only=True))
def create_file(studio: Here, account: Files, sent: Sent) -> FileObject:
    """Keeps a picture or clip; the same bytes under the same name are kept once."""
    body = parse(FileBody, sent)
    return to_file(Intake(studio, account).take(body.file, "file"))


@router.get("")
def list_files(
    studio: Here,
    account: Files,
    after: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    order: Literal["asc", "desc"] = "desc",
    purpose: Annotated[str | None, Query(max_length=40)] = None,
) -> FilePage:
    """The account's uploads, newest first unless `order=asc`; `purpose` is taken for the client's sake and changes nothing."""
    with studio.engine.database.reading() as tx:
        found = list_assets(tx, account.id, role="input", limit=limit + 1, after=after, newest_first=order == "desc")
    page: FilePage = to_page([to_file(asset) for asset in found[:limit]], has_more=len(found) > limit)
    return page


@router.get("/{file_id}")
def retrieve_file(studio: Here, account: Files, file_id: str) -> FileObject:
    """An upload."""
    return to_file(upload_of(studio, account, file_id))


@router.delete("/{file_id}")
def delete_file(studio: Here, account: Files, file_id: str) -> Deleted:
    """Forgets an upload; videos that were made from it stay."""
    upload = upload_of(studio, account, file_id)
    with studio.engine.database.transaction() as tx:
        delete_assets(tx, at=studio.clock(), asset_id=upload.id)
    return {"id": file_id, "object": "file", "deleted": True}


@router.head("/{file_id}/content", include_in_schema=False)
@router.get("/{file_id}/content", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
def download_file(studio: Here, account: Files, file_id: str, request: Request) -> Response:
    """The bytes of an upload, to be kept, not shown."""
    upload = upload_of(studio, account, file_id)
    return deliver(request, upload, studio.engine.read_asset, name=upload.id, attachment=True)


@characters.post("", openapi_extra=sends(CharacterBody, {"name": "Momo", "video": {"id": "video_0193c5"}}))
def create_character(studio: Here, account: Videos, sent: Sent) -> CharacterObject:
    """Cuts a character from a clip: its first picture, which videos made with `characters` begin near."""
    body = parse(CharacterBody, sent)
    return to_character(cut(Intake(studio, account), body))


@characters.get("/{character_id}")
def get_character(studio: Here, account: Videos, character_id: str) -> CharacterObject:
    """A character."""
    with studio.engine.database.reading() as tx:
        found = find_asset(tx, character_id, account.id)
    if found is None or found.role != "character":
        raise NotFound(f"there is no character {character_id[:80]!r}")
    return to_character(found)


def cut(intake: Intake, body: CharacterBody) -> Asset:
    """The first picture of a clip under the character's name; a clip that is here already is read from the vault."""
    name = plain_name(body.name)[:80]
    asset = intake.take(body.video, "video", role="character", name=name, first_picture=True)
    return asset if asset.role == "character" else intake.copied(asset, name, "video", role="character")


def upload_of(studio: Studio, account: Account, file_id: str) -> Asset:
    """An upload of the account; raises NotFound for anything else, results included, which have routes of their own."""
    with studio.engine.database.reading() as tx:
        found = find_asset(tx, file_id, account.id)
    if found is None or found.role != "input":
        raise NotFound(f"there is no file {file_id[:80]!r}")
    return found

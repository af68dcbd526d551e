"""``/v1/videos/verify``: what a file tells of where it comes from, and what that is worth. The file is looked at and forgotten.

Two things can be found. Bytes that this install published are known by their digest, which nobody can forge. A recipe inside the file is
text, which anybody can copy from one file into another; so it is called a claim, whatever it says.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile

from misora.base.errors import InputError
from misora.base.recipe import Recipe
from misora.media.inspection import Found, inspect, media_type_of
from misora.store.assets import find_published
from misora.store.records import Asset
from misora.store.vault import digest_of
from misora.studio.answers import Origin, RecipeObject, Verification
from misora.studio.bodies import to_object
from misora.studio.doors import Here, Videos
from misora.studio.errors import WrongMedia
from misora.studio.intake import plain_name
from misora.studio.openapi import Sent, sends
from misora.studio.schemas import VerifyBody, parse

router = APIRouter(prefix="/v1/videos", tags=["videos"])

PROVES: dict[Origin, list[str]] = {
    "made_here": ["these very bytes were judged, signed and published by this install"],
    "claims_misora": [
        "the file carries a recipe of Misora; `misora replay` makes the recipe's frames again, to be compared by eye or digest"
    ],
    "unknown": [],
}
CANNOT_PROVE: dict[Origin, list[str]] = {
    "made_here": ["what the pictures and clips that went in show, or whose they are"],
    "claims_misora": [
        "that the recipe belongs to these frames: it is text, and can be copied into any file or written by hand",
        "that this install made it: the bytes are not those of a file that was published here, or were changed since",
    ],
    "unknown": ["that Misora did not make it: sites that encode anew drop the recipe, and there is no mark in the pixels"],
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was looked at."""

    digest: str
    media_type: str
    found: Found


@router.post("/verify", openapi_extra=sends(VerifyBody, {}, form_only=True))
def verify_video(studio: Here, account: Videos, sent: Sent) -> Verification:
    """Says what a picture or clip tells of its origin, what that proves and what it does not. The file is not kept."""
    seen = look_at(parse(VerifyBody, sent).file)
    with studio.engine.database.reading() as tx:
        published = find_published(tx, seen.digest, account.id)
    recipe = recipe_in(seen.found.comment)
    origin: Origin = "made_here" if published else "claims_misora" if recipe else "unknown"
    return {
        "object": "verification",
        "created_at": int(studio.clock()),
        "sha256": seen.digest,
        "media_type": seen.media_type,
        "width": seen.found.width,
        "height": seen.found.height,
        "num_frames": seen.found.num_frames,
        "origin": origin,
        "video": video_of(published, account.id),
        "recipe": recipe,
        "proves": PROVES[origin],
        "cannot_prove": CANNOT_PROVE[origin],
    }


def look_at(file: Any) -> Seen:
    """Digest and contents of an uploaded file; raises InputError or WrongMedia."""
    if not isinstance(file, UploadFile):
        raise InputError("file must be a picture or clip, as a file of the form", field="file")
    with tempfile.TemporaryDirectory(prefix="misora-upload-") as scratch:
        path = Path(scratch) / "upload"
        file.file.seek(0)
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy)
        with path.open("rb") as copy:
            media_type = media_type_of(copy.read(16))
        if media_type is None:
            raise WrongMedia(
                f"file: {plain_name(file.filename)} is not a picture or clip that is read here: PNG, JPEG, WebP, GIF, MP4, WebM"
            )
        return Seen(digest_of(path), media_type, inspect(path, plain_name(file.filename)))


def recipe_in(comment: str) -> RecipeObject | None:
    """The recipe that a file's comment holds; None when there is none, or one that no answer can carry (infinities, half characters)."""
    try:
        recipe = Recipe.from_dict(to_object(comment.encode()))
        text = json.dumps(recipe.to_dict(), ensure_ascii=False, allow_nan=False).encode()
    except (InputError, ValueError, TypeError):
        return None
    plain: RecipeObject = json.loads(text)
    return plain


def video_of(published: Asset | None, account_id: str) -> str | None:
    """The id of the video whose file it is; those of others are not told."""
    return published.job_id if published is not None and published.account_id == account_id else None

"""A picture or clip as a client gives it, to a file of the account: uploaded, by URL, by data URL, or one that is here already.

Pictures are written anew, so that nothing of the upload but its pixels is kept. Equal bytes of an account become one file, which makes a
repeated request the same request.
"""

from __future__ import annotations

import base64
import binascii
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.datastructures import UploadFile

from misora.base.errors import InputError
from misora.engine.service import JobNotFound
from misora.media.inspection import MAX_BYTES, inspect, media_type_of
from misora.store.assets import NewAsset, add_asset, find_asset, find_equal_asset
from misora.store.records import Account, Asset
from misora.store.uploads import PART
from misora.studio.errors import NotFound, NotReady, WrongMedia
from misora.studio.service import Studio

MAX_URL_BYTES = 20 << 20
KEYS = ("id", "file_id", "image_url", "video_url")
STILLS = ("image/png", "image/jpeg", "image/webp")


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes files for one account."""

    studio: Studio
    account: Account

    def take(self, given: Any, param: str, *, role: str = "input", name: str | None = None, first_picture: bool = False) -> Asset:
        """The file that ``given`` means.

        Args:
            given: An uploaded file, an id, or an object with one of ``KEYS``.
            name: What to call it instead of its own name.
            first_picture: Keep only the first picture of a clip.
        Raises:
            InputError: It is none of these, or cannot be read.
            NotFound: It names nothing of the account.
            NotReady: It is a video that is not finished.
            WrongMedia: Its bytes are of no kind that is read.
        """
        key, value = reference(given, param)
        if key == "upload":
            return self._store_upload(value, param, role, name, first_picture)
        if key in ("image_url", "video_url"):
            return self._store_url(value, param, role, name, first_picture)
        return self.known(value, param)

    def known(self, file_id: str, param: str) -> Asset:
        """A file of the account by its own id, or by the id of the video that it is the result of."""
        if file_id.startswith("video_"):
            return self.result(file_id, param)
        with self.studio.engine.database.reading() as tx:
            found = find_asset(tx, file_id, self.account.id)
        if found is None or found.role == PART:
            raise NotFound(f"{param}={file_id[:80]!r} is no video or file of yours; upload it first", field=param)
        return found

    def result(self, video_id: str, param: str | None = None) -> Asset:
        """The finished video or still of a job; raises NotFound or NotReady."""
        try:
            job = self.studio.engine.job(video_id, self.account.id)
        except JobNotFound as error:
            raise NotFound(f"{param or 'video'}={video_id[:80]!r} is no video of yours", field=param) from error
        outputs = self.studio.engine.outputs(video_id, self.account.id)
        found = outputs.get("video") or outputs.get("image")
        if found is None:
            raise NotReady(f"{video_id} is {job.state}, not completed, so there is nothing to begin from")
        return found

    def copied(self, asset: Asset, name: str, param: str, *, role: str) -> Asset:
        """The first picture of a file that is here, as a file of its own."""
        with tempfile.TemporaryDirectory(prefix="misora-upload-") as scratch:
            path = Path(scratch) / "upload"
            shutil.copyfile(self.studio.engine.open_asset(asset), path)
            return self.store(path, name, param, role=role, first_picture=True)

    def _store_upload(self, upload: UploadFile, param: str, role: str, name: str | None, first_picture: bool) -> Asset:
        with tempfile.TemporaryDirectory(prefix="misora-upload-") as scratch:
            path = Path(scratch) / "upload"
            with path.open("wb") as file:
                upload.file.seek(0)
                shutil.copyfileobj(upload.file, file)
            return self.store(path, name or plain_name(upload.filename), param, role=role, first_picture=first_picture)

    def _store_url(self, url: str, param: str, role: str, name: str | None, first_picture: bool) -> Asset:
        with tempfile.TemporaryDirectory(prefix="misora-upload-") as scratch:
            path = Path(scratch) / "upload"
            if url.startswith("data:"):
                path.write_bytes(data_of(url, param))
            else:
                with path.open("wb") as file:
                    self.studio.egress.fetch(url, file, max_bytes=MAX_URL_BYTES, param=param)
            return self.store(path, name or "from a URL", param, role=role, first_picture=first_picture)

    def store(self, path: Path, name: str, param: str, *, role: str = "input", first_picture: bool = False) -> Asset:
        """Looks at a local file in a process of its own and keeps it; ``path`` lies in a folder that will be removed."""
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{param}: {name} is larger than {MAX_BYTES >> 20} MiB; send a shorter or smaller one", field=param)
        with path.open("rb") as file:
            media_type = media_type_of(file.read(16))
        if media_type is None:
            raise WrongMedia(f"{param}: {name} is not a picture or clip that is read here: PNG, JPEG, WebP, GIF, MP4, MOV, WebM")
        rewritten = path.with_name("picture.png") if first_picture or media_type in STILLS else None
        found = inspect(path, name, picture=rewritten)
        is_still = rewritten is not None and (first_picture or found.kind == "image")
        kept, media_type = (rewritten, "image/png") if rewritten is not None and is_still else (path, media_type)
        blob = self.studio.engine.vault.put(kept)
        new = NewAsset(
            role=role, blob=blob, media_type=media_type, name=name, width=found.width, height=found.height,
            num_frames=1 if is_still else found.num_frames, fps=None if is_still else found.fps or None,
        )  # fmt: skip
        with self.studio.engine.database.transaction() as tx:
            same = find_equal_asset(tx, self.account.id, blob.digest, role, name)
            return same or add_asset(tx, self.studio.engine.vault, new, account_id=self.account.id, job_id=None, at=self.studio.clock())


def reference(given: Any, param: str) -> tuple[str, Any]:
    """Which of the forms ``given`` has, and what it says."""
    if isinstance(given, UploadFile):
        return "upload", given
    if isinstance(given, str) and given:
        return ("image_url" if given.startswith(("data:", "http://", "https://")) else "id"), given
    if isinstance(given, Mapping) and len(given) == 1:
        [(key, value)] = given.items()
        if key in KEYS and isinstance(value, str) and value:
            return key, value
    raise InputError(f"{param} must be a file, or an object with one of {', '.join(KEYS)} as text", field=param)


def data_of(url: str, param: str) -> bytes:
    """The bytes of a data URL."""
    head, comma, body = url.partition(",")
    if not comma:
        raise InputError(f"{param} is a data URL without a comma; write data:image/png;base64,...", field=param)
    if len(body) > MAX_URL_BYTES * 4 // 3 + 4:
        raise InputError(f"{param} holds more than {MAX_URL_BYTES >> 20} MiB, the most that a data URL may", field=param)
    try:
        return base64.b64decode(body, validate=True) if head.endswith(";base64") else unquote_to_bytes(body)
    except binascii.Error as error:
        raise InputError(f"{param} is a data URL whose base64 is damaged: {error}", field=param) from error


def plain_name(name: str | None) -> str:
    """A file name for people to read: the last part of a path, without control characters, at most 120 of them. Never used as a path."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[:120].strip() or "upload"

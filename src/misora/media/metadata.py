"""The few words that travel inside a file: title, comment (where recipes go) and friends, the same keys in every format.

MP4 and PNG have a place for each key. WebP and JPEG hold them all as JSON in one XMP element, GIF as JSON in its comment.
Only ``KEYS`` are ever read, so a stranger's GPS position never enters.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping

from PIL import Image, PngImagePlugin

from misora.base.errors import InputError

KEYS = ("title", "comment", "description", "artist", "copyright", "date")

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:misora="urn:misora:1"><misora:metadata>{}</misora:metadata>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)
_XMP_ELEMENT = re.compile(rb"<misora:metadata>(.*?)</misora:metadata>", re.DOTALL)


def check_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """``metadata`` without empty values; raises InputError for keys or characters that no file can keep."""
    kept = {key: value for key, value in (metadata or {}).items() if value}
    for key, value in kept.items():
        if key not in KEYS:
            raise InputError(f"metadata key {key!r} has no place in a file; choose from {', '.join(KEYS)}", field="metadata")
        if not _is_storable(value):
            raise InputError(f"metadata {key!r} holds a NUL or half a surrogate pair; remove it", field=f"metadata.{key}")
    return kept


def known_metadata(tags: Mapping[str, object]) -> dict[str, str]:
    """Those of a file's own tags that are in ``KEYS``; Matroska writes them in capitals."""
    lowered = {key.lower(): value for key, value in tags.items()}
    return {key: value for key in KEYS if isinstance(value := lowered.get(key), str) and value}


def to_png_text(metadata: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    """PNG international text chunks under the standard's capitalised keywords."""
    info = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        info.add_itxt(key.capitalize(), value)
    return info


def to_xmp(metadata: Mapping[str, str]) -> bytes:
    """An XMP packet for WebP and JPEG."""
    return _XMP.format(html.escape(to_json(metadata), quote=False)).encode()


def to_json(metadata: Mapping[str, str]) -> str:
    return json.dumps(dict(metadata), ensure_ascii=False)


def image_metadata(image: Image.Image) -> dict[str, str]:
    """What ``stills`` and ``animation`` wrote into ``image``; a foreign GIF's or JPEG's comment is the comment."""
    if isinstance(image, PngImagePlugin.PngImageFile):
        return known_metadata(image.text)
    element = _XMP_ELEMENT.search(image.info.get("xmp") or b"")
    if element:
        return _from_json(html.unescape(element[1].decode("utf-8", "replace")))
    comment = image.info.get("comment", b"")
    return _from_json(comment.decode("utf-8", "replace") if isinstance(comment, bytes) else str(comment))


def _from_json(text: str) -> dict[str, str]:
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError):
        stored = None
    return known_metadata(stored if isinstance(stored, dict) else {"comment": text})


def _is_storable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False

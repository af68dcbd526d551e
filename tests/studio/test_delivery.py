"""Files to clients: ranges, tags, and nothing that many ranges could make expensive."""

from __future__ import annotations

import pytest

from misora.studio.delivery import NoSuchRange, wanted
from studios import Rig

TAG = '"abc"'


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("", None),
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=9-0", None),
        ("bytes=-", None),
        ("items=0-9", None),
        ("bytes=0-9,20-29", None),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(10_000)), None),
        ("bytes=0-" + "9" * 30, None),
    ],
)
def test_one_range_is_honoured_and_anything_else_is_the_whole(text: str, span: tuple[int, int] | None) -> None:
    assert wanted(text, TAG, TAG, 100) == span


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=1000-2000", "bytes=-0"])
def test_a_range_behind_the_end_is_none(text: str) -> None:
    with pytest.raises(NoSuchRange):
        wanted(text, TAG, TAG, 100)


def test_a_range_of_another_version_is_the_whole() -> None:
    assert wanted("bytes=0-9", '"older"', TAG, 100) is None


def test_over_http(rig: Rig) -> None:
    path = f"/v1/videos/{rig.made()['id']}/content"
    whole = rig.client.get(path)
    assert whole.headers["accept-ranges"] == "bytes" and whole.content[4:8] == b"ftyp"
    part = rig.client.get(path, headers={"range": "bytes=4-7"})
    assert part.status_code == 206 and part.content == b"ftyp"
    assert part.headers["content-range"] == f"bytes 4-7/{len(whole.content)}"
    assert rig.client.get(path, headers={"if-none-match": whole.headers["etag"]}).status_code == 304
    beyond = rig.client.get(path, headers={"range": "bytes=999999999-"})
    assert beyond.status_code == 416 and beyond.headers["content-range"] == f"bytes */{len(whole.content)}"
    head = rig.client.head(path)
    assert head.content == b"" and head.headers["content-length"] == str(len(whole.content))
